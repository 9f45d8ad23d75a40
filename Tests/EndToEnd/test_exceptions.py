"""Exceptions: what lets a denied review pass, what it is called everywhere, and that it ends."""

import contextlib
import datetime
import json
import re
import shutil
import signal
import time

import pytest

import harness

POLICIES = ["image-digest", "read-only-root-filesystem"]
NAME = "payments-hotfix"
REASON = "INC-4711: the vendor's image has no digest yet"
MANIFEST = b"""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: payments}
spec:
  template:
    spec:
      containers:
        - {name: api, image: "nginx:1.27", securityContext: {readOnlyRootFilesystem: true}}
"""
USED = (
    'cattleguard_policy_exceptions_used_total{exception="%s",policy="image-digest"}' % NAME)
STATE = 'cattleguard_policy_exceptions{state="%s"}'


def in_seconds(seconds):
    """The moment in so many seconds, to the second as RFC 3339 has it, and as a time."""
    moment = int(time.time()) + seconds
    text = datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return text, moment


def exception(expires, match=None, name=NAME, policies=POLICIES):
    """A PolicyException in JSON, which is YAML too."""
    return json.dumps({
        "apiVersion": "cattleguard.dev/v1", "kind": "PolicyException",
        "metadata": {"name": name},
        "spec": {
            "policies": policies, "match": match or {"namespaces": ["payments"]},
            "reason": REASON, "expiresAt": expires, "approvedBy": "security@example.com"}})


@pytest.fixture
def folder(enforcing, tmp_path):
    """A folder of the enforcing policies, without exceptions yet."""
    (tmp_path / "policies.yaml").write_text((enforcing / "policies.yaml").read_text())
    return tmp_path


@pytest.fixture
def serve(start, folder):
    """Serves the policies of the folder with these exceptions beside them."""
    with contextlib.ExitStack() as gates:
        def serve(*exceptions):
            (folder / "exceptions.yaml").write_text("\n---\n".join(exceptions))
            gate = start(policies=folder)
            gates.callback(gate.stop)
            return gate
        yield serve


def pod(name="api-1", namespace="payments", owner=None, image="nginx:1.27", **request):
    """A review of a Pod whose one container has no digest."""
    metadata = {"name": name, "namespace": namespace}
    if owner:
        metadata["ownerReferences"] = [{**owner, "uid": "u", "controller": True}]
    body = json.dumps({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": {"containers": [{
            "name": "api", "image": image,
            "securityContext": {"readOnlyRootFilesystem": True}}]}})
    return harness.make_review(body, name=name, namespace=namespace, **request)


def as_controller(name):
    return {
        "username": f"system:serviceaccount:kube-system:{name}",
        "groups": ["system:serviceaccounts"]}


def test_an_exception_lets_pass_and_is_named_everywhere(serve):
    expires, moment = in_seconds(3600)
    gate = serve(exception(expires), exception(expires, {"names": ["nothing"]}, "unused"))
    before = gate.metrics()
    assert before[USED] == 0
    assert before["cattleguard_policy_exceptions_unused"] == 2
    assert before[STATE % "expiring"] == 2
    expiry = 'cattleguard_policy_exception_expiry_timestamp_seconds{exception="%s"}'
    assert before[expiry % NAME] == moment

    decision = gate.decide(pod())
    assert decision["allowed"] is True
    assert decision["auditAnnotations"] == {
        "exceptions": f"{NAME}: image-digest: image-digest: {REASON}"}
    assert "warnings" not in decision and "status" not in decision
    assert gate.decide(pod()) == decision, "a retry is answered alike"
    line = gate.wait_for_line(lambda line: line.get("msg") == "decision")
    assert line["decision"] == "allowed"
    assert line["exceptions"] == [NAME]
    assert "violations" not in line

    # Elsewhere the policy denies as ever.
    decision = gate.decide(pod(namespace="shop"))
    assert decision["allowed"] is False
    assert "auditAnnotations" not in decision
    gate.wait_for_line(lambda line: line.get("decision") == "denied" and not line.get("exceptions"))

    after = gate.metrics()
    assert after[USED] == 2
    assert after["cattleguard_policy_exceptions_unused"] == 1
    unused = 'cattleguard_policy_exceptions_used_total{exception="unused",policy="%s"}'
    assert [after[unused % policy] for policy in POLICIES] == [0, 0]


def test_the_metrics_of_exceptions_are_well_formed(serve, tool):
    gate = serve(exception(in_seconds(3600)[0]))
    done = harness.run(tool("promtool"), "check", "metrics", input=gate.get("/metrics")[2])
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def check(gate, path="/v1/check?fail=true"):
    status, _, report = gate.check(MANIFEST, path)
    return status, json.loads(report)


def command(folder, *options):
    return harness.command("check", "--policies", folder, *options, "-", input=MANIFEST)


