"""System calls that fail at odd moments: Faults/faults.c is preloaded into the program as it is
released, and told by a file what to do. No descriptor may leak, no answer be wrong, no loop spin,
and once the fault ends, all must be as before."""

import contextlib
import http.client
import json
import mmap
import os
import resource
import shutil
import socket
import ssl
import struct
import subprocess
import time

import pytest

import harness

FIELDS = [
    "seed", "injected", "short_read", "short_write", "interrupted", "would_block", "reset_read",
    "reset_write", "accept_descriptors", "accept_table", "accept_memory", "accept_buffers",
    "accept_aborted", "watch_space", "watch_memory", "open_descriptors"]
TICKS = os.sysconf("SC_CLK_TCK")


class Plan:
    """The faults of a running program: settable while it runs."""

    def __init__(self, path):
        path.write_bytes(bytes(4 * len(FIELDS)))
        self.path = path
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 4 * len(FIELDS))

    def set(self, **rates):
        for name in FIELDS[2:]:
            struct.pack_into("I", self._map, 4 * FIELDS.index(name), rates.get(name, 0))
        if "seed" in rates:
            struct.pack_into("I", self._map, 0, rates["seed"])

    @property
    def injected(self):
        return struct.unpack_from("I", self._map, 4)[0]


@pytest.fixture(scope="session")
def library(tmp_path_factory, tool):
    """The library to preload."""
    made = tmp_path_factory.mktemp("faults") / "faults.so"
    source = harness.ROOT / "Tests/EndToEnd/Faults/faults.c"
    built = harness.run(tool("gcc"), "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror",
                        "-o", made, source, "-ldl")
    assert built.returncode == 0, built.stderr.decode()
    return made


@pytest.fixture
def faulty(library, certificate, enforcing, tmp_path):
    """A server under a plan, which is at first one without faults, and a policy folder to change."""
    if harness.is_sanitized():
        pytest.skip("a sanitizer wants to be preloaded first")
    policies = tmp_path / "policies"
    shutil.copytree(enforcing, policies)
    plan = Plan(tmp_path / "plan")
    gate = harness.Gate(
        certificate, policies, "--threads", "2", "--head-timeout", "3s", "--body-timeout", "3s",
        "--handshake-timeout", "3s", "--write-timeout", "3s",
        environment={"LD_PRELOAD": str(library), "CATTLEGUARD_FAULTS": str(plan.path)})
    gate.policies = policies
    yield gate, plan
    plan.set()
    gate.assert_well()
    gate.stop()


def ticks(gate):
    """What the process has had of the processors, in seconds."""
    fields = open(f"/proc/{gate.process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def descriptors(gate):
    return len(os.listdir(f"/proc/{gate.process.pid}/fd"))


def wait_for_watches(gate):
    """Waits until policies and certificates are watched, which begins when all is ready."""
    folder, end = f"/proc/{gate.process.pid}/fd", time.monotonic() + harness.WAIT
    while sum("inotify" in os.readlink(f"{folder}/{name}") for name in os.listdir(folder)) < 2:
        assert time.monotonic() < end, "nothing is watched"
        time.sleep(0.01)


EXPECTED = {"exec-by-developer": False, "pod-create-good": True}
MANIFEST = b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: x}]}\n"


def ask(gate, curl, number):
    """One thing of the mix; true where an answer came. Every answer must be the right one."""
    kind = number % 6
    try:
        if kind in (0, 1):
            name = list(EXPECTED)[kind]
            status, _, answer = gate.validate(harness.review(name))
            assert status in (200, 429), answer
            if status == 200:
                assert json.loads(answer)["response"]["allowed"] is EXPECTED[name]
        elif kind == 2:
            done = harness.run(
                curl, "--silent", "--http2", "--cacert", gate.ca, "--max-time", "5",
                "--header", "Content-Type: application/json", "--data-binary", "@-",
                f"https://localhost:{gate.admission_port}/validate",
                input=harness.review("exec-by-developer"))
            if done.returncode != 0:
                return False
            assert json.loads(done.stdout)["response"]["allowed"] is False
        elif kind == 3:
            status, _, answer = gate.check(MANIFEST)
            assert status in (200, 429), answer
            if status == 200:
                assert b"image-digest" in answer
        elif kind == 4:
            status, _, answer = gate.get("/metrics")
            assert status == 200 and answer.endswith(b"\n")
        else:
            body = harness.make_review(json.dumps(
                {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "x" * 300_000}}),
                "ConfigMap")
            status, _, answer = gate.validate(body)
            assert status in (200, 429), answer
        return True
    except (OSError, http.client.HTTPException, ssl.SSLError):
        return False


