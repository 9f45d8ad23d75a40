"""What Debian's testssl.sh and slowhttptest say of both listeners, each speaking TLS.

These are short runs; docs/attacks.md says how longer ones went."""

import concurrent.futures
import json
import os
import re

import pytest

import harness

# Of the throwaway certificate: it names no way to revoke it, and nobody published it.
ABOUT_THE_CERTIFICATE = {"cert_revocation"}

# What testssl.sh looks at: at the admission listener protocols, ciphers, their order and what is
# offered; the other listener has the same TLS and is looked at for what it says of itself.
SECTIONS = {
    "admission": ["--protocols", "--std", "--server-preference", "--server-defaults",
                  "--renegotiation", "--headers"],
    "service": ["--protocols", "--server-defaults", "--headers"],
}


@pytest.fixture(scope="module")
def secure_gate(start):
    """A server of which both listeners speak TLS, with places for all that these programs open: to
    it they are one client, who may hold half of the places at most."""
    gate = start("--service-connections", "512", "--peer-connections", "512",
                 service_scheme="https")
    yield gate
    assert gate.process.poll() is None
    gate.stop()


def findings(testssl, gate, listener, folder):
    """What testssl.sh has found, as its JSON says it."""
    report = folder / f"{listener}.json"
    port = {"admission": gate.admission_port, "service": gate.service_port}[listener]
    done = harness.run(
        testssl, "--quiet", "--warnings", "off", "--color", "0", "--ip", "127.0.0.1",
        "--nodns", "none", "--add-ca", gate.ca, "--jsonfile", report, *SECTIONS[listener],
        f"localhost:{port}", timeout=300)
    assert report.exists(), done.stdout[-2000:]
    return json.loads(report.read_text())


def test_testssl_finds_nothing(tool, secure_gate, tmp_path):
    testssl = tool("testssl")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = dict(zip(SECTIONS, pool.map(
            lambda listener: findings(testssl, secure_gate, listener, tmp_path), SECTIONS)))
    bad = [finding for result in found.values() for finding in result
           if finding["severity"] in ("MEDIUM", "HIGH", "CRITICAL", "FATAL")
           and finding["id"] not in ABOUT_THE_CERTIFICATE]
    assert bad == []
    # And it has really looked.
    for result in found.values():
        by_name = {finding["id"]: finding["finding"] for finding in result}
        assert by_name["TLS1_3"].startswith("offered"), by_name["TLS1_3"]
        assert by_name["TLS1_1"] == "not offered"
    print("\ntestssl.sh:", ", ".join(
        f"{len(result)} findings at the {listener} listener" for listener, result in found.items()),
        "and none of medium severity or above")


# slowhttptest's modes: a head and a body that drip, ranges (Apache's killer) and slow reading.
MODES = {
    "head": ["-H"], "body": ["-B", "-s", "8192"], "range": ["-R"],
    "read": ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"],
}


def test_slowhttptest_takes_nothing_from_others(tool, secure_gate):
    program = tool("slowhttptest")

    def run(port, mode):
        target = f"https://localhost:{port}/healthz" if port == secure_gate.admission_port \
            else f"https://localhost:{port}/openapi.yaml"
        done = harness.run(
            program, *MODES[mode], "-c", "50", "-r", "50", "-i", "1", "-l", "6", "-p", "3",
            "-u", target, env={**os.environ, "SSL_CERT_FILE": str(secure_gate.ca)})
        return re.sub(r"\x1b\[[0-9;]*m", "", (done.stdout + done.stderr).decode())

    ports = (secure_gate.admission_port, secure_gate.service_port)
    runs = [(port, mode) for port in ports for mode in MODES]
    with concurrent.futures.ThreadPoolExecutor(len(runs)) as pool:
        outputs = list(pool.map(lambda arguments: run(*arguments), runs))
    for (port, mode), output in zip(runs, outputs):
        said = re.findall(r"service available:\s*(\w+)", output)
        assert said and "NO" not in said, f"{port} {mode}: {output[-1500:]}"
    secure_gate.assert_well()
