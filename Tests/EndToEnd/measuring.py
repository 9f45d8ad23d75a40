"""What an attack costs: the server's memory and processor time, and the patience of others."""

import contextlib
import dataclasses
import os
import pathlib
import subprocess
import sys
import threading
import time

import harness

TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Cost:
    """What was measured: MiB that memory grew by at its peak, seconds of the processor, seconds of
    time, and the honest client's latencies, in seconds."""

    growth: float
    processor: float
    seconds: float
    latencies: tuple
    refused: int

    def latency(self, share):
        """The latency that this share of the requests did not exceed."""
        return self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


class Honest:
    """The honest client of honest.py, as long as this lives."""

    def __init__(self, gate):
        self._process = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).with_name("honest.py"),
             str(gate.admission_port), str(gate.ca)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._process.stdin.write(harness.review("pod-create-good"))
        self._process.stdin.close()
        self._answers = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            begin, latency, status = line.split()
            self._answers.append((float(begin), float(latency), status))

    def since(self, moment):
        """The latencies of requests begun since then, sorted, and how many were not decided."""
        answers = [answer for answer in self._answers if answer[0] >= moment]
        decided = [latency for _, latency, status in answers if status == b"200"]
        return tuple(sorted(decided)), len(answers) - len(decided)

    def wait_for(self, count, moment):
        """Waits until so many requests begun since then are over."""
        end = time.monotonic() + 2 * harness.WAIT
        while sum(answer[0] >= moment for answer in list(self._answers)) < count:
            assert time.monotonic() < end, "the honest client is not answered"
            time.sleep(0.01)

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()


def _status(process, name):
    for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"/proc/{process}/status has no {name}")


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Meter:
    """Measures a server and those it serves."""

    def __init__(self, gate):
        self.gate = gate
        self._honest = Honest(gate)
        self._honest.wait_for(20, 0)

    def measure(self, attack):
        """Runs an attack and tells its cost."""
        process = self.gate.process.pid
        # Lowers the memory's peak to what it is now (proc(5)).
        with contextlib.suppress(OSError):
            pathlib.Path(f"/proc/{process}/clear_refs").write_text("5")
        memory, processor = _status(process, "VmRSS"), processor_seconds(process)
        begin = time.monotonic()
        attack(self.gate)
        seconds = time.monotonic() - begin
        self._honest.wait_for(20, begin)
        latencies, refused = self._honest.since(begin)
        return Cost(
            _status(process, "VmHWM") - memory, processor_seconds(process) - processor, seconds,
            latencies, refused)

    def stop(self):
        self._honest.stop()
