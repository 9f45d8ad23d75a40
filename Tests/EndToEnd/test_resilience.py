"""What the server does when it is pressed: full queues, a log that nobody reads, its own end."""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import pytest

import harness

POST = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def test_a_full_queue_of_checks_says_when_to_come_again(start):
    gate = start("--service-connections", "128")
    heavy = b"".join(
        b"---\napiVersion: v1\nkind: Pod\nmetadata: {name: a%d}\n"
        b"spec: {containers: [{name: c, image: x}]}\n" % number for number in range(2000))
    head = (b"POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Type: application/yaml\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(heavy))
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(gate.connect_service(120)) for _ in range(60)]
        for connection in connections:
            connection.sendall(head + heavy)
        assert gate.get("/livez")[0] == 200
        assert gate.get("/metrics")[0] == 200
        # The refused are answered at once, those who wait are not waited for.
        refused = 0
        for connection in connections:
            connection.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                received = harness.receive_all(connection)
                # A report that was not taken may have given way to others, half sent.
                if not received.startswith(b"HTTP/1.1 429 "):
                    continue
                [(_, headers, _)] = harness.parse_answers(received)
                refused += 1
                assert headers["retry-after"] == "1"
    metrics = gate.metrics()
    shed = {name: value for name, value in metrics.items()
            if name.startswith('cattleguard_requests_shed_total{listener="service"')}
    assert shed['cattleguard_requests_shed_total{listener="service",reason="peer_checks"}'] > 0
    assert refused >= 20, refused
    # Some find no room for their bodies even, or for their reports.
    assert sum(shed.values()) >= refused, shed
    gate.assert_well()
    gate.stop()


def test_a_log_that_nobody_reads_holds_nobody_up(certificate, enforcing):
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [harness.BINARY, "serve", "--policies", enforcing, "--drain-delay", "0s",
         "--admission-address", "http://127.0.0.1:0", "--service-address", "http://127.0.0.1:0",
         "--threads", "1"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writing)
    os.close(writing)
    try:
        log = os.fdopen(reading, "rb", buffering=0)
        while (ready := json.loads(log.readline()))["msg"] != "ready":
            pass
        address = lambda url: ("127.0.0.1", int(url.rpartition(":")[2]))
        body = harness.make_review(
            '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}',
            userInfo={"username": "u" * 1000})
        batch = (POST % (b"/validate", len(body)) + body) * 20
        with socket.create_connection(address(ready["admission"]), harness.WAIT) as connection:
            for _ in range(400):
                connection.sendall(batch)
                received = b""
                while received.count(b'"response"') < 20:
                    received += connection.recv(1 << 20)
        with socket.create_connection(address(ready["service"]), harness.WAIT) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            metrics = harness.receive_all(connection).decode()
        dropped = [line for line in metrics.splitlines()
                   if line.startswith("cattleguard_log_lines_dropped_total ")]
        assert float(dropped[0].split()[1]) > 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(harness.WAIT) == 0
        whole, _, _ = log.read().rpartition(b"\n")
        for line in whole.split(b"\n"):
            json.loads(line)
    finally:
        process.kill()
        process.wait()


def test_hostile_names_stay_within_their_line(start):
    gate = start()
    names = ["a\n{\"level\":\"error\"}", "\u0000\u001b[2J\u2028\u202e", "x" * 500_000, "\U0001f600"]
    for name in names:
        pod = {"apiVersion": "v1", "kind": "Pod",
               "metadata": {"name": name, "annotations": {name: name}},
               "spec": {"containers": [{"name": name, "image": name, "env": {name: 1}}]}}
        text = json.dumps(pod)
        user = {"username": name, "groups": [name]}
        gate.validate(harness.make_review(text, userInfo=user, namespace=name, name=name))
        gate.validate(harness.make_review(
            text, userInfo=user, subResource=name, uid=name, operation=name))
        gate.validate(harness.make_review(json.dumps({"spec": {name: {}, "containers": name}})))
        gate.validate(('{"%s":1,"%s":2}' % ((json.dumps(name)[1:-1],) * 2)).encode())
        gate.validate(harness.make_review('{"a":{%s:1,%s:2}}' % ((json.dumps(name),) * 2)))
        gate.validate(json.dumps({"kind": name, "apiVersion": name, "request": name}).encode())
    gate.validate(harness.make_review(b'{"metadata":{"name":"\xff\xfe"}}'))
    gate.request("GET", "/" + "x" * 8000)
    gate.signal(signal.SIGTERM)
    with contextlib.suppress(AssertionError):
        gate.wait_for_line(lambda line: line["msg"] == "ended")
    gate.wait()
    longest = max(len(json.dumps(line)) for line in gate.lines)
    assert longest < 32 << 10, longest
    assert {line["msg"] for line in gate.lines} <= {
        "ready", "decision", "invalid review", "draining", "finishing", "ended",
        "unknown environment variable"}


def test_sigterm_under_load_loses_no_request(start):
    """Whoever keeps asking on an open connection is answered, and told when it is the last time."""
    gate = start("--drain-delay", "1s")
    body = harness.review("exec-by-developer")
    request = POST % (b"/validate", len(body)) + body
    lost, answered = [], []

    def ask():
        with gate.connect() as connection:
            while True:
                received = b""
                try:
                    connection.sendall(request)
                    while b'"response"' not in received:
                        chunk = connection.recv(65536)
                        if not chunk:
                            raise ConnectionError("closed without an answer")
                        received += chunk
                except OSError as error:
                    lost.append(error)
                    return
                answered.append(1)
                if b"connection: close" in received.lower():
                    return

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    gate.signal(signal.SIGTERM)
    for thread in threads:
        thread.join(harness.WAIT)
    assert lost == []
    assert len(answered) > 100
    assert gate.wait() == 0


@contextlib.contextmanager
def stopped(thread):
    """Stops one thread of a child process, as a loop that hangs (ptrace(2))."""
    library = ctypes.CDLL(None, use_errno=True)
    seize, interrupt, detach = 0x4206, 0x4207, 17
    if library.ptrace(seize, thread, None, None) != 0:
        pytest.skip(f"ptrace: {os.strerror(ctypes.get_errno())}")
    library.ptrace(interrupt, thread, None, None)
    os.waitpid(thread, 0x40000000)  # __WALL
    try:
        yield
    finally:
        library.ptrace(detach, thread, None, None)


def probe(gate):
    """What /healthz says on a loop that turns; the kernel gives the one that hangs its share."""
    for _ in range(20):
        with contextlib.suppress(TimeoutError), gate.connect(timeout=1) as connection:
            connection.sendall(
                b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            [(status, _, body)] = harness.parse_answers(harness.receive_all(connection))
            return status, body
    raise AssertionError("no loop answers")


def test_a_loop_that_hangs_is_told(start):
    gate = start("--threads", "2")
    tasks = pathlib.Path(f"/proc/{gate.process.pid}/task")
    threads = {(task / "comm").read_text().strip(): int(task.name) for task in tasks.iterdir()}
    with stopped(threads["admission-1"]):
        end = time.monotonic() + 20
        while gate.get("/livez")[0] != 503:
            assert time.monotonic() < end, "nobody says that a loop hangs"
            time.sleep(0.2)
        assert gate.get("/livez")[2] == b"admission-1 does not turn\n"
        assert probe(gate) == (503, b"admission-1 does not turn\n")
    end = time.monotonic() + harness.WAIT
    while gate.get("/livez")[0] != 200:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert probe(gate) == (200, b"ok\n")
    gate.assert_well()
    gate.stop()
