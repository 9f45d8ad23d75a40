"""Real clients, real TLS: what an API server and the tools of its administrators see."""

import json
import subprocess

import pytest

import harness

DENIED = harness.REVIEWS / "exec-by-developer.json"


def curl(gate, *options, path="/validate?timeout=5s", data=DENIED):
    return harness.run(
        "curl", "--silent", "--show-error", "--cacert", gate.ca, *options,
        "--header", "Content-Type: application/json", "--data-binary", f"@{data}",
        "--write-out", "\n%{http_code} %{http_version}",
        f"https://localhost:{gate.admission_port}{path}")


@pytest.mark.parametrize(
    "option, version", [("--http1.1", "1.1"), ("--http2", "2"), ("--http1.0", "1.1")])
@pytest.mark.parametrize("tls", ["--tlsv1.2", "--tlsv1.3"])
def test_curl_sees_a_denied_exec(gate, option, version, tls):
    maximum = "1.2" if tls == "--tlsv1.2" else "1.3"
    answer = curl(gate, option, tls, "--tls-max", maximum)
    body, _, line = answer.stdout.decode().rpartition("\n")
    status, spoken = line.split()
    assert (status, spoken) in {("200", version), ("200", "1.0")}, answer.stderr
    response = json.loads(body)["response"]
    assert response["uid"] == json.loads(DENIED.read_bytes())["request"]["uid"]
    assert response["allowed"] is False
    assert response["status"]["code"] == 403
    assert response["status"]["reason"] == "Forbidden"
    assert [cause["reason"] for cause in response["status"]["details"]["causes"]] == ["no-exec"]


def test_curl_waits_for_100_continue(gate, tmp_path):
    body = tmp_path / "review.json"
    body.write_bytes(harness.review("deployment-create-latest"))
    answer = curl(gate, "--http1.1", "--verbose", "--header", "Expect: 100-continue", data=body)
    assert b"HTTP/1.1 100" in answer.stderr
    assert answer.stdout.endswith(b"\n200 1.1")


def test_curl_speaks_http2_with_prior_knowledge_to_the_service(gate):
    answer = harness.run(
        "curl", "--silent", "--show-error", "--http2-prior-knowledge",
        "--write-out", "\n%{http_code} %{http_version}", f"{gate.service}/readyz")
    assert answer.stdout.endswith(b"\n200 2"), answer.stderr


def test_nghttp_gets_its_answers_on_one_connection(gate, tool):
    url = f"https://localhost:{gate.admission_port}/validate"
    answer = harness.run(
        tool("nghttp"), "--no-verify-peer", "--stat", "--multiply=20",
        "--header", "content-type: application/json", "--data", DENIED, url)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count(b'"allowed":false') == 20


@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_h2load_has_every_request_answered(gate, tool, protocol):
    answer = harness.run(
        tool("h2load"), "--requests=5000", "--clients=8", "--max-concurrent-streams=4",
        f"--npn-list={protocol}", "--data", DENIED,
        "--header", "content-type: application/json",
        f"https://localhost:{gate.admission_port}/validate")
    assert b"5000 succeeded, 0 failed, 0 errored, 0 timeout" in answer.stdout, answer.stdout
    assert b"status codes: 5000 2xx, 0 3xx, 0 4xx, 0 5xx" in answer.stdout


def test_h2load_over_plaintext_http2(gate, tool):
    answer = harness.run(
        tool("h2load"), "--requests=1000", "--clients=4", f"{gate.service}/readyz")
    assert b"status codes: 1000 2xx" in answer.stdout, answer.stdout


# openssl s_client


def s_client(gate, *options, data=b""):
    return harness.run(
        "openssl", "s_client", "-connect", f"127.0.0.1:{gate.admission_port}", "-CAfile", gate.ca,
        "-verify_return_error", "-servername", "localhost", *options, input=data)


@pytest.mark.parametrize("version, expected", [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
def test_tls_versions_that_are_spoken(gate, version, expected):
    said = s_client(gate, version, "-brief")
    assert f"Protocol version: {expected}".encode() in said.stderr
    assert b"Verification: OK" in said.stderr


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_tls_versions_that_are_refused(gate, version):
    said = s_client(gate, version, "-cipher", "ALL:@SECLEVEL=0")
    assert said.returncode != 0
    assert b"alert protocol version" in said.stderr


@pytest.mark.parametrize(
    "cipher", ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA"])
def test_old_ciphers_are_refused(gate, cipher):
    said = s_client(gate, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert said.returncode != 0
    assert b"handshake failure" in said.stderr


def test_renegotiation_is_refused(gate):
    """`R` at the start of a line makes s_client renegotiate, which only TLS 1.2 knows."""
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{gate.admission_port}", "-tls1_2",
         "-CAfile", str(gate.ca), "-servername", "localhost"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        while b"Verify return code" not in (line := client.stdout.readline()):
            assert line, "no handshake"
        output, _ = client.communicate(b"R\n", timeout=harness.WAIT)
    finally:
        client.kill()
    assert b"no renegotiation" in output


def test_compression_is_off(gate):
    assert b"Compression: NONE" in s_client(gate, "-tls1_2", "-comp").stdout


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_are_resumed(gate, version, tmp_path):
    session = tmp_path / "session"
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    first = s_client(gate, version, "-sess_out", session, "-ign_eof", data=request)
    assert b"New, TLS" in first.stdout
    second = s_client(gate, version, "-sess_in", session, "-ign_eof", data=request)
    assert b"Reused, TLS" in second.stdout
    assert b"HTTP/1.1 200" in second.stdout


@pytest.mark.parametrize(
    "offered, chosen",
    [(["h2", "http/1.1"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"),
     ([], None)])
def test_alpn_chooses(gate, offered, chosen):
    with gate.connect(context=gate.tls_context(*offered)) as connection:
        assert connection.selected_alpn_protocol() == chosen