HARMLESS = {"short_read": 3, "short_write": 3, "interrupted": 3, "would_block": 5}
FAULTS = [
    ("short reads and writes", {"short_read": 2, "short_write": 2}, True),
    ("every call interrupted, nearly", {"interrupted": 2}, True),
    ("EAGAIN though it is ready", {"would_block": 3}, True),
    ("all that is harmless", HARMLESS, True),
    ("connections reset", {"reset_read": 20, "reset_write": 20}, False),
    ("no descriptors to accept", {"accept_descriptors": 2, "accept_table": 7}, True),
    ("no memory to accept", {"accept_memory": 3, "accept_buffers": 3, "accept_aborted": 3}, True),
    ("nothing can be watched", {"watch_space": 4, "watch_memory": 6}, False),
    ("everything", {**HARMLESS, "reset_read": 40, "reset_write": 40, "accept_descriptors": 9,
                    "accept_memory": 9, "watch_space": 30, "watch_memory": 30,
                    "open_descriptors": 5}, False),
]


@pytest.mark.parametrize("name, rates, loses_nothing", FAULTS, ids=[fault[0] for fault in FAULTS])
def test_faults_are_survived(faulty, tool, name, rates, loses_nothing):
    gate, plan = faulty
    curl = tool("curl")
    for number in range(6):
        assert ask(gate, curl, number)
    before = descriptors(gate)
    for seed in (1, 2):
        plan.set(seed=seed, **rates)
        begin = ticks(gate)
        answered = sum(ask(gate, curl, number) for number in range(18))
        (gate.policies / "policies.yaml").touch()
        time.sleep(0.3)
        # Nothing to do: what a fault leaves half done must not be tried without end.
        rest = ticks(gate)
        time.sleep(0.4)
        assert ticks(gate) - rest < 0.2, f"{name}: spins"
        assert rest - begin < 5, f"{name}: {rest - begin} s for 18 requests"
        assert answered == 18 if loses_nothing else answered > 2, f"{name}: {answered}"
    plan.set()
    assert plan.injected > 5
    gate.assert_well()
    end = time.monotonic() + harness.WAIT
    while descriptors(gate) > before:
        assert time.monotonic() < end, f"{name}: {before} descriptors, then {descriptors(gate)}"
        time.sleep(0.1)
    gate.metrics()


def test_policies_that_cannot_be_opened_now_are_read_later(faulty):
    gate, plan = faulty
    plan.set(open_descriptors=1)
    reloads = lambda: gate.metrics()["cattleguard_policy_reloads_total"]
    text = (gate.policies / "policies.yaml").read_text()
    (gate.policies / "policies.yaml").write_text(text + "# changed\n")
    gate.wait_for_line(lambda line: line["msg"].startswith("policies refused"))
    gate.assert_well()
    plan.set()
    gate.signal(1)
    gate.wait_for_line(lambda line: line["msg"] == "policies reloaded")
    assert reloads() >= 2


def test_at_descriptor_exhaustion_the_server_sheds_and_recovers(certificate, enforcing):
    """RLIMIT_NOFILE is small; what is open goes on, and whoever waits longest makes room."""
    gate = harness.Gate(certificate, enforcing, "--threads", "2", "--handshake-timeout", "20s")
    wait_for_watches(gate)
    limit = descriptors(gate) + 20
    resource.prlimit(gate.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
    before = descriptors(gate)
    body = harness.review("exec-by-developer")
    request = (b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
               b"Content-Length: %d\r\n\r\n" % len(body)) + body

    def review(connection):
        connection.sendall(request)
        received = b""
        while b'"response"' not in received:
            chunk = connection.recv(65536)
            assert chunk, "closed"
            received += chunk

    with gate.connect() as kept, contextlib.ExitStack() as stack:
        review(kept)
        for _ in range(120):
            stack.enter_context(socket.create_connection(("127.0.0.1", gate.admission_port)))
        begin = ticks(gate)
        for _ in range(30):
            review(kept)
            time.sleep(0.1)
        assert ticks(gate) - begin < 1.5, "accepting again and again"
        # Those who keep it waiting give way to those who are quick.
        gate.assert_well()
        pauses = gate.metrics()['cattleguard_http_accept_pauses_total{listener="admission"}']
        evicted = gate.metrics()['cattleguard_http_connections_evicted_total{listener="admission"}']
        assert pauses + evicted > 0
    end = time.monotonic() + harness.WAIT
    while descriptors(gate) > before:
        assert time.monotonic() < end, "descriptors are left"
        time.sleep(0.1)
    gate.assert_well()
    gate.stop()
    assert sum(line["msg"] == "accepting paused" for line in gate.lines) <= 6
