"""Custom workloads: described, they are judged; not described, that is told."""

import json
import shutil

import pytest
import yaml

import harness

JOB_SET = """\
apiVersion: cattleguard.dev/v1
kind: WorkloadKind
metadata: {name: jobset}
spec:
  group: jobset.x-k8s.io
  kind: JobSet
  podSpecs: [{path: "spec.replicatedJobs[*].template.spec.template"}]
"""

POD = {"spec": {"containers": [{"name": "c", "image": "nginx"}]}}


def custom(kind, spec, group="jobset.x-k8s.io"):
    return {"apiVersion": f"{group}/v1", "kind": kind,
            "metadata": {"name": "a", "namespace": "shop"}, "spec": spec}


def job_set():
    return custom("JobSet", {"replicatedJobs": [
        {"name": "main", "template": {"spec": {"template": POD}}}]})


def uncovered(kind="App"):
    return custom(kind, {"template": POD}, "example.org")


def review(thing, operation="CREATE"):
    group = thing["apiVersion"].split("/")[0]
    kind = {"group": group, "version": "v1", "kind": thing["kind"]}
    return json.dumps({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "1", "kind": kind,
            "resource": {"group": group, "version": "v1", "resource": "things"},
            "name": "a", "namespace": "shop", "operation": operation,
            "userInfo": {"username": "alice"}, "object": thing, "oldObject": None}}).encode()


def named(gate):
    """The lines of the log that name a kind."""
    return [line for line in gate.lines if line["msg"] == "uncovered workload"]


@pytest.fixture
def folder(tmp_path, enforcing):
    """Enforcing policies, and a kind in a file that is read after them."""
    shutil.copytree(enforcing, tmp_path / "policies")
    (tmp_path / "policies" / "zz-kinds.yaml").write_text(JOB_SET)
    return tmp_path / "policies"


def test_a_described_kind_is_judged_everywhere(start, folder):
    gate = start(policies=folder)
    decision = gate.decide(review(job_set()))
    assert not decision["allowed"]
    place = "spec.replicatedJobs[0].template.spec.template.spec.containers[0].image"
    assert place in [cause["field"] for cause in decision["status"]["details"]["causes"]]
    status, _, report = gate.check(json.dumps(job_set()), "/v1/check?format=json")
    assert status == 200
    assert place in [finding["field"] for finding in json.loads(report)["findings"]]
    assert gate.metrics()["cattleguard_admission_uncovered_workloads_total"] == 0
    gate.stop()
    done = harness.command(
        "check", "--policies", folder, "-", input=json.dumps(job_set()).encode())
    assert done.returncode == 1
    assert place.encode() in done.stdout


def test_what_is_not_described_is_counted_and_named_once(start, enforcing):
    gate = start("--threads", "1", policies=enforcing)
    for thing in [uncovered(), uncovered(), uncovered("Other"), job_set()]:
        assert gate.decide(review(thing))["allowed"]
    assert gate.metrics()["cattleguard_admission_uncovered_workloads_total"] == 3
    # The last line of the last review: what is to come before it has come.
    gate.decide(review(uncovered("Last")))
    gate.wait_for_line(
        lambda line: line["msg"] == "uncovered workload" and line["kind"] == "Last")
    lines = named(gate)
    assert [(line["level"], line["group"], line["kind"]) for line in lines] == [
        ("warning", "example.org", kind) for kind in ["App", "Other", "Last"]]
    assert all("WorkloadKind" in line["do"] for line in lines)
    gate.stop()


def test_the_log_names_so_many_kinds_and_no_more(start, enforcing):
    gate = start("--threads", "1", policies=enforcing)
    for number in range(65):
        gate.decide(review(uncovered(f"Kind{number}")))
    assert gate.metrics()["cattleguard_admission_uncovered_workloads_total"] == 65
    gate.wait_for_line(lambda line: line.get("kind") == "example.org/Kind64")
    assert len(named(gate)) == 64
    gate.stop()


def test_check_lists_what_is_not_described_and_does_not_fail(start, enforcing):
    done = harness.command(
        "check", "--policies", enforcing, "--format", "json", "-",
        input=json.dumps(uncovered()).encode())
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["counts"]["uncovered"] == 1
    assert [entry["object"]["kind"] for entry in report["uncovered"]] == ["App"]
    text = harness.command(
        "check", "--policies", enforcing, "-", input=json.dumps(uncovered()).encode())
    assert b"<stdin>:1:1: not covered: App shop/a carries a Pod template" in text.stdout
    gate = start(policies=enforcing)
    served = json.loads(gate.check(json.dumps(uncovered()), "/v1/check?format=json")[2])
    gate.stop()
    assert len(served["uncovered"]) == 1


def test_a_policy_that_names_an_unknown_kind_is_told_the_way_out(tmp_path):
    text = (harness.ROOT / "policies" / "no-ssh.yaml").read_text()
    text += "  match: {kinds: [jobset.x-k8s.io/JobSet]}\n"
    (tmp_path / "a.yaml").write_text(text)
    done = harness.command("policies", "validate", tmp_path)
    assert done.returncode == 2
    assert b"a WorkloadKind tells where another carries Pods" in done.stdout
    (tmp_path / "b.yaml").write_text(JOB_SET)
    assert harness.command("policies", "validate", tmp_path).returncode == 0


def test_what_is_printed_can_be_put_beside_policies(folder, tmp_path):
    def table(place):
        done = harness.command(
            "policies", "workloads", "--format", "json", "--policies", place)
        assert done.returncode == 0, done.stderr
        return [{key: value for key, value in entry.items() if key != "source"}
                for entry in json.loads(done.stdout)["workloads"]]

    printed = harness.command(
        "policies", "workloads", "--format", "yaml", "--policies", folder).stdout
    assert len(list(yaml.safe_load_all(printed))) == 9
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "kinds.yaml").write_bytes(printed)
    assert table(tmp_path / "again") == table(folder)
    assert {"group": "jobset.x-k8s.io", "kind": "JobSet", "podSpecs": [
        {"path": "spec.replicatedJobs[*].template.spec.template", "form": "template"}]
    } in table(folder)
