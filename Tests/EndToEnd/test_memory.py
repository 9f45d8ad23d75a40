"""Everything that a stranger may make the process hold, at once: it stays within what the Pod has
(docs/operation.md, Memory), goes on judging, and gives back what it took."""

import contextlib
import itertools
import json
import socket
import struct
import threading
import time

import pytest

import harness

LIMIT = 128 << 10
"""What deploy/base/deployment.yaml gives the Pod, in KiB."""
POST = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
JSON, YAML = b"application/json", b"application/yaml"
POD = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{%s}}'
BODY = 32 << 20


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def padded(text):
    """A review of this spec of a Pod, and of a text that fills it up to 32 MiB."""
    review = harness.make_review(POD % (text + b',"z":"%s"'))
    return review % (b"\\u003c" * ((BODY - len(review)) // 6))


def reviews():
    """The worst shapes there are: many nodes, keys, escapes and violations."""
    keys = b",".join(b'"k%06d":1' % number for number in range(245_000))
    escaped = b",".join(b'"\\u006b%06d":1' % number for number in range(245_000))
    containers = b",".join(b'{"name":"c%d","image":"x"}' % number for number in range(90_000))
    return [
        padded(b'"x":[' + b"1," * 490_000 + b"1]"), padded(b'"x":{%s}' % keys),
        padded(b'"x":{%s}' % escaped), padded(b'"containers":[%s]' % containers),
        padded(b'"x":' + b"[" * 9000 + b"]" * 9000)]


def checks():
    head = b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
    pods = b"".join(
        b"---\n%sspec: {containers: [{name: c, image: x}]}\n" % head for _ in range(45_000))
    return [
        head + b"x:\n" + b"".join(b" k%06d: 1\n" % number for number in range(120_000)),
        head + b"x: &a [" + b"1," * 1000 + b"1]\ny:\n" + b"- *a\n" * 240,
        head + b'x: "' + b"x" * 4_190_000 + b'"\n', pods[:4 << 20]]


class Load:
    """Threads that do what a stranger would, until it is over; what was answered, by status."""

    def __init__(self, gate):
        self.gate = gate
        self.over = threading.Event()
        self.statuses = []
        self._threads = []

    def run(self, body):
        thread = threading.Thread(target=body, daemon=True)
        self._threads.append(thread)
        thread.start()

    def send(self, connect, path, kind, bodies):
        """Sends one body after another, each on a connection of its own."""
        def body():
            for content in itertools.cycle(bodies):
                if self.over.is_set():
                    return
                with contextlib.suppress(OSError), connect() as connection:
                    connection.sendall(POST % (path, kind, len(content)))
                    connection.sendall(content)
                    if status := connection.recv(1 << 20)[9:12]:
                        self.statuses.append(int(status))
        self.run(body)

    def hold(self, count, connect, content):
        """Keeps so many connections, in each of which this has been sent and nothing is read."""
        def body():
            held = []
            while not self.over.is_set():
                with contextlib.suppress(OSError):
                    connection = connect()
                    held.append(connection)
                    connection.settimeout(0.05)
                    connection.sendall(content)
                if len(held) > count:
                    held.pop(0).close()
            for connection in held:
                connection.close()
        self.run(body)

    def end(self):
        self.over.set()
        for thread in self._threads:
            thread.join(harness.WAIT * 3)


def attack(gate):
    """All that costs memory, from as many places as there are."""
    load = Load(gate)
    tls = gate.tls_context()
    h2 = gate.tls_context("h2")
    secure = lambda: gate.connect(10, tls)
    raw = lambda: socket.create_connection(("127.0.0.1", gate.admission_port), 10)
    request = b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
    fields = b"".join(b"\x00\x04n%03d\x7f\x00" % n + b"v" * 127 for n in range(80))
    heads = b"".join(
        frame(1, 4, stream, b"\x83\x87\x44\x09/validate\x41\x01a" + fields)
        for stream in range(1, 201, 2))
    for body in reviews():
        load.send(secure, b"/validate?timeout=30s", JSON, [body])
    for body in checks():
        load.send(gate.connect_service, b"/v1/check", YAML, [body])
    load.hold(60, secure, POST % (b"/validate", JSON, 64_000) + b" " * 33_000)
    load.hold(60, raw, bytes.fromhex("1603010200010001fc") + bytes(300))
    load.hold(60, secure, request * 4000)
    load.hold(60, lambda: gate.connect(10, h2), PREFACE + frame(4, 0, 0) + heads)
    load.hold(40, gate.connect_service, request * 4000)
    load.hold(40, gate.connect_service, POST % (b"/v1/check", YAML, 4 << 20) + b" " * 33_000)
    return load


def peak(gate):
    with open(f"/proc/{gate.process.pid}/status") as status:
        return {
            line.split(":")[0]: int(line.split()[1]) for line in status if line.startswith("Vm")}


def test_memory_stays_within_the_limit_of_the_pod(certificate, all_rules):
    if harness.is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    gate = harness.Gate(certificate, all_rules, "--threads", "2")
    load = attack(gate)
    good, answered = harness.review("exec-by-developer"), []
    try:
        end = time.monotonic() + 12
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                status, _, answer = gate.validate(good)
                answered.append(status)
                if status == 200:
                    assert json.loads(answer)["response"]["allowed"] is False
            assert gate.process.poll() is None, gate.lines[-3:]
            assert peak(gate)["VmHWM"] < LIMIT, peak(gate)
    finally:
        load.end()
    assert set(answered) <= {200, 429} and 200 in answered, answered
    assert load.statuses and set(load.statuses) <= {200, 400, 408, 429}, sorted(set(load.statuses))
    print(peak(gate), len(answered), {s: load.statuses.count(s) for s in set(load.statuses)})
    assert gate.decide(good)["allowed"] is False
    # Each of the largest is judged when it comes alone.
    for body in reviews():
        status, _, answer = gate.validate(body)
        assert status == 200, answer
        print(peak(gate))
    assert peak(gate)["VmHWM"] < LIMIT, peak(gate)
    gate.stop()


def test_what_a_large_review_took_is_given_back(certificate, all_rules):
    if harness.is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    gate = harness.Gate(certificate, all_rules, "--threads", "1")
    assert gate.decide(harness.review("exec-by-developer"))["allowed"] is False
    before = peak(gate)["VmRSS"]
    assert gate.validate(padded(b'"x":[' + b"1," * 490_000 + b"1]"))[0] == 200
    end = time.monotonic() + harness.WAIT
    while peak(gate)["VmRSS"] > before + (6 << 10):
        assert time.monotonic() < end, peak(gate)
        time.sleep(0.1)
    assert peak(gate)["VmHWM"] > before + (32 << 10)
    gate.stop()
