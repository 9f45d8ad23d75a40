"""Every recorded review through the webhook, and the same judgement by whatever way it is asked."""

import gzip
import http.client
import json
import os
import pathlib
import warnings

import pytest
import yaml

import harness

GOLDEN = harness.ROOT / "Tests/Golden/Reviews"


def test_every_scenario_has_a_golden_answer():
    assert harness.review_names(), f"no reviews in {harness.REVIEWS}"
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(harness.review_names())


@pytest.fixture(scope="module")
def denying(all_rules, start, tmp_path_factory):
    """A gate where every rule denies, change-by-automation included."""
    folder = tmp_path_factory.mktemp("denying")
    text = (all_rules / harness.ENFORCING.name).read_text()
    (folder / "policies.yaml").write_text(text.replace("[Warn]", "[Deny]"))
    gate = start(policies=folder)
    yield gate
    gate.stop()


@pytest.mark.parametrize("name", harness.review_names())
def test_scenarios_are_decided_as_written_down(denying, name):
    """AdmissionTests' ScenarioTests write these files and ask the reviewer; this asks the server."""
    _, _, answer = denying.validate(harness.review(name))
    assert json.loads(answer) == json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.mark.parametrize("name", harness.review_names())
def test_an_advisory_gate_denies_nothing(advisory, name):
    response = advisory.decide(harness.review(name))
    assert response["allowed"] is True
    for warning in response.get("warnings", []):
        # Past this the API server may cut it.
        assert len(warning.encode()) <= 256, warning
        assert warning.isprintable(), repr(warning)


@pytest.mark.parametrize("name", harness.review_names())
def test_an_auditing_gate_only_writes_down(auditing, name):
    response = auditing.decide(harness.review(name))
    assert response["allowed"] is True
    assert "warnings" not in response
    for key in response.get("auditAnnotations", {}):
        assert len(key) <= 63 and "/" not in key


@pytest.fixture(scope="module")
def advisory(start):
    gate = start(policies=harness.ROOT / "policies")
    yield gate
    gate.stop()


@pytest.fixture(scope="module")
def auditing(start, all_rules):
    gate = start("--enforcement", "audit", policies=all_rules)
    yield gate
    gate.stop()


# One judgement, three ways


def manifests():
    """The objects of the recorded reviews that a file could hold: created, no mirror pods."""
    for name in harness.review_names():
        request = json.loads(harness.review(name))["request"]
        if request["operation"] != "CREATE" or "subResource" in request:
            continue
        if "kubernetes.io/config.mirror" in request["object"]["metadata"].get("annotations", {}):
            continue
        yield name


ABOUT_ACTS = ["change-by-automation", "no-debug-containers"]
"""Rules of which a manifest tells nothing, and that a CREATE may violate."""


def violations_of(report):
    """Each violation of a JSON report, as (rule, field), sorted."""
    return sorted((found["rule"], found["field"]) for found in report["findings"])


@pytest.mark.parametrize("name", list(manifests()))
def test_webhook_service_and_command_agree(denying, all_rules, name, tmp_path):
    body = harness.review(name)
    request = json.loads(body)["request"]
    manifest = {**request["object"]}
    manifest["metadata"] = {"namespace": request.get("namespace"), **manifest["metadata"]}
    by_webhook = [
        (rule, field) for rule, field in harness.decision_of(denying.decide(body))[1]
        if rule not in ABOUT_ACTS]

    as_json = json.dumps(manifest).encode()
    status, _, answer = denying.check(as_json, content_type="application/json")
    assert status == 200, answer
    assert violations_of(json.loads(answer)) == by_webhook

    as_yaml = yaml.safe_dump(manifest, allow_unicode=True, encoding="utf-8")
    status, _, answer = denying.check(as_yaml)
    assert status == 200, answer
    assert violations_of(json.loads(answer)) == by_webhook

    file = tmp_path / "manifest.yaml"
    file.write_bytes(as_yaml)
    done = harness.command("check", "--policies", all_rules, "--format", "json", file)
    assert done.returncode == (1 if by_webhook else 0), done.stderr
    assert violations_of(json.loads(done.stdout)) == by_webhook


# Everything that public examples bring


def test_the_corpus_is_decided(start, all_rules):
    path = os.environ.get("CORPUS")
    if not path:
        message = "CORPUS names no file: thousands of recorded reviews were NOT tried"
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    assert pathlib.Path(path).is_file(), f"CORPUS names {path}, which is no file"
    gate = start(policies=all_rules)
    connection = http.client.HTTPSConnection(
        "localhost", gate.admission_port, timeout=harness.WAIT, context=gate.tls_context())
    opener = gzip.open if path.endswith(".gz") else open
    decided = 0
    with opener(path, "rb") as lines:
        for line in lines:
            connection.request("POST", "/validate?timeout=5s", line, harness.KUBE_HEADERS)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, (line[:300], body)
            review, decision = json.loads(line), json.loads(body)
            assert decision["apiVersion"] == review["apiVersion"]
            assert decision["kind"] == "AdmissionReview"
            response = decision["response"]
            assert response["uid"] == review["request"]["uid"]
            assert response["allowed"] in (True, False)
            if not response["allowed"]:
                assert response["status"]["details"]["causes"]
                assert not response.get("warnings")
            decided += 1
    connection.close()
    assert decided > 1000
    gate.stop()
