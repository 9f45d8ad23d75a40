"""The servers that are measured, each on one thread and, where there are two, on a processor of its
own: this program, nginx and, where it was built, a minimal one in Hummingbird."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import ssl
import string
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
BINARY = ROOT / ".build/release/cattleguard"
HUMMINGBIRD = HERE / "HummingbirdServer/.build/release/MinimalServer"
ENFORCING = ROOT / "deploy/overlays/enforcing/policies.yaml"
PROCESSORS = sorted(os.sched_getaffinity(0))
START_SECONDS = 20
TRUSTING = ssl._create_unverified_context()
"""The certificate is made for the run: nothing is learnt from verifying it."""


def pinned(command, to_server):
    """The command, kept to the servers' processor or to all others."""
    if len(PROCESSORS) < 2:
        return list(command)
    chosen = PROCESSORS[-1:] if to_server else PROCESSORS[:-1]
    return ["taskset", "--cpu-list", ",".join(map(str, chosen)), *command]


class Server:
    """A server that answers, with what it uses so far."""

    def __init__(self, name, process, url):
        self.name = name
        self.pid = process.pid
        self.url = url
        self.answer_bytes = 0

    def speaks(self, protocol):
        """Hummingbird's minimal server is built without HTTP/2."""
        return protocol == "HTTP/1.1" or self.name != "Hummingbird"

    def processes(self):
        """The server's process and its children."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [self.pid, *map(int, children.split())]

    def cpu_seconds(self):
        """What its threads have run for: exactly, where the ticks of `stat` are of 10 ms."""
        return sum(
            int(path.read_text().split()[0]) / 1e9 for process in self.processes()
            for path in pathlib.Path(f"/proc/{process}/task").glob("*/schedstat"))

    def resident_bytes(self):
        texts = [pathlib.Path(f"/proc/{each}/status").read_text() for each in self.processes()]
        found = [re.search(r"VmRSS:\s+(\d+) kB", text) for text in texts]
        return sum(int(match[1]) for match in found if match) * 1024


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(url, body):
    """The bytes of an answer."""
    request = urllib.request.Request(
        url, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, context=TRUSTING, timeout=START_SECONDS) as answer:
        return answer.read()


def certificate(work):
    """Makes the certificate of all servers in a folder: ECDSA on P-256."""
    subprocess.run(
        [BINARY, "certificate", "--out", work, "--host", "127.0.0.1"],
        check=True, stdout=subprocess.DEVNULL)


def stop(process):
    """Ends a server and its children at once, however many connections it would wait for."""
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    doomed = [process.pid, *map(int, children.read_text().split())] if children.exists() else []
    for each in doomed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def running(name, command, port, log, **options):
    """Runs a server until it is no longer needed, from when it accepts connections."""
    process = subprocess.Popen(pinned(map(str, command), True), **options)
    deadline = time.monotonic() + START_SECONDS
    try:
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text() if log.exists() else ""
                sys.exit(f"{name} did not start: {' '.join(map(str, command))}\n{said}")
            time.sleep(0.01)
        yield Server(name, process, f"https://127.0.0.1:{port}/validate")
    finally:
        stop(process)


def cattleguard_command(work, port, service_port, policies=ENFORCING):
    return [
        BINARY, "serve", "--policies", policies, "--threads", "1",
        "--admission-address", f"https://127.0.0.1:{port}",
        "--service-address", f"http://127.0.0.1:{service_port}",
        "--admission-connections", "2048",
        "--tls-certificate", work / "tls.crt", "--tls-private-key", work / "tls.key"]


@contextlib.contextmanager
def cattleguard(work):
    """This program as in production: twelve rules that enforce, metrics, and a decision log that
    goes through a pipe to somebody who reads it."""
    port = free_port()
    command = cattleguard_command(work, port, free_port())
    drain = subprocess.Popen(
        pinned(["cat"], False), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        with running(
                "cattleguard", command, port, work / "cattleguard.log",
                stderr=drain.stdin) as server:
            yield server
    finally:
        drain.stdin.close()
        drain.wait()


@contextlib.contextmanager
def nginx(work, answer_bytes):
    port = free_port()
    template = string.Template((HERE / "nginx.conf").read_text())
    configuration = work / "nginx.conf"
    configuration.write_text(
        template.substitute(port=port, work=work, answer="a" * answer_bytes))
    command = ["nginx", "-c", configuration, "-p", work]
    with running("nginx", command, port, work / "nginx.log") as server:
        yield server


@contextlib.contextmanager
def hummingbird(work, answer_bytes):
    port = free_port()
    command = [HUMMINGBIRD, work / "tls.crt", work / "tls.key", port, answer_bytes]
    with (work / "hummingbird.log").open("w") as log, running(
            "Hummingbird", command, port, work / "hummingbird.log", stdout=log,
            stderr=log) as server:
        yield server


@contextlib.contextmanager
def all_servers(work, body, left_out=()):
    """All servers, idle; each answers the body, the others with as many bytes as the gate does."""
    with contextlib.ExitStack() as stack:
        gate = stack.enter_context(cattleguard(work))
        gate.answer_bytes = length = len(post(gate.url, body))
        servers = [gate]
        for name, start in (("nginx", nginx), ("hummingbird", hummingbird)):
            if name not in left_out:
                servers.append(stack.enter_context(start(work, length)))
        for server in servers[1:]:
            answered = len(post(server.url, body))
            if answered != length:
                sys.exit(f"{server.name} answers {answered} bytes, not {length}")
        yield servers