def test_an_exception_ends_while_the_server_runs(serve, folder):
    """Webhook, check service and command: before its end all let pass, from then on none does."""
    expires, end = in_seconds(5)
    gate = serve(exception(expires))
    assert gate.decide(pod())["allowed"] is True
    status, report = check(gate)
    assert (status, report["outcome"], report["counts"]["excepted"]) == (200, "passed", 1)
    [excepted] = report["excepted"]
    assert (excepted["exception"], excepted["expiresAt"]) == (NAME, expires)
    assert (excepted["line"], excepted["policy"]) == (8, "image-digest")
    done = command(folder)
    assert done.returncode == 0, done.stdout
    assert done.stdout.decode().splitlines() == [
        '<stdin>:8:30: excepted image-digest: container "api" has the image "nginx:1.27", which '
        f"is not pinned by a digest (exception {NAME} until {expires})", "",
        "not applicable to manifests: no-exec",
        "1 object in 1 file: no violations, 1 excepted"]
    metrics = gate.metrics()
    assert [metrics[STATE % state] for state in ("active", "expiring", "expired")] == [0, 1, 0]
    assert time.time() < end, "the machine was too slow for this test"

    time.sleep(max(0, end - time.time()))
    decision = gate.decide(pod())
    assert decision["allowed"] is False
    assert "auditAnnotations" not in decision
    status, report = check(gate)
    assert (status, report["outcome"], report["excepted"]) == (422, "denied", [])
    done = command(folder)
    assert done.returncode == 1
    assert b"excepted" not in done.stdout
    metrics = gate.metrics()
    assert [metrics[STATE % state] for state in ("active", "expiring", "expired")] == [0, 0, 1]
    assert metrics[USED] == 1
    assert metrics["cattleguard_policy_exceptions_unused"] == 0
    gate.assert_well()


def test_an_expired_exception_is_no_error(serve):
    gate = serve(exception("1999-12-31T23:59:59.5+14:00"))
    assert gate.decide(pod())["allowed"] is False
    assert gate.metrics()[STATE % "expired"] == 1


def test_an_exception_for_a_workload_is_one_for_its_pods(serve):
    """Its controllers may make what the exception let in; nobody else may by such a name."""
    match = {"namespaces": ["payments"], "kinds": ["Deployment"], "names": ["api"]}
    gate = serve(exception(in_seconds(3600)[0], match))
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-5d4f8c7b9"}
    made = {"name": "api-5d4f8c7b9-zzfvb", "owner": owner}
    controller = as_controller("replicaset-controller")
    assert gate.decide(pod(**made, userInfo=controller))["allowed"] is True
    assert gate.decide(pod(**made))["allowed"] is False, "an owner reference is anybody's"
    elsewhere = {**controller, "username": "system:serviceaccount:payments:a"}
    assert gate.decide(pod(**made, userInfo=elsewhere))["allowed"] is False
    assert gate.decide(pod(userInfo=controller))["allowed"] is False, "without an owner"
    other = {**made, "owner": {**owner, "name": "web-5d4f8c7b9"}}
    assert gate.decide(pod(**other, userInfo=controller))["allowed"] is False


def test_the_recorded_pod_of_a_replica_set(serve):
    """What the API server sends of a Pod that the ReplicaSet controller makes."""
    review = harness.review("pod-create-by-replicaset-generate-name")
    review = review.replace(b'"image":"nginx@', b'"image":"nginx:1.27","was":"nginx@')
    gate = serve(exception(in_seconds(3600)[0], {"kinds": ["Deployment"], "names": ["web"]}))
    decision = gate.decide(review)
    assert decision["allowed"] is True
    assert "auditAnnotations" in decision


def test_a_reload_brings_an_exception_and_takes_it_away(serve, folder):
    gate = serve()
    assert gate.decide(pod())["allowed"] is False
    for text, is_excepted in [(exception(in_seconds(3600)[0]), True), ("", False)]:
        (folder / "exceptions.yaml").write_text(text)
        gate.signal(signal.SIGHUP)
        gate.wait_for_line(lambda line: line.get("msg") == "policies reloaded")
        assert gate.decide(pod())["allowed"] is is_excepted
        metrics = gate.metrics()
        assert (USED in metrics) is is_excepted
        assert metrics[STATE % "expiring"] == (1 if is_excepted else 0)


def test_the_example_is_an_exception_from_the_example(tmp_path):
    """The example has a date, as each exception has: past it, this test only reads it. The bad
    example violates in other places, too, so that something stays denied."""
    text = (harness.ROOT / "deploy/examples/exception.yaml").read_text()
    shutil.copy(harness.ENFORCING, tmp_path)
    (tmp_path / "exception.yaml").write_text(text)
    bad = harness.ROOT / "deploy/examples/bad.yaml"
    done = harness.command("check", "--policies", tmp_path, "--format", "json", bad)
    assert done.returncode == 1, done.stderr
    [expires] = re.findall(r'^  expiresAt: "(\S+)"$', text, re.MULTILINE)
    if datetime.datetime.now(datetime.UTC) < datetime.datetime.fromisoformat(expires):
        [excepted] = json.loads(done.stdout)["excepted"]
        assert (excepted["exception"], excepted["rule"]) == ("shop-vendor-image", "image-digest")


def test_exceptions_may_lie_in_json_files(folder, start):
    (folder / "hotfix.json").write_text(exception(in_seconds(3600)[0]))
    gate = start(policies=folder)
    try:
        assert gate.decide(pod())["allowed"] is True
    finally:
        gate.stop()


@pytest.mark.parametrize("change, problem", [
    (("image-digest", "image-digests"), b'there is no policy "image-digests" (did you mean '),
    (("INC-4711", " "), None),
    ((REASON, " "), b"spec.reason is blank; say why there is an exception"),
    (('"namespaces"', '"namespace"'), b'unknown field "namespace" in spec.match (did you mean '),
    (('["payments"]', '["*"]'), b"spec.match sets no limit, which would switch the policies off"),
    (("T", " "), b"it has another form; expected a date and time with its offset (RFC 3339)"),
])
def test_a_bad_exception_stops_the_command(folder, change, problem):
    text = exception("2099-12-01T00:00:00Z")
    if change[0] == "T":
        text = text.replace("01T00", "01 00")
    else:
        text = text.replace(*change)
    (folder / "hotfix.yaml").write_text(text)
    done = command(folder)
    if problem is None:
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode == 2
    assert problem in done.stderr
    assert done.stderr.startswith(str(folder / "hotfix.yaml").encode() + b":1:"), done.stderr
