"""Measures the servers over TLS: closed loops at several numbers of connections, and an open one.

All servers run at once and are measured in turn, round after round; what is told is the median of
the rounds. CPU is the server's own time a request, the least noisy figure there is.
usage: [SECONDS_EACH=0.6] [ROUNDS=3] [WITHOUT=hummingbird] over_tls.py [REVIEW.json...]
"""

import atexit
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import servers

REVIEWS = [servers.ROOT / f"Tests/Fixtures/Reviews/{name}.json" for name in (
    "deployment-create-latest", "deployment-create-pinned-readonly",
    "deployment-rollout-restart-by-human")]
SECONDS = float(os.environ.get("SECONDS_EACH", "0.6"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
WITHOUT = os.environ.get("WITHOUT", "").replace(",", " ").split()
# What is left out at the start: connecting, handshakes, memory that is taken for the first time.
WARM_UP_SECONDS = 0.3
WARM_UP_SECONDS_A_CLIENT = 0.002
# After so long a client gives up by itself.
LONGEST_SECONDS = 60 + round(SECONDS)
# Reviews a second in the open loop, and the clients that send them: each at its own steady pace,
# and all of them at moments as random as arrivals are.
STEADY_RATE = 2000
STEADY_CLIENTS = 64
# Long enough for a 99th percentile of forty requests.
STEADY_SECONDS = max(SECONDS, 2)
STEADY_LOAD = f"{STEADY_CLIENTS}, {STEADY_RATE:,}/s"
CLOSED_LOOPS = [
    ("HTTP/1.1", "1", 1, ["--h1"]),
    ("HTTP/1.1", "16", 16, ["--h1"]),
    ("HTTP/1.1", "64", 64, ["--h1"]),
    ("HTTP/2", "16 × 1", 16, ["--max-concurrent-streams=1"]),
    ("HTTP/2", "64 × 10", 64, ["--max-concurrent-streams=10"]),
    # The last one, since a server need not give back what it took.
    ("HTTP/1.1", "512", 512, ["--h1"]),
]
HEADER = (
    "| protocol | connections | server | CPU ÷ nginx's | req/s ÷ | p99 ÷ | CPU µs | requests/s "
    "| p50 µs | p99 µs | p99.9 µs | RSS MB |\n|---|--:|---|" + "--:|" * 9)


class Result:
    """What one server did in one window of time, or the median of several such."""

    def __init__(self, rate, latencies, cpu, resident):
        self.rate = rate
        self.p50, self.p99, self.p999 = (
            latencies[int((len(latencies) - 1) * part)] for part in (0.5, 0.99, 0.999))
        self.cpu = cpu
        self.resident = resident

    @classmethod
    def median(cls, results):
        middle = cls.__new__(cls)
        for name in vars(results[0]):
            setattr(middle, name, statistics.median(getattr(each, name) for each in results))
        return middle


class Comparison:
    """What a server did under one load, round after round, beside another in the same rounds."""

    def __init__(self, results, beside=None):
        self.result = Result.median(results)
        self.rounds = list(zip(results, beside or []))

    def ratio(self, figure):
        """The median of the rounds' ratios, since both servers meet the same noise in a round; None
        where there is nothing beside it."""
        ratios = [getattr(one, figure) / getattr(other, figure) for one, other in self.rounds]
        return statistics.median(ratios) if ratios else None


def wait_until(condition, otherwise):
    """Waits for what takes milliseconds, and gives up with a message when it has taken too long."""
    deadline = time.monotonic() + servers.START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(otherwise)
        time.sleep(0.01)


def h2load(server, body, clients, options, log):
    """Has a number of clients load a server, and write the time of each request down."""
    log.unlink(missing_ok=True)
    process = subprocess.Popen(
        servers.pinned(
            ["h2load", *options, f"--clients={clients}", f"--duration={LONGEST_SECONDS}s",
             f"--data={body}", "--header=content-type: application/json",
             f"--log-file={log}", server.url], to_server=False),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # Whatever fails meanwhile, it does not go on.
    atexit.register(process.kill)
    return process


def observed(server, processes, clients, logs, seconds):
    """What a server does while clients that have been started load it: within one window of time,
    by their logs, whose lines are a request's start since 1970, its status and its duration, in µs.
    """
    wait_until(
        lambda: all(log.exists() and log.stat().st_size for log in logs),
        f"{server.name} does not answer all of {clients} clients")
    time.sleep(WARM_UP_SECONDS + WARM_UP_SECONDS_A_CLIENT * clients)
    begin, cpu = time.time_ns() // 1000, server.cpu_seconds()
    time.sleep(seconds)
    end, cpu = time.time_ns() // 1000, server.cpu_seconds() - cpu
    resident = server.resident_bytes()
    for process in processes:
        if process.poll() is not None:
            sys.exit(f"h2load ended too soon at {server.name}")
        process.kill()
        process.wait()
    latencies = []
    for log in logs:
        # The last line may be half written.
        for line in log.read_text().split("\n")[:-1]:
            start, status, duration = map(int, line.split())
            if status != 200:
                sys.exit(f"{server.name} answered {status}")
            if begin <= start + duration < end:
                latencies.append(duration)
    if not latencies:
        sys.exit(f"{server.name} answered nothing within {seconds} s")
    latencies.sort()
    window = (end - begin) / 1e6
    return Result(
        len(latencies) / window, latencies, cpu / len(latencies) * 1e6, resident)


def closed_loop(server, body, clients, options, work):
    """A server that is asked again as soon as it has answered."""
    log = work / "requests"
    processes = [h2load(server, body, clients, options, log)]
    return observed(server, processes, clients, [log], SECONDS)


def open_loop(server, body, work):
    """A server that is asked at a steady rate, however long it takes to answer."""
    logs = [work / f"requests-{index}" for index in range(STEADY_CLIENTS)]
    options = ["--h1", f"--rps={STEADY_RATE / STEADY_CLIENTS}"]
    processes = [h2load(server, body, 1, options, log) for log in logs]
    return observed(server, processes, STEADY_CLIENTS, logs, STEADY_SECONDS)


def row(protocol, load, name, comparison):
    """A line of the table, with what it is of nginx's first."""
    ratios = [comparison.ratio(figure) for figure in ("cpu", "rate", "p99")]
    result = comparison.result
    cells = ["–" if ratio is None else f"{ratio:.2f}" for ratio in ratios]
    cells.append(f"{result.cpu:.1f}")
    cells += [f"{value:,.0f}" for value in (result.rate, result.p50, result.p99, result.p999)]
    cells.append(f"{result.resident / 1e6:.1f}")
    return f"| {protocol} | {load} | {name} | " + " | ".join(cells) + " |"


def measure(body):
    """Prints a table of all servers for a review; returns them by protocol, load and server."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        servers.certificate(work)
        with servers.all_servers(work, body.read_bytes(), WITHOUT) as running:
            print(f"\n**{body.stem}**, {body.stat().st_size:,} bytes, "
                  f"answered with {running[0].answer_bytes:,}:\n\n{HEADER}", flush=True)
            loops = [
                (protocol, load, [server for server in running if server.speaks(protocol)],
                 lambda server, clients=clients, options=options:
                 closed_loop(server, body, clients, options, work))
                for protocol, load, clients, options in CLOSED_LOOPS]
            loops.insert(3, (
                "HTTP/1.1", STEADY_LOAD, running,
                lambda server: open_loop(server, body, work)))
            for protocol, load, measured, loop in loops:
                results = {server.name: [] for server in measured}
                for _ in range(ROUNDS):
                    for server in measured:
                        results[server.name].append(loop(server))
                for name, each in results.items():
                    beside = results.get("nginx") if name != "nginx" else None
                    comparison = Comparison(each, beside)
                    print(row(protocol, load, name, comparison), flush=True)
                    found[protocol, load, name] = comparison
    return found


def main():
    for body in map(pathlib.Path, sys.argv[1:] or REVIEWS):
        measure(body)


if __name__ == "__main__":
    main()
