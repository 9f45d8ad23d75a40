"""HTTP/1.1 from hostile hands: framing that two readers might read differently."""

import contextlib
import os
import socket
import ssl

import pytest

import harness
from framing_cases import ACCEPTED, BETTER, MALFORMED, SMUGGLED, TOO_MUCH, post


def exchange(gate, request, service=False, end=False):
    """Sends bytes as they are and returns the answers, when the server has closed."""
    connection = gate.connect_service() if service else gate.connect()
    with connection:
        connection.sendall(request)
        if end:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        return harness.parse_answers(harness.receive_all(connection))


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("service", [False, True], ids=["admission", "service"])
def test_malformed_requests_are_400_and_the_end(gate, name, service):
    answers = exchange(gate, MALFORMED[name] + SMUGGLED, service)
    assert [status for status, _, _ in answers] == [BETTER.get(name, 400)]
    assert answers[0][1]["connection"] == "close"
    assert answers[0][1]["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ACCEPTED)
def test_odd_requests_are_read_as_they_are_meant(gate, name):
    statuses, request = ACCEPTED[name]
    assert [status for status, _, _ in exchange(gate, request)] == statuses


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
