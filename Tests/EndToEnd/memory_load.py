"""One way of making the server hold memory, as a process of its own, so that several of them are as
many strangers and each has a processor's time to fill all the connections there are.

usage: memory_load.py WAY ADMISSION_PORT SERVICE_PORT CA

It goes on until its input ends, then prints how often it got which status.
"""

import collections
import contextlib
import itertools
import json
import select
import socket
import ssl
import struct
import sys
import threading

import harness

POST = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
JSON, YAML = b"application/json", b"application/yaml"
POD = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{%s}}'
BODY = 32 << 20
ADMISSION, SERVICE = 256, 64
"""Connections that the listeners hold."""


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def padded(text):
    """A review of this spec of a Pod, and of a text that fills it up to 32 MiB."""
    review = harness.make_review(POD % (text + b',"z":"%s"'))
    return review % (b"\\u003c" * ((BODY - len(review)) // 6))


def reviews():
    """The worst shapes there are: many nodes, keys, escapes, violations, levels."""
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


def heads():
    """A hundred streams of HTTP/2, each with a long head and a body that does not come."""
    fields = b"".join(b"\x00\x04n%03d\x7f\x00" % n + b"v" * 127 for n in range(80))
    return b"".join(
        frame(1, 4, stream, b"\x83\x87\x44\x09/validate\x41\x01a" + fields)
        for stream in range(1, 201, 2))


class Load:
    def __init__(self, admission, service, authority):
        self.admission, self.service = ("127.0.0.1", admission), ("127.0.0.1", service)
        self.context = {None: ssl.create_default_context(cafile=authority)}
        self.context["h2"] = ssl.create_default_context(cafile=authority)
        self.context["h2"].set_alpn_protocols(["h2"])
        self.over = threading.Event()
        self.statuses = collections.Counter()
        self.most = 0

    def plain(self, address):
        return socket.create_connection(address, 10)

    def secure(self, protocol=None):
        raw = self.plain(self.admission)
        try:
            return self.context[protocol].wrap_socket(raw, server_hostname="localhost")
        except BaseException:
            raw.close()
            raise

    def send(self, connect, path, kind, bodies):
        """Sends one body after another, each on a connection of its own, as from many clients."""
        def body(first):
            for content in itertools.islice(itertools.cycle(bodies), first, None):
                if self.over.is_set():
                    return
                with contextlib.suppress(OSError), connect() as connection:
                    connection.sendall(POST % (path, kind, len(content)))
                    connection.sendall(content)
                    if status := connection.recv(1 << 20)[9:12]:
                        self.statuses[int(status)] += 1
        threads = [threading.Thread(target=body, args=(first,)) for first in range(len(bodies))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def hold(self, count, connect, content):
        """Keeps so many connections, in each of which this has been sent, as far as it is taken,
        and nothing is read; those that the server closes are replaced."""
        held = collections.deque()
        while not self.over.is_set():
            if len(held) == count:
                oldest = held.popleft()
                if select.select([oldest], [], [], 0.001)[0] and self.is_closed(oldest):
                    oldest.close()
                else:
                    held.append(oldest)
                continue
            with contextlib.suppress(OSError):
                connection = connect()
                held.append(connection)
                connection.setblocking(False)
                rest = memoryview(content)
                with contextlib.suppress(ssl.SSLWantWriteError):
                    while rest:
                        rest = rest[connection.send(rest[:16384]):]
            self.most = max(self.most, len(held))

    @staticmethod
    def is_closed(connection):
        """Whether the server has ended it: what it has answered is not taken for that."""
        state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state != 1

    def run(self, way):
        request = b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
        hello = bytes.fromhex("1603010200010001fc") + bytes(300)
        half = b" " * 33_000
        ways = {
            "reviews": lambda: self.send(self.secure, b"/validate?timeout=30s", JSON, reviews()),
            "checks": lambda: self.send(
                lambda: self.plain(self.service), b"/v1/check", YAML, checks()),
            "idle": lambda: self.hold(
                ADMISSION, lambda: self.secure("h2"), PREFACE + frame(4, 0, 0)),
            "handshakes": lambda: self.hold(ADMISSION, lambda: self.plain(self.admission), hello),
            "bodies": lambda: self.hold(
                ADMISSION, self.secure, POST % (b"/validate", JSON, 64_000) + half),
            "untaken": lambda: self.hold(ADMISSION, self.secure, request * 20_000),
            "streams": lambda: self.hold(
                ADMISSION, lambda: self.secure("h2"), PREFACE + frame(4, 0, 0) + heads()),
            "service-bodies": lambda: self.hold(
                SERVICE, lambda: self.plain(self.service),
                POST % (b"/v1/check", YAML, 4 << 20) + half),
            "service-untaken": lambda: self.hold(
                SERVICE, lambda: self.plain(self.service), request * 20_000),
        }
        ways[way]()


def main():
    way, admission, service, authority = sys.argv[1:]
    load = Load(int(admission), int(service), authority)

    def watch():
        sys.stdin.read()
        load.over.set()
    threading.Thread(target=watch, daemon=True).start()
    load.run(way)
    json.dump({"statuses": load.statuses, "connections": load.most}, sys.stdout)


if __name__ == "__main__":
    main()
