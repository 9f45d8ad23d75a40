"""openapi.yaml says what there is, all of it, and nothing else."""

import json
import pathlib

import openapi_spec_validator
import pytest
import yaml

import harness

FILE = harness.ROOT / "openapi.yaml"
OPENAPI = yaml.safe_load(FILE.read_text())
PATHS = OPENAPI["paths"]
ADMISSION = [path for path, item in PATHS.items() if "servers" in item]
SERVICE = [path for path, item in PATHS.items() if "servers" not in item]
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


def test_it_is_openapi():
    openapi_spec_validator.validate(OPENAPI)


def test_it_is_what_is_served(gate):
    status, headers, body = gate.get("/openapi.yaml")
    assert (status, body) == (200, FILE.read_bytes())
    assert headers["Content-Type"].startswith("application/yaml")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_exactly_the_methods_described_are_there(gate, path, method):
    status, headers, _ = gate.request(method, path, service=path in SERVICE)
    if method.lower() in PATHS[path]:
        assert status not in (404, 405)
    else:
        assert status == 405
        assert headers["Allow"] == ("POST" if "post" in PATHS[path] else "GET, HEAD")


def test_exactly_the_paths_described_are_there(gate):
    """The 404 of each listener names its routes."""
    for service, paths in [(False, ADMISSION), (True, SERVICE)]:
        status, _, body = gate.request("GET", "/nowhere", service=service)
        assert status == 404
        named = json.loads(body)["detail"].rpartition("serves ")[2].split(", ")
        assert sorted(named) == sorted(paths)
    for path in ADMISSION:
        assert gate.request("GET", path)[0] == 404
    for path in SERVICE:
        assert gate.request("GET", path, service=False)[0] == 404


@pytest.mark.parametrize("path", [path for path in SERVICE if "get" in PATHS[path]])
def test_head_is_get_without_a_body(gate, path):
    status, headers, body = gate.request("HEAD", path)
    assert (status, body) == (200, b"")
    assert headers["Content-Type"] == gate.get(path)[1]["Content-Type"]


@pytest.mark.parametrize(
    "accept, expected",
    [
        (None, "application/json"), ("*/*", "application/json"),
        ("text/plain", "text/plain"), ("text/*", "text/plain"),
        ("application/json;q=0.1, text/plain", "text/plain"),
        ("text/plain;q=0, */*", "application/json"),
        ("image/png", None), ("text/plain;q=0", None),
    ])
def test_the_report_comes_as_the_accept_field_says(gate, accept, expected):
    body = (harness.ROOT / "deploy/examples/bad.yaml").read_bytes()
    status, headers, _ = gate.check(body, **({"Accept": accept} if accept else {}))
    if expected:
        assert status == 200 and headers["Content-Type"].startswith(expected)
    elif accept == "image/png":
        assert status == 406 and headers["Content-Type"] == "application/problem+json"


def test_the_format_of_the_query_comes_first(gate):
    body = (harness.ROOT / "deploy/examples/bad.yaml").read_bytes()
    _, headers, _ = gate.check(body, "/v1/check?format=text", Accept="application/json")
    assert headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("query", ["format=nonsense", "fail=perhaps", "namespace=A%20B"])
def test_a_query_that_is_not_understood_is_400(gate, query):
    assert gate.check(b"apiVersion: v1\nkind: Pod\n", f"/v1/check?{query}")[0] == 400


def test_fail_is_for_curl(gate):
    for example, status in [("bad", 422), ("good", 200)]:
        body = (harness.ROOT / f"deploy/examples/{example}.yaml").read_bytes()
        assert gate.check(body, "/v1/check?fail=true")[0] == status
        assert gate.check(body)[0] == 200


def test_the_report_says_where(gate):
    """File, document, line, column, field, rule, message and fix of each violation."""
    bad = (harness.ROOT / "deploy/examples/bad.yaml").read_bytes()
    _, _, body = gate.check(bad)
    violations = json.loads(body)["findings"]
    assert violations
    for violation in violations:
        for key in ["document", "line", "column", "field", "rule", "policy", "message", "fix"]:
            assert violation[key] not in ("", None), violation
        assert 1 <= violation["line"] <= bad.count(b"\n")


@pytest.mark.parametrize("service", [False, True], ids=["admission", "service"])
def test_schemathesis_finds_nothing(gate, service, tmp_path):
    paths = SERVICE if service else ADMISSION
    # The reviewer reads what a policy in force asks for: what it skips may have any type.
    exclusion = [] if service else ["--exclude-checks=negative_data_rejection"]
    done = harness.run(
        "schemathesis", "--config-file", pathlib.Path(__file__).with_name("schemathesis.toml"),
        "run", FILE, "--url", gate.service if service else gate.admission,
        *(word for path in paths for word in ("--include-path", path)),
        "--tls-verify", gate.ca, "--phases=examples,coverage,fuzzing", "--checks=all",
        "--max-examples=50", "--seed=1", "--max-response-time=2", "--warnings=off",
        "--generation-database=none", "--no-color", *exclusion, cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stdout.decode()[-6000:]
