"""Policies that change while the server serves."""

import contextlib
import http.client
import json
import os
import re
import signal
import threading
import time

import pytest

import harness

REVIEW = harness.make_review('{"spec":{"containers":[{"name":"web","image":"nginx:1.27"}]}}')
MANIFEST = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{image: a:1}]}}"
UID = b"5f2d1e0c-0000-4000-8000-000000000001"


def policy(name, rule="image-digest", action="Deny"):
    return (
        "apiVersion: cattleguard.dev/v1\nkind: Policy\n"
        f"metadata: {{name: {name}}}\nspec:\n  rule: {rule}\n  validationActions: [{action}]\n")


def policies_in_force(gate):
    """The names of the policies that the service says are in force."""
    return [item["name"] for item in json.loads(gate.get("/v1/policies")[2])["policies"]]


def reloaded(gate, *names):
    """Waits until policies of these names are in force: one change may be read as two."""
    end = time.monotonic() + harness.WAIT
    line = gate.wait_for_line(lambda line: line["msg"] == "policies reloaded")
    while policies_in_force(gate) != sorted(names):
        assert time.monotonic() < end, f"never in force: {names}"
        time.sleep(0.01)
    assert_in_force(gate, *names)
    return line


def refused(gate):
    return gate.wait_for_line(lambda line: line["msg"].startswith("policies refused"))


