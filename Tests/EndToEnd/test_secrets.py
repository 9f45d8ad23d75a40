"""A secret's value never leaves: not in an answer, a report, a log line, a metric or an error.

Values are planted wherever a manifest or a request can hold one, in objects that violate every rule
there is, and then every byte that came out of the program is searched for them.
"""

import base64
import itertools
import json
import urllib.parse

import pytest

import harness

COUNTER = itertools.count()
PLANTED = []


def plant(shape="{}"):
    """A value that is found nowhere else; `shape` makes it look like a vendor's secret."""
    value = shape.format(f"Zq7{next(COUNTER):03}XwPlantedKv9")
    PLANTED.append(value)
    return value


AWS_ID = "AKIA{}"
POD = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "thing", "namespace": "shop"},
    "spec": {
        "nodeName": "n1", "hostname": "pet",
        "volumes": [{"name": "h", "hostPath": {"path": "/run"}}],
        "containers": [{
            "name": "c", "image": "openssh-server",
            "ports": [{"name": "ssh", "containerPort": 22}],
            "volumeMounts": [{"name": "h", "mountPath": "/h"}],
            "env": [
                {"name": "DB_PASSWORD", "value": plant()},
                {"name": "API_TOKEN", "value": plant("ghp_{}ABCDEFGHIJKLMNOP")},
                {"name": "PLAIN", "value": plant("AKIAABCDEFGHIJKLMNOP{}")},
                {"name": "AUTH", "value": plant("9f8A7b6C5d4E3f2G1h0{}")},
            ],
            "command": ["/bin/sh", "-c", f"/usr/sbin/sshd -o Password={plant()} {plant()}"],
            "args": [f"--password={plant()}", "--client-secret", plant(),
                     f"--header=Authorization: Bearer {plant('eyJhbGciOiJIUzI1NiJ9.{}.c2ln')}"],
            "lifecycle": {"postStart": {"exec": {"command": ["sshd", f"--token={plant()}"]}}},
        }]}}
CONFIG_MAP = {
    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "thing", "namespace": "shop"},
    "data": {
        "db.password": plant(), "auth": plant("1a2B3c4D5e6F7g8H9i0{}"),
        "app.ini": "user=app\n-----BEGIN RSA PRIVATE KEY-----\n" + plant() + "\n"}}
SECRET = {
    "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "thing", "namespace": "shop"},
    "data": {"password": base64.b64encode(plant().encode()).decode()},
    "stringData": {"token": plant()}}
CHANGED = json.loads(json.dumps(SECRET)) | {
    "data": {"password": base64.b64encode(plant().encode()).decode()}}
CHANGED_MAP = json.loads(json.dumps(CONFIG_MAP)) | {"data": {"db.password": plant()}}
EXEC = {
    "kind": "PodExecOptions", "apiVersion": "v1", "stdin": True, "container": "c",
    "command": ["mysql", f"-p{plant()}", "-e", plant()]}
PROXY = {"kind": "PodProxyOptions", "apiVersion": "v1", "path": f"/login?token={plant()}"}


def forms(value):
    """How a value may be written: as it is, and as encodings that anybody reads."""
    yield value
    yield base64.b64encode(value.encode()).decode().rstrip("=")
    yield urllib.parse.quote(value, safe="")


def assert_clean(output, where):
    text = output if isinstance(output, str) else output.decode("utf-8", "replace")
    for value in PLANTED:
        for form in forms(value):
            assert form not in text, f"{where} tells a planted value"
        # Half a secret is one, too.
        assert value[:14] not in text, f"{where} tells the beginning of a planted value"


def requests():
    def review(item, **more):
        return harness.make_review(json.dumps(item), kind=item["kind"], **more)

    yield "a Pod", review(POD)
    yield "a ConfigMap", review(CONFIG_MAP)
    yield "a Secret", review(SECRET)
    yield "a changed Secret", review(CHANGED, operation="UPDATE", old=json.dumps(SECRET))
    yield "a changed ConfigMap", review(
        CHANGED_MAP, operation="UPDATE", old=json.dumps(CONFIG_MAP))
    yield "exec", review(EXEC, operation="CONNECT", subResource="exec")
    yield "proxy", review(PROXY, operation="CONNECT", subResource="proxy")
    yield "half a review", review(POD)[:-400]
    yield "a list for a password", review(
        POD | {"spec": {"containers": [{"name": "c", "env": [
            {"name": "PASSWORD", "value": [POD["spec"]["containers"][0]["env"][0]["value"]]}]}]}})


@pytest.mark.parametrize("enforcement", ["declared", "advisory", "audit"])
def test_nothing_that_the_webhook_says_tells_a_secret(start, all_rules, enforcement):
    gate = start("--enforcement", enforcement, policies=all_rules)
    violations = 0
    for name, body in requests():
        status, headers, answer = gate.validate(body)
        assert status == (400 if name == "half a review" else 200)
        assert_clean(answer, f"the answer to {name}")
        assert_clean(json.dumps(headers), f"the head of the answer to {name}")
        violations += answer.count(b"externalized-config") + answer.count(b"immutable-config")
    assert violations > 5, "what is clean because nothing was found proves nothing"
    assert_clean(gate.get("/metrics")[2], "the metrics")
    assert_clean(gate.get("/v1/policies")[2], "the policies")
    assert_clean(gate.get("/readyz")[2], "readyz")
    gate.stop()
    log = [gate._queue.get(timeout=5)]
    while log[-1] is not None:
        log.append(gate._queue.get(timeout=5))
    lines = [json.dumps(line) for line in gate.lines] + [line.decode() for line in log[:-1]]
    assert any('"decision"' in line for line in lines)
    for line in lines:
        assert_clean(line, "the log")


MANIFESTS = [POD, CONFIG_MAP, SECRET]


@pytest.mark.parametrize("format", ["text", "json"])
def test_nothing_that_a_check_says_tells_a_secret(start, all_rules, format, tmp_path):
    text = "\n---\n".join(json.dumps(item, indent=1) for item in MANIFESTS)
    file = tmp_path / "manifests.yaml"
    file.write_text(text)
    done = harness.command("check", "--policies", all_rules, "--format", format, file)
    assert done.returncode == 1
    assert b"externalized-config" in done.stdout
    assert_clean(done.stdout + done.stderr, "the command")
    gate = start(policies=all_rules)
    status, _, answer = gate.check(text, f"/v1/check?format={format}")
    assert status == 200 and b"externalized-config" in answer
    assert_clean(answer, "the check service")
    gate.stop()


@pytest.mark.parametrize("damage", [
    lambda text: text[:len(text) // 2], lambda text: text.replace('"value": "', '"value": "\x01'),
    lambda text: text.replace('"name"', '"name", "name"'),
    lambda text: text.replace('"args": [', '"args": [ {'),
])
def test_no_error_tells_a_secret(start, all_rules, damage, tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text(damage(json.dumps(POD)))
    done = harness.command("check", "--policies", all_rules, file)
    assert done.returncode == 2
    assert_clean(done.stdout + done.stderr, "the error")
