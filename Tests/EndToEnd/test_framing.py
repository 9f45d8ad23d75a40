"""HTTP from hostile hands: framing that two readers might read differently, and patience tried."""

import contextlib
import os
import socket
import ssl
import struct
import time

import pytest

import harness

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def exchange(gate, request, service=False, end=False):
    """Sends bytes as they are and returns the answers, when the server has closed."""
    connection = gate.connect_service() if service else gate.connect()
    with connection:
        connection.sendall(request)
        if end:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        return harness.parse_answers(harness.receive_all(connection))


def post(*fields, body=b"", line=b"POST /validate HTTP/1.1"):
    fields = (b"Host: localhost", b"Content-Type: application/json", *fields)
    return line + b"\r\n" + b"\r\n".join(fields) + b"\r\n\r\n" + body


# What RFC 9112 calls unrecoverable, and what one proxy or another reads in its own way.
MALFORMED = {
    "two lengths": post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello"),
    "the same length twice": post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"),
    "a list of lengths": post(b"Content-Length: 5, 5", body=b"hello"),
    "a length with a sign": post(b"Content-Length: +5", body=b"hello"),
    "a negative length": post(b"Content-Length: -5", body=b"hello"),
    "a length in hexadecimal": post(b"Content-Length: 0x5", body=b"hello"),
    "a length with a blank in it": post(b"Content-Length: 1 0", body=b"hello"),
    "an empty length": post(b"Content-Length: ", body=b"hello"),
    "a length past 64 bits": post(b"Content-Length: 18446744073709551621", body=b"hello"),
    "length and chunks": post(
        b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "chunks and length": post(
        b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    "chunked twice": post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"),
    "chunked in two fields": post(
        b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "chunked, then something": post(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n"),
    "blank before the colon": post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    "blank before the colon of the length": post(b"Content-Length : 5", body=b"hello"),
    "a folded field": post(b"X-Folded: a\r\n b", b"Content-Length: 0"),
    "a folded first field": b"GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n",
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: a\n\n",
    "a bare line feed in a field": post(b"X: a\nContent-Length: 5", body=b"hello"),
    "a bare carriage return in a field": post(b"X: a\rb", b"Content-Length: 0"),
    "a NUL in a field": post(b"X: a\0b", b"Content-Length: 0"),
    "no name": post(b": a", b"Content-Length: 0"),
    "no colon": post(b"abc", b"Content-Length: 0"),
    "a name that is no token": post(b"a(b): c", b"Content-Length: 0"),
    "no Host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a method that is no token": b"G@T /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "two blanks": b"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a blank in the target": b"GET /health z HTTP/1.1\r\nHost: a\r\n\r\n",
    "a target without a slash": b"GET healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a control character in the target": b"GET /health\x01z HTTP/1.1\r\nHost: a\r\n\r\n",
    "no version": b"GET /healthz\r\nHost: a\r\n\r\n",
    "a version in lower case": b"GET /healthz http/1.1\r\nHost: a\r\n\r\n",
    "chunk size of no digits": post(b"Transfer-Encoding: chunked", body=b"\r\nhello\r\n0\r\n\r\n"),
    "chunk size with a sign": post(b"Transfer-Encoding: chunked", body=b"+5\r\nhello\r\n0\r\n\r\n"),
    "chunk size with 0x": post(b"Transfer-Encoding: chunked", body=b"0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk size past 64 bits": post(
        b"Transfer-Encoding: chunked", body=b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "chunk size after a blank": post(
        b"Transfer-Encoding: chunked", body=b" 5\r\nhello\r\n0\r\n\r\n"),
    "chunk without its end": post(b"Transfer-Encoding: chunked", body=b"5\r\nhelloXX0\r\n\r\n"),
    "chunk size with a bare line feed": post(
        b"Transfer-Encoding: chunked", body=b"5\nhello\r\n0\r\n\r\n"),
    "a bare line feed in a chunk extension": post(
        b"Transfer-Encoding: chunked", body=b"5;a\nb\r\nhello\r\n0\r\n\r\n"),
    "a folded trailer": post(
        b"Transfer-Encoding: chunked", body=b"0\r\nX: a\r\n b\r\n\r\n"),
}


# A better reason than 400 where there is one: too long, or a coding that is not understood.
BETTER = {
    "a length past 64 bits": 413, "chunk size past 64 bits": 413,
    "chunked twice": 501, "chunked, then something": 501,
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("service", [False, True], ids=["admission", "service"])
def test_malformed_requests_are_400_and_the_end(gate, name, service):
    answers = exchange(gate, MALFORMED[name] + SMUGGLED, service)
    assert [status for status, _, _ in answers] == [BETTER.get(name, 400)]
    assert answers[0][1]["connection"] == "close"
    assert answers[0][1]["content-type"] == "application/problem+json"


TOO_MUCH = {
    "the target": (414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    "one field": (431, post(b"X: " + b"a" * 20000)),
    "all fields": (431, post(*(b"X-%d: %s" % (i, b"a" * 400) for i in range(60)))),
    "the number of fields": (431, post(*(b"X-%d: a" % i for i in range(120)))),
    "an endless first line": (414, b"GET /" + b"a" * 20000),
    "an endless method": (431, b"A" * 20000),
    "an endless chunk extension": (
        400, post(b"Transfer-Encoding: chunked", body=b"5;" + b"a" * 20000)),
    "an unknown coding": (501, post(b"Transfer-Encoding: gzip", body=b"0\r\n\r\n")),
    "an unknown expectation": (417, post(b"Expect: the-unexpected", b"Content-Length: 0")),
    "a version from the future": (505, b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n"),
    "a body over the limit": (413, post(b"Content-Length: 33554433")),
    "a body over the limit, asked for": (
        413, post(b"Content-Length: 33554433", b"Expect: 100-continue")),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_limits_have_their_own_status(gate, name):
    status, request = TOO_MUCH[name]
    answers = exchange(gate, request)
    assert [answer[0] for answer in answers] == [status]
    assert answers[0][1]["connection"] == "close"


def test_chunks_over_the_limit_are_413(gate):
    with gate.connect() as connection:
        connection.sendall(post(b"Transfer-Encoding: chunked"))
        megabyte = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        with contextlib.suppress(OSError):
            for _ in range(40):
                connection.sendall(megabyte)
        answers = harness.parse_answers(harness.receive_all(connection))
    assert [answer[0] for answer in answers] == [413]


def test_a_body_at_the_limit_is_read(gate):
    padding = b" " * ((32 << 20) - len(harness.review("pod-create-good")))
    assert gate.decide(harness.review("pod-create-good") + padding)["allowed"] is True


def test_the_service_has_a_lower_limit(gate):
    status, _, _ = gate.check(b"a: 1\n" + b"#" * (8 << 20))
    assert status == 413


@pytest.mark.parametrize(
    "field", [b"Content-Type: text/plain", b"Content-Type: application/jsonx",
              b"Content-Encoding: gzip\r\nContent-Type: application/json", b"X: no type at all"])
def test_other_types_are_415(gate, field):
    request = b"POST /validate HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + field
    answers = exchange(gate, request + b"\r\nContent-Length: 2\r\n\r\n{}")
    assert [answer[0] for answer in answers] == [415]


def test_pipelined_requests_are_answered_in_order(gate):
    one = harness.review("exec-by-developer")
    two = harness.review("pod-create-good")
    fields = lambda body: (b"Content-Length: %d" % len(body),)  # noqa: E731
    requests = post(*fields(one), body=one) + post(*fields(two), body=two)
    requests += b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    requests += b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with gate.connect() as connection:
        connection.sendall(requests)
        received = harness.receive_all(connection)
    assert received.count(b"HTTP/1.1 200") == 4
    assert received.index(b'"allowed":false') < received.index(b'"allowed":true')


def test_a_request_may_come_byte_by_byte(gate):
    body = harness.review("exec-by-developer")
    chunks = b"".join(b"%x;a=\"b\"\r\n%s\r\n" % (len(part), part) for part in (
        body[:1], body[1:100], body[100:])) + b"0\r\nX-Trailer: a\r\n\r\n"
    request = post(b"Transfer-Encoding: chunked", b"Connection: close", body=chunks)
    with gate.connect() as connection:
        for index in range(len(request)):
            connection.sendall(request[index:index + 1])
        answers = harness.parse_answers(harness.receive_all(connection))
    assert answers[0][0] == 200 and b'"allowed":false' in answers[0][2]


@pytest.mark.parametrize("length", [0, 1, 20, 80, 200, 600])
def test_truncated_requests_are_given_up(gate, length):
    body = harness.review("exec-by-developer")
    request = post(b"Content-Length: %d" % len(body), body=body)
    with gate.connect() as connection:
        connection.sendall(request[:length])
        connection.unwrap().close()


@pytest.mark.parametrize("keep_alive", [b"HTTP/1.0", b"HTTP/1.1\r\nConnection: close"])
def test_connections_close_when_the_client_wants_it(gate, keep_alive):
    answers = exchange(gate, b"GET /healthz " + keep_alive + b"\r\nHost: a\r\n\r\n")
    assert [answer[0] for answer in answers] == [200]


# Slowness. `hasty` waits a second where the real server waits ten or thirty.


def seconds_until_closed(connection, drip=b"", limit=6):
    """How long the server lets a client go on that sends a little every now and then."""
    start = time.monotonic()
    connection.settimeout(0.1)
    while time.monotonic() - start < limit:
        with contextlib.suppress(TimeoutError):
            try:
                if drip:
                    connection.sendall(drip)
                if not connection.recv(65536):
                    return time.monotonic() - start
            except (ConnectionError, ssl.SSLError):
                return time.monotonic() - start
    raise AssertionError(f"still open after {limit} s")


@pytest.mark.parametrize(
    "beginning, drip",
    [(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ", b"a"),
     (post(b"Content-Length: 1000000"), b"a"),
     (post(b"Transfer-Encoding: chunked"), b"1\r\na\r\n")],
    ids=["head", "body", "chunks"])
def test_dripping_gains_nothing(hasty, beginning, drip):
    with hasty.connect() as connection:
        connection.sendall(beginning)
        assert 0.5 < seconds_until_closed(connection, drip) < 4


def test_a_silent_client_is_not_waited_for(hasty):
    with socket.create_connection(("127.0.0.1", hasty.admission_port)) as connection:
        assert 0.5 < seconds_until_closed(connection) < 4


def test_a_dripping_handshake_is_not_waited_for(hasty):
    with socket.create_connection(("127.0.0.1", hasty.admission_port)) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert 0.5 < seconds_until_closed(connection, b"\0") < 4


def test_a_client_that_does_not_read_is_not_waited_for(hasty):
    with socket.create_connection(("127.0.0.1", hasty.service_port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0.5)
        requests = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 2000
        with contextlib.suppress(OSError):
            connection.sendall(requests)
        time.sleep(3)
        connection.settimeout(harness.WAIT)
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass


def test_many_slow_clients_do_not_hold_up_the_others(hasty):
    slow = [socket.create_connection(("127.0.0.1", hasty.admission_port)) for _ in range(200)]
    try:
        start = time.monotonic()
        hasty.assert_well()
        assert time.monotonic() - start < 2
    finally:
        for connection in slow:
            connection.close()


# Garbage


GARBAGE = [
    b"\0" * 64, b"\xff" * 64, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x16\x03\x01\xff\xff" + b"\0" * 70000, b"\x15\x03\x03\x00\x02\x02\x28",
    b"\x80\x2e\x01\x00\x02", os.urandom(4096),
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_tls_garbage_ends_the_connection(gate, garbage):
    with socket.create_connection(("127.0.0.1", gate.admission_port), harness.WAIT) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
        harness.receive_all(connection)


def test_garbage_after_the_handshake_ends_the_connection(gate):
    raw = socket.create_connection(("127.0.0.1", gate.admission_port), harness.WAIT)
    connection = gate.tls_context().wrap_socket(raw, server_hostname="localhost")
    duplicate = socket.socket(fileno=os.dup(connection.fileno()))
    with connection, duplicate:
        duplicate.sendall(b"\x17\x03\x03\x00\x40" + os.urandom(64))
        with contextlib.suppress(ssl.SSLError):
            harness.receive_all(connection)


# HTTP/2 by hand, on the plaintext listener


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(
        ">I", stream) + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4)
GET_READYZ = b"\x82\x86\x04\x07/readyz\x41\x01a"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9


def frames_until_closed(connection):
    """The frames that the server sends: kind, flags, stream, payload."""
    received = harness.receive_all(connection)
    frames = []
    while len(received) >= 9:
        length = int.from_bytes(received[:3], "big")
        kind, flags, stream = received[3], received[4], int.from_bytes(received[5:9], "big")
        frames.append((kind, flags, stream, received[9:9 + length]))
        received = received[9 + length:]
    return frames


FLOODS = {
    "rapid reset": b"".join(
        frame(HEADERS, 5, stream, GET_READYZ) + frame(RST_STREAM, 0, stream, b"\0\0\0\x08")
        for stream in range(1, 40001, 2)),
    "endless continuation": frame(HEADERS, 1, 1, GET_READYZ) + b"".join(
        frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b" * 100) for _ in range(1000)),
    "settings": frame(SETTINGS, 0, 0, b"\x00\x03\x00\x00\x00\x01") * 200000,
    "pings": frame(PING, 0, 0, b"12345678") * 200000,
    "empty data": frame(HEADERS, 4, 1, GET_READYZ) + frame(DATA, 0, 1) * 500000,
    "a frame that is too long": frame(HEADERS, 5, 1, b"\x82" * 20000),
    "a broken header block": frame(HEADERS, 5, 1, b"\xff" * 100),
    "data without a stream": frame(DATA, 1, 1, b"a"),
    "a headers bomb": frame(
        HEADERS, 5, 1, GET_READYZ + b"\x40\x01a\x7f\x81\x1e" + b"a" * 4000 + b"\xbe" * 4000),
}


@pytest.mark.parametrize("name", FLOODS)
def test_http2_floods_are_bounded(gate, name):
    before = gate.metrics()["process_resident_memory_bytes"]
    with gate.connect_service() as connection:
        with contextlib.suppress(OSError):
            connection.sendall(PREFACE + FLOODS[name])
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            frames_until_closed(connection)
    assert gate.metrics()["process_resident_memory_bytes"] - before < 64 << 20


def test_too_many_http2_streams_are_refused(gate):
    requests = b"".join(
        frame(HEADERS, 4, stream, b"\x83\x86\x04\x09/v1/check\x41\x01a")
        for stream in range(1, 401, 2))
    with gate.connect_service() as connection:
        connection.sendall(PREFACE + requests + frame(GOAWAY, 0, 0, b"\0" * 8))
        connection.settimeout(1)
        received = b""
        with contextlib.suppress(OSError):
            while chunk := connection.recv(65536):
                received += chunk
    refused = frame(RST_STREAM, 0, 399, b"\0\0\0\x07")
    assert refused in received
