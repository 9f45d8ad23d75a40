"""Everything that strangers may make the process hold, one by one and at once: it stays within what
the Pod has (docs/operation.md, Memory), goes on judging, and gives back what it took."""

import contextlib
import json
import pathlib
import re
import subprocess
import sys
import time

import pytest

import harness
import memory_load

LIMIT = 128 << 10
"""What deploy/base/deployment.yaml gives the Pod, in KiB."""
WAYS = ["idle", "handshakes", "bodies", "untaken", "streams", "reviews", "checks",
        "service-bodies", "service-untaken"]


class Strangers:
    """Processes that each do what memory_load.py calls by such a name."""

    def __init__(self, gate, ways):
        self.processes = {
            way: subprocess.Popen(
                [sys.executable, pathlib.Path(memory_load.__file__), way, str(gate.admission_port),
                 str(gate.service_port), str(gate.ca)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for way in ways}

    def end(self):
        """What each tells of itself."""
        for process in self.processes.values():
            process.stdin.close()
        told = {}
        for way, process in self.processes.items():
            try:
                process.wait(harness.WAIT * 3)
                told[way] = json.loads(process.stdout.read() or "{}")
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                told[way] = {}
            process.stdout.close()
        return told


def memory(gate):
    """The process's memory, by its names in proc(5), in KiB."""
    with open(f"/proc/{gate.process.pid}/status", encoding="ascii") as status:
        return {line.split(":")[0]: int(line.split()[1])
                for line in status if re.match("Vm|Rss", line)}


def kernel_memory(gate, ss):
    """What the kernel holds for the server's connections, in KiB: buffers, with their overhead."""
    ports = f"( sport = :{gate.admission_port} or sport = :{gate.service_port} )"
    told = harness.run(ss, "-tnmH", "state", "all", ports).stdout.decode()
    taken = re.findall(r"skmem:\(r(\d+),rb\d+,t(\d+),tb\d+,f(\d+),w(\d+)", told)
    return sum(int(r) + int(f) + int(w) for r, _, f, w in taken) >> 10


def press(gate, ss, ways, seconds):
    """Lets strangers press for so long.

    Returns the peaks of memory, of the kernel's and of the sum, in KiB; what was answered to an
    honest client meanwhile, and what the strangers tell."""
    with contextlib.suppress(OSError):
        pathlib.Path(f"/proc/{gate.process.pid}/clear_refs").write_text("5", encoding="ascii")
    good, answered = harness.review("exec-by-developer"), []
    strangers = Strangers(gate, ways)
    kernel = total = 0
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                status, _, answer = gate.validate(good)
                answered.append(status)
                if status == 200:
                    assert json.loads(answer)["response"]["allowed"] is False
            assert gate.process.poll() is None, gate.lines[-3:]
            buffers = kernel_memory(gate, ss)
            kernel, total = max(kernel, buffers), max(total, buffers + memory(gate)["VmRSS"])
    finally:
        told = strangers.end()
    peak = memory(gate)["VmHWM"]
    return {"process": peak, "kernel": kernel, "sum": max(total, peak)}, answered, told


@pytest.fixture
def gate(certificate, all_rules):
    if harness.is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    gate = harness.Gate(certificate, all_rules, "--threads", "2")
    yield gate
    gate.stop()


def test_memory_stays_within_the_limit_of_the_pod(gate, tool):
    ss = tool("ss")
    rows = [(way, press(gate, ss, [way], 3)) for way in WAYS]
    rows.append(("all at once", press(gate, ss, WAYS, 12)))
    for name, (peaks, answered, told) in rows:
        print(f"| {name} | {peaks['process'] >> 10} | {peaks['kernel'] >> 10} |"
              f" {peaks['sum'] >> 10} | {len(answered)} {told.get(name)}")
    print(told, memory(gate))
    for name, (peaks, answered, told) in rows:
        assert peaks["sum"] < LIMIT, (name, peaks)
        assert set(answered) <= {200, 429} and 200 in answered, (name, answered)
        for one in told.values():
            assert set(one.get("statuses", {})) <= {"200", "400", "408", "429"}, (name, one)
    assert gate.decide(harness.review("exec-by-developer"))["allowed"] is False
    # Each of the largest is judged when it comes alone.
    for body in memory_load.reviews():
        status, _, answer = gate.validate(body)
        assert status == 200, answer
    assert memory(gate)["VmHWM"] < LIMIT, memory(gate)


def test_what_a_large_review_took_is_given_back(gate):
    assert gate.decide(harness.review("exec-by-developer"))["allowed"] is False
    before = memory(gate)["VmRSS"]
    review = memory_load.padded(b'"x":[' + b"1," * 490_000 + b"1]")
    assert gate.validate(review)[0] == 200
    end = time.monotonic() + harness.WAIT
    while memory(gate)["VmRSS"] > before + (6 << 10):
        assert time.monotonic() < end, memory(gate)
        time.sleep(0.1)
    assert memory(gate)["VmHWM"] > before + (32 << 10)