@pytest.fixture
def folder(tmp_path):
    """A folder with one policy."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "a.yaml").write_text(policy("one"))
    return folder


@pytest.fixture
def begin(start):
    """Starts servers that end with the test."""
    with contextlib.ExitStack() as stack:
        def begin(policies, *options):
            gate = start("--reload-delay", "20ms", *options, policies=policies)
            stack.callback(gate.stop)
            return gate

        yield begin


def assert_in_force(gate, *names):
    """What is said to be in force is so: on every loop, in the list and in the check service."""
    assert policies_in_force(gate) == sorted(names)
    for _ in range(8):
        message = gate.decide(REVIEW)["status"]["message"]
        assert sorted(set(re.findall(r"one|two|three", message))) == sorted(names), message
    report = json.loads(gate.check(MANIFEST, Accept="application/json")[2])
    assert {finding["policy"] for finding in report["findings"]} == set(names)
    assert gate.get("/readyz")[2] == b"ready\n"
    metrics = gate.metrics()
    assert metrics["cattleguard_policies"] == len(names)
    assert metrics["cattleguard_policy_last_reload_successful"] == 1


def test_a_mounted_configmap_is_swapped(begin, tmp_path):
    mount = harness.MountedConfigMap(tmp_path / "mount", {"a.yaml": policy("one")})
    gate = begin(mount.folder)
    assert_in_force(gate, "one")
    mount.publish({"a.yaml": policy("two")})
    reloaded(gate, "two")
    mount.publish({"b.yaml": policy("one"), "c.yaml": policy("three")})
    reloaded(gate, "one", "three")


def test_files_are_saved_added_and_removed(begin, folder):
    gate = begin(folder)
    beside = folder / ".a.yaml.swp"
    beside.write_text(policy("two"))
    beside.rename(folder / "a.yaml")
    reloaded(gate, "two")
    (folder / "b.yaml").write_text(policy("three"))
    reloaded(gate, "three", "two")
    (folder / "a.yaml").unlink()
    reloaded(gate, "three")


def test_one_file_is_watched(begin, folder):
    gate = begin(folder / "a.yaml")
    (folder / "a.yaml").write_text(policy("two"))
    reloaded(gate, "two")


def test_a_folder_that_is_replaced_is_followed(begin, folder):
    gate = begin(folder)
    folder.rename(folder.with_name("former"))
    line = refused(gate)
    assert line["problems"][0]["message"] == "cannot be read: No such file or directory"
    assert gate.metrics()["cattleguard_policy_last_reload_successful"] == 0
    assert policies_in_force(gate) == ["one"]
    folder.mkdir()
    (folder / "a.yaml").write_text(policy("two"))
    reloaded(gate, "two")


def test_the_same_content_is_not_loaded_again(begin, tmp_path):
    mount = harness.MountedConfigMap(tmp_path / "mount", {"a.yaml": policy("one")})
    gate = begin(mount.folder)
    mount.publish({"a.yaml": policy("one")})
    time.sleep(0.5)
    assert gate.metrics()["cattleguard_policy_reloads_total"] == 0


def test_sighup_has_them_read(begin, folder):
    gate = begin(folder, "--reload-delay", "1h")
    gate.signal(signal.SIGHUP)
    line = gate.wait_for_line(lambda line: line["msg"] == "policies unchanged")
    assert line["policies"] == 1
    (folder / "a.yaml").write_text(policy("two"))
    gate.signal(signal.SIGHUP)
    assert reloaded(gate, "two")["digest"] != line["digest"]
    (folder / "a.yaml").write_text("nonsense")
    for _ in range(2):
        gate.signal(signal.SIGHUP)
        refused(gate)
    metrics = gate.metrics()
    assert metrics["cattleguard_policy_reloads_total"] == 4
    assert metrics["cattleguard_policy_reload_failures_total"] == 2


def test_sighup_does_not_hurry_the_end(start, folder):
    gate = start("--drain-delay", "1s", policies=folder)
    gate.signal(signal.SIGTERM)
    gate.wait_for_line(lambda line: line["msg"] == "draining")
    gate.signal(signal.SIGHUP)
    assert gate.wait() == 0


def test_bad_policies_leave_the_old_in_force(begin, folder):
    gate = begin(folder)
    before = gate.metrics()
    (folder / "b.yaml").write_text(
        policy("two") + "  nonsense: 1\n---\n" + policy("three", rule="image-digst"))
    line = refused(gate)
    assert line["level"] == "warning"
    places = [(problem["file"], problem["line"], problem["column"]) for problem in line["problems"]]
    assert places == [(str(folder / "b.yaml"), 7, 3), (str(folder / "b.yaml"), 13, 9)]
    assert (line["policies"], len(line["digest"])) == (1, 16)

    status, _, text = gate.get("/readyz")
    head, *problems = text.decode().splitlines()
    assert status == 200
    assert re.fullmatch(
        r"ready, but not by the policies that are there: at \S+Z they were refused, "
        rf"and the 1 of \S+Z \(digest {line['digest']}\) stay in force", head)
    assert [problem.split(": ")[0] for problem in problems] == [
        f"{folder}/b.yaml:7:3", f"{folder}/b.yaml:13:9"]
    assert 'did you mean "image-digest"?' in problems[1]
    after = gate.metrics()
    assert after["cattleguard_policy_reload_failures_total"] == 1
    assert after["cattleguard_policy_last_reload_successful"] == 0
    success = "cattleguard_policy_last_reload_success_timestamp_seconds"
    assert after[success] == before[success]
    assert policies_in_force(gate) == ["one"]
    assert "one" in gate.decide(REVIEW)["status"]["message"]

    # Taken back, the policies are again those in force, since when they were.
    (folder / "b.yaml").unlink()
    back = gate.wait_for_line(lambda line: line["msg"] == "policies unchanged")
    assert (back["digest"], back["since"]) == (line["digest"], line["since"])
    assert_in_force(gate, "one")
    assert gate.metrics()[success] > before[success]


def test_what_is_told_of_bad_policies_is_bounded(begin, folder):
    gate = begin(folder)
    (folder / "b.yaml").write_text("---\n".join(
        policy("x", rule="r" * 10_000) for _ in range(100)))
    line = refused(gate)
    assert len(line["problems"]) == 20
    told = gate.get("/readyz")[2].decode().splitlines()
    assert len(told) == 22
    assert told[-1] == f"and {line['furtherProblems']} more"
    assert len("\n".join(told)) < 30_000


def test_counters_go_on_over_reloads(begin, folder):
    gate = begin(folder)

    def counts():
        series = 'cattleguard_policy_violations_total{policy="%s",rule="image-digest",action="Deny"}'
        metrics = gate.metrics()
        return [metrics.get(series % name) for name in ["one", "two"]]

    gate.decide(REVIEW)
    assert counts() == [1, None]
    (folder / "b.yaml").write_text(policy("two"))
    reloaded(gate, "one", "two")
    one, two = counts()
    assert one == two + 1
    (folder / "a.yaml").unlink()
    reloaded(gate, "two")
    assert counts()[0] is None
    assert counts()[1] > two


def test_replicas_can_be_compared(begin, folder, tmp_path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "a.yaml").write_text(policy("one"))
    info = [
        name for gate in (begin(folder), begin(other)) for name in gate.metrics()
        if name.startswith("cattleguard_policy_set_info")]
    assert info[0] == info[1]
    assert re.search('digest="[0-9a-f]{16}"', info[0])


# Under load

RELOADS = 1000
CLIENTS = 4


class Client(threading.Thread):
    """Posts one review after another on one connection, and compares every answer with what the
    policies in force, or those before and after a change under way, say."""

    def __init__(self, gate, number, expected, in_force):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPSConnection(
            "localhost", gate.admission_port, timeout=harness.WAIT, context=gate.tls_context())
        self.connection.connect()
        # A connection that is dropped must not be opened again unseen.
        self.connection.auto_open = 0
        self.number = number
        self.expected = expected
        self.in_force = in_force
        self.times = []
        self.failure = None
        self.ending = threading.Event()

    def run(self):
        try:
            while not self.ending.is_set():
                self.review()
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def review(self):
        uid = b"%08x-%04x-4000-8000-000000000000" % (len(self.times), self.number)
        body = REVIEW.replace(UID, uid)
        before = self.in_force[0]
        begin = time.perf_counter()
        self.connection.request("POST", "/validate?timeout=5s", body, harness.KUBE_HEADERS)
        answer = self.connection.getresponse()
        text = answer.read()
        self.times.append(time.perf_counter() - begin)
        after = self.in_force[0]
        assert answer.status == 200, text
        # The tuples are made anew by each change: the same one means that nothing changed.
        allowed = before if before is after else ("a", "b")
        assert text in [self.expected[name].replace(UID, uid) for name in allowed], text

    def end(self):
        self.ending.set()
        self.join()
        self.connection.close()
        if self.failure:
            raise self.failure


def resident_kilobytes(gate):
    with open(f"/proc/{gate.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])


def descriptors(gate):
    return len(os.listdir(f"/proc/{gate.process.pid}/fd"))


def percentiles(times):
    ordered = sorted(times)
    p50, p99 = (ordered[int(len(ordered) * share)] * 1e6 for share in (0.5, 0.99))
    return f"p50 {p50:.0f} µs, p99 {p99:.0f} µs"


def test_a_thousand_reloads_under_load_harm_no_review(start, tmp_path, capsys):
    files = {name: {"policies.yaml": policy(name)} for name in "ab"}
    mount = harness.MountedConfigMap(tmp_path / "mount", files["a"])
    expected = {}
    for name in "ba":
        (tmp_path / f"{name}.yaml").write_text(policy(name))
        gate = start(policies=tmp_path / f"{name}.yaml")
        expected[name] = gate.validate(REVIEW)[2]
        gate.stop()
    assert expected["a"] != expected["b"]

    gate = start("--reload-delay", "5ms", "--threads", "2", policies=mount.folder)
    in_force = [("a",)]
    clients = [Client(gate, number, expected, in_force) for number in range(CLIENTS)]
    service = http.client.HTTPConnection("127.0.0.1", gate.service_port, timeout=harness.WAIT)

    def told():
        service.request("GET", "/v1/policies")
        return [item["name"] for item in json.loads(service.getresponse().read())["policies"]]

    assert told() == ["a"]
    for client in clients:
        client.start()
    time.sleep(2)
    quiet = [len(client.times) for client in clients]
    begin = time.monotonic()
    for number in range(RELOADS):
        name = "ba"[number % 2]
        in_force[0] = ("a", "b")
        mount.publish(files[name])
        end = time.monotonic() + harness.WAIT
        while told() != [name]:
            assert time.monotonic() < end, f"reload {number} never came"
            time.sleep(0.001)
        in_force[0] = (name,)
        if number == RELOADS // 10 - 1:
            memory, open_files = resident_kilobytes(gate), descriptors(gate)
    took = time.monotonic() - begin
    memory_after, open_files_after = resident_kilobytes(gate), descriptors(gate)
    for client in clients:
        client.end()
    metrics = gate.metrics()
    gate.stop()

    during = [
        moment for client, count in zip(clients, quiet) for moment in client.times[count:]]
    before = [
        moment for client, count in zip(clients, quiet) for moment in client.times[:count]]
    with capsys.disabled():
        print(f"\n{RELOADS} reloads in {took:.1f} s, {len(during)} reviews on {CLIENTS} "
              f"connections; before: {percentiles(before)}; during: {percentiles(during)}; "
              f"memory after {RELOADS // 10} reloads {memory} kB, after all {memory_after} kB")
    assert metrics["cattleguard_policy_reloads_total"] == RELOADS
    assert metrics["cattleguard_policy_reload_failures_total"] == 0
    # The reviews' own counters do not depend on the policies.
    assert metrics['cattleguard_admission_reviews_total{operation="CREATE",decision="denied"}'] \
        == len(before) + len(during)
    assert memory_after < memory + 2048 or harness.is_sanitized()
    assert open_files_after == open_files
