"""What a stranger on the network may try, a row an attack: what it does, what the server does about
it, how it is done, and the bounds on what it may cost.

A bound is far above what is measured, and far below what a loop that spins, a buffer that grows or
a client that waits for another would cost.
"""

import collections.abc
import contextlib
import ctypes
import dataclasses
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time

import framing_cases
import harness
import http2
import tls_records
from hostile_clients import (
    abort, address, http2_pour, pour, raw, secure, wait_until_closed, wait_until_gone)

HASTY = ("--handshake-timeout", "1s", "--head-timeout", "1s", "--body-timeout", "1s",
         "--write-timeout", "1s", "--idle-timeout", "3s")
PATIENT = ()


@dataclasses.dataclass(frozen=True)
class Attack:
    """MiB of memory, seconds of the processor and of time, and the honest client's p99."""

    name: str
    does: str
    answer: str
    run: collections.abc.Callable
    memory: float = 32
    processor: float = 4
    seconds: float = 15
    latency: float = 1
    options: tuple = HASTY


POST = b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


# Connections and patience


def silence(gate):
    with raw(gate, 500) as connections:
        wait_until_closed(connections)


def drip_handshakes(gate):
    hello = tls_records.record(tls_records.HANDSHAKE, tls_records.client_hello())
    with raw(gate, 200) as connections:
        for connection in connections:
            connection.sendall(hello[:20])
        wait_until_closed(connections, b"\0")


def drip(beginning, little, count=150):
    def run(gate):
        with secure(gate, count) as connections:
            for connection in connections:
                connection.sendall(beginning)
            wait_until_closed(connections, little)
    return run


def drip_http2(gate):
    with secure(gate, 100, "h2") as connections:
        for number, connection in enumerate(connections):
            connection.sendall(http2.PREFACE + (
                http2.headers(http2.GET, flags=http2.END_STREAM) if number % 2
                else http2.headers(http2.POST, flags=http2.END_HEADERS)))
        wait_until_closed(connections)


def half_close(gate):
    hello = tls_records.record(tls_records.HANDSHAKE, tls_records.client_hello())
    parts = [b"", hello[:3], hello[:100], hello]
    with raw(gate, 200) as connections:
        for number, connection in enumerate(connections):
            connection.sendall(parts[number % len(parts)])
            connection.shutdown(socket.SHUT_WR)
        wait_until_closed(connections)
    parts = [b"", GET[:5], POST, POST + b"Content-Length: 9\r\n\r\n{", GET]
    with secure(gate, 100) as connections:
        for number, connection in enumerate(connections):
            connection.sendall(parts[number % len(parts)])
            connection.shutdown(socket.SHUT_WR)
        wait_until_closed(connections)


def reset_connections(gate):
    before = gate.metrics()["process_open_fds"]
    hello = tls_records.record(tls_records.HANDSHAKE, tls_records.client_hello())
    for number in range(900):
        if number % 3 == 0:
            connection = gate.connect()
            connection.sendall((POST + b"Content-Length: 1000\r\n\r\n", GET)[number % 2])
        else:
            connection = socket.create_connection(address(gate))
            connection.sendall(hello[:number % len(hello)])
        abort(connection)
    end = time.monotonic() + harness.WAIT
    while gate.metrics()["process_open_fds"] > before + 2:
        assert time.monotonic() < end, "descriptors are left"
        time.sleep(0.05)


def take_all_places(gate):
    with contextlib.ExitStack() as stack:
        for _ in range(400):
            connection = stack.enter_context(socket.socket())
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                connection.connect(address(gate))
        time.sleep(2.5)
        metrics = gate.metrics()
        assert metrics['cattleguard_http_connections{listener="admission"}'] <= 256
        assert metrics['cattleguard_http_connections_evicted_total{listener="admission"}'] > 0


def flood_hellos(gate):
    hello = tls_records.record(tls_records.HANDSHAKE, tls_records.client_hello())
    for _ in range(600):
        with socket.create_connection(address(gate), harness.WAIT) as connection:
            connection.sendall(hello)


def flood_handshakes(gate):
    context = gate.tls_context()
    for _ in range(300):
        gate.connect(context=context).close()


# HTTP/1.1


def pipeline_unread(gate):
    body = harness.review("exec-by-developer")
    requests = (b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
                + POST + b"Content-Length: %d\r\n\r\n" % len(body) + body) * 1000
    with secure(gate, 4, receive_buffer=4096) as connections:
        for connection in connections:
            pour(connection, requests, reads=False, seconds=0.1)
        wait_until_gone(gate)


def read_slowly(gate):
    with raw(gate, 20, service=True) as connections:
        for connection in connections:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(0.05)
            with contextlib.suppress(OSError):
                connection.sendall(b"GET /openapi.yaml HTTP/1.1\r\nHost: a\r\n\r\n" * 2000)
        name = 'cattleguard_http_connections{listener="service"}'
        end = time.monotonic() + 10
        while gate.metrics()[name] > 1:
            assert time.monotonic() < end, "who does not read is still there"
            time.sleep(0.2)


def http1_pour(content, count=1, closes=True):
    def run(gate):
        with secure(gate, count) as connections:
            for connection in connections:
                has_closed = pour(connection, content)
                assert closes is None or has_closed is closes, has_closed
    return run


def claim_bodies(gate):
    """Those who claim and send nothing must not get large reviews refused."""
    large = harness.make_review(json.dumps({"data": {"a": "x" * (2 << 20)}}), "ConfigMap")
    with secure(gate, 200) as connections:
        for connection in connections:
            connection.sendall(POST + b"Content-Length: 33554432\r\n\r\n{")
        assert gate.decide(large)["allowed"] is True
        wait_until_closed(connections)


def hold(content, count):
    """Sends a part of a request and waits until the server loses patience."""
    def run(gate):
        with secure(gate, count) as connections:
            for connection in connections:
                pour(connection, content, reads=False, seconds=1)
            wait_until_closed(connections)
    return run


def send_malformed(gate):
    for name, request in framing_cases.MALFORMED.items():
        with gate.connect() as connection:
            assert pour(connection, request + framing_cases.SMUGGLED), name


CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


# HTTP/2


def streams(count, *frames_of):
    """Frames of stream after stream."""
    return b"".join(
        b"".join(make(stream) for make in frames_of) for stream in range(1, 2 * count, 2))


def get(stream):
    return http2.headers(http2.GET, stream)


def brief_post(stream):
    """The same as `open_post` in fewer bytes."""
    return http2.headers(b"\x83\x87\x84\x41\x01a", stream, http2.END_HEADERS)


def open_post(stream):
    return http2.headers(http2.POST, stream, http2.END_HEADERS)


def overflow_window(stream):
    """What makes the server reset the stream (MadeYouReset, CVE-2025-8671)."""
    return http2.window_update(2**31 - 1, stream)


def close_connection_window(gate):
    """Answers that the streams would take but the connection does not."""
    ask = http2.request(path="/openapi.yaml")
    frames = http2.PREFACE + http2.settings((http2.INITIAL_WINDOW_SIZE, 2**31 - 1)) + streams(
        100, lambda stream: http2.headers(ask, stream))
    with raw(gate, 20, service=True) as connections:
        for connection in connections:
            connection.sendall(frames)
        wait_until_closed(connections)


def take_byte_by_byte(gate):
    frames = http2.settings((http2.INITIAL_WINDOW_SIZE, 0)) + streams(100, get)
    frames += b"".join(http2.window_update(1, stream) for stream in range(1, 200, 2)) * 100
    http2_pour(frames)(gate)


BOMB_ENTRY = http2.field("x", "a" * 4000, 0x40)


def indexed_bomb(stream):
    """16 KiB that stand for 60 MB."""
    return http2.headers(http2.GET + http2.indexed(62) * 15000, stream)


# TLS


def renegotiate(gate):
    for _ in range(5):
        client = subprocess.Popen(
            ["openssl", "s_client", "-tls1_2", "-connect", "127.0.0.1:%d" % gate.admission_port],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        while b"---" != client.stdout.readline().strip():
            pass
        os.write(client.stdin.fileno(), b"R\n")
        said = client.communicate(timeout=harness.WAIT)[0]
        assert b"no renegotiation" in said, said[-500:]


def allow_early_data(path):
    """Makes a stored session pretend that the server allows early data."""
    library, crypto = ctypes.CDLL("libssl.so.3"), ctypes.CDLL("libcrypto.so.3")
    library.PEM_read_bio_SSL_SESSION.restype = crypto.BIO_new_file.restype = ctypes.c_void_p
    pointer = ctypes.c_void_p
    source = pointer(crypto.BIO_new_file(os.fsencode(path), b"r"))
    session = pointer(library.PEM_read_bio_SSL_SESSION(source, None, None, None))
    assert session and library.SSL_SESSION_set_max_early_data(session, 16384) == 1
    crypto.BIO_free(source)
    target = pointer(crypto.BIO_new_file(os.fsencode(path), b"w"))
    assert library.PEM_write_bio_SSL_SESSION(target, session) == 1
    crypto.BIO_free(target)
    library.SSL_SESSION_free(session)


def send_early_data(gate):
    client = ["openssl", "s_client", "-tls1_3", "-ign_eof", "-connect",
              "127.0.0.1:%d" % gate.admission_port]
    last = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with tempfile.TemporaryDirectory() as folder:
        session, early = pathlib.Path(folder) / "session", pathlib.Path(folder) / "early"
        early.write_bytes(GET)
        said = harness.run(*client, "-sess_out", session, input=last).stdout
        assert re.search(rb"Max Early Data: 0\b", said), said
        allow_early_data(session)
        said = harness.run(
            *client, "-sess_in", session, "-early_data", early, input=last).stdout
    assert b"Early data was rejected" in said, said
    assert said.count(b"HTTP/1.1 200") == 1, said


def oversize_records(gate):
    with raw(gate, 100) as connections:
        for connection in connections:
            assert pour(connection, b"\x16\x03\x01\xff\xff" + bytes(70000))
    for _ in range(20):
        with tls_records.RecordWriter(gate) as writer:
            assert pour(writer.socket, b"\x17\x03\x03\xff\xff" + bytes(70000))


def split_hellos(gate):
    hello = b"".join(tls_records.record(tls_records.HANDSHAKE, bytes([byte]))
                     for byte in tls_records.client_hello())
    with raw(gate, 100) as connections:
        for connection in connections:
            connection.sendall(hello)
            # RFC 8446 §5.1 allows it: the answer is a ServerHello.
            assert connection.recv(1) == b"\x16"


def claim_handshake_messages(gate):
    claim = tls_records.record(tls_records.HANDSHAKE, b"\x01\x01\xff\xff" + bytes(12))
    with raw(gate, 500) as connections:
        for connection in connections:
            connection.sendall(claim)
        wait_until_closed(connections)


def records(make, count, closes, reads=True):
    def run(gate):
        with tls_records.RecordWriter(gate, 0 if reads else 4096) as writer:
            content = b"".join(make(writer) for _ in range(count))
            has_closed = pour(writer.socket, content, reads)
            assert closes is None or has_closed is closes, has_closed
            if not reads:
                wait_until_gone(gate)
    return run


def warn_before_hello(gate):
    warning = tls_records.record(tls_records.ALERT, b"\x01\x5a")
    with raw(gate, 20) as connections:
        for connection in connections:
            assert pour(connection, warning * 1000)


ATTACKS = [
    # Connections
    Attack("silent connections", "500 connections say nothing",
           "closed at `--handshake-timeout`", silence),
    Attack("slow handshakes", "200 ClientHellos, byte by byte",
           "closed at `--handshake-timeout`, which no byte renews", drip_handshakes),
    Attack("slow heads (slowloris)", "150 heads, byte by byte",
           "closed at `--head-timeout`, which no byte renews",
           drip(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ", b"a")),
    Attack("slow bodies", "150 bodies, byte by byte",
           "closed at `--body-timeout`, which no byte renews",
           drip(POST + b"Content-Length: 1000000\r\n\r\n", b"a")),
    Attack("slow chunks", "150 bodies, in chunks of a byte",
           "closed at `--body-timeout`", drip(CHUNKED, b"1\r\na\r\n")),
    Attack("slow streams", "100 HTTP/2 connections with half a field block or no content",
           "closed at `--head-timeout` and `--body-timeout`", drip_http2),
    Attack("half-closed connections", "300 clients send FIN, 100 each time within TLS or a request",
           "closed at once, or when what was asked is answered", half_close),
    Attack("resets", "900 connections reset in handshakes, heads, bodies and answers",
           "forgotten; no descriptor is left", reset_connections),
    Attack("more connections than places", "400 silent connections for 256 places",
           "who has kept us waiting for a second makes room", take_all_places, memory=96,
           latency=8, seconds=30, options=PATIENT),
    Attack("ClientHellos", "600 handshakes that end after the ClientHello",
           "each costs a signature", flood_hellos),
    Attack("handshakes", "300 whole handshakes", "each costs a signature", flood_handshakes),

    # HTTP/1.1
    Attack("pipelining unread", "4 clients send 2000 requests each and read no answer",
           "nothing is read while 16 KiB of answers wait; closed at `--write-timeout`",
           pipeline_unread),
    Attack("slow reads", "20 clients take 40 MB of answers by way of a window of 4 KiB",
           "the same", read_slowly),
    Attack("endless heads", "50 heads of 1 MB", "431 at 16 KiB, and closed",
           http1_pour(b"GET / HTTP/1.1\r\n" + b"X-Field: value\r\n" * 65000, 50)),
    Attack("endless first lines", "50 targets of 1 MB", "414 at 8 KiB, and closed",
           http1_pour(b"GET /" + b"a" * 1000000, 50)),
    Attack("many fields", "4000 requests with 90 fields each", "answered",
           http1_pour((b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 89 + b"\r\n") * 4000,
                      closes=False)),
    Attack("chunks of a byte", "5 bodies of 200,000 chunks", "read, and answered 400",
           http1_pour(CHUNKED + b"1\r\na\r\n" * 200000 + b"0\r\n\r\n", 5, closes=None)),
    Attack("chunk extensions", "10,000 chunks of a byte with 240 bytes of extension",
           "read, and answered 400",
           http1_pour(CHUNKED + (b"1;" + b"a" * 240 + b"\r\na\r\n") * 10000 + b"0\r\n\r\n",
                      closes=None)),
    Attack("claimed bodies", "200 bodies of 32 MiB of which one byte comes",
           "a length is a claim: room is made for what comes",
           claim_bodies),
    Attack("held bodies", "40 bodies of 4 MiB of which all but the end comes",
           "taken from the budget of large bodies; closed at `--body-timeout`",
           hold(POST + b"Content-Length: 4194305\r\n\r\n" + b" " * 4194304, 40), memory=320,
           seconds=40),
    Attack("request smuggling", "every request of framing_cases.py that two readers may read "
           "differently, with another behind it",
           "400 (413, 501) and closed: what is behind is never read", send_malformed),

    # HTTP/2
    Attack("rapid reset", "20,000 streams opened and reset (CVE-2023-44487)",
           "closed after 200, and 20 a second", http2_pour(
               streams(20000, get, http2.reset), closes=True)),
    Attack("made to reset", "20,000 streams that the server has to reset (CVE-2025-8671)",
           "reset; a request takes its place until it is", http2_pour(
               streams(20000, get, overflow_window))),
    Attack("made to reset, unread", "the same by a client that reads nothing",
           "nothing is read while 500 frames wait; closed at `--write-timeout`", http2_pour(
               streams(200000, brief_post, overflow_window), reads=False)),
    Attack("refused streams, unread", "600,000 streams more than may be open; nothing is read",
           "the same", http2_pour(streams(600000, brief_post), reads=False)),
    Attack("CONTINUATION flood", "field blocks that do not end (CVE-2024-28182)",
           "closed after 8", http2_pour(
               http2.headers(http2.GET, flags=http2.END_STREAM)
               + http2.frame(http2.CONTINUATION, 0, 1, http2.field("a", "b") * 100) * 5000,
               closes=True)),
    Attack("PING flood", "200,000 PINGs", "closed when 100 answers wait", http2_pour(
        http2.frame(http2.PING, 0, 0, bytes(8)) * 200000, closes=True)),
    Attack("PING flood, unread", "200,000 PINGs; nothing is read (CVE-2019-9512)",
           "the same", http2_pour(
               http2.frame(http2.PING, 0, 0, bytes(8)) * 200000, reads=False)),
    Attack("SETTINGS flood", "200,000 SETTINGS", "closed when 100 acknowledgements wait",
           http2_pour(http2.settings((3, 1)) * 200000, closes=True)),
    Attack("SETTINGS flood, unread", "200,000 SETTINGS; nothing is read (CVE-2019-9515)",
           "the same", http2_pour(
               http2.settings((3, 1)) * 200000, reads=False)),
    Attack("SETTINGS of many", "2730 settings in each of 100 frames", "closed after 32",
           http2_pour(http2.settings(*[(9, 1)] * 2730) * 100, closes=True)),
    Attack("window turns", "frames of 32 turns of INITIAL_WINDOW_SIZE over 100 open streams",
           "each turn looks at each stream; closed when 100 acknowledgements wait",
           http2_pour(streams(100, open_post) + http2.settings(
               *[(http2.INITIAL_WINDOW_SIZE, size) for size in (0, 2**30)] * 16) * 5000,
               closes=True)),
    Attack("empty DATA", "500,000 frames without content (CVE-2019-9518)",
           "read within the body's time", http2_pour(
               open_post(1) + http2.data(b"", flags=0) * 500000)),
    Attack("padding", "5000 frames of 255 bytes of padding", "read within the body's time",
           http2_pour(open_post(1) + http2.data(
               b"\xff" + bytes(255), flags=http2.PADDED) * 5000)),
    Attack("PRIORITY flood", "200,000 PRIORITY frames on idle streams (CVE-2019-9513)",
           "ignored", http2_pour(b"".join(
               http2.frame(http2.PRIORITY, 0, stream % 2**20 * 2 + 1, bytes(5))
               for stream in range(200000)))),
    Attack("WINDOW_UPDATE flood", "200,000 frames", "added up", http2_pour(
        http2.window_update(1) * 200000)),
    Attack("unknown frames", "200,000 frames of unknown types", "ignored", http2_pour(
        http2.frame(0xEE, 0, 0, bytes(8)) * 200000)),
    Attack("windows of 0", "20 connections with 100 answers each and windows of 0",
           "16 KiB of answers are made; closed at `--write-timeout`", http2_pour(
               http2.settings((http2.INITIAL_WINDOW_SIZE, 0)) + streams(100, get), reads=False,
               connections=20)),
    Attack("a closed connection window", "20 connections with 100 answers of 15 KB each that the "
           "connection's window does not let through", "the same", close_connection_window),
    Attack("windows of 1", "10,000 bytes of answers, each by a WINDOW_UPDATE of 1 (CVE-2019-9511)",
           "a frame each", take_byte_by_byte),
    Attack("HPACK bomb", "200 field blocks of 15,000 references to a field of 4000 bytes",
           "closed at 64 KiB of fields", http2_pour(
               http2.headers(http2.GET + BOMB_ENTRY, 1) + b"".join(
                   indexed_bomb(stream) for stream in range(3, 403, 2)), closes=True)),
    Attack("HPACK bomb, restrained", "1000 field blocks of 14 such references, 58 KB each",
           "nothing over 16 KiB is kept: 431", http2_pour(
               http2.headers(http2.GET + BOMB_ENTRY, 1) + b"".join(
                   http2.headers(http2.GET + http2.indexed(62) * 14, stream)
                   for stream in range(3, 2003, 2)), closes=False)),
    Attack("table sizes", "4000 table sizes in each of 100 field blocks",
           "read", http2_pour(b"".join(
               http2.headers((http2.table_size(0) + http2.table_size(4096)) * 2000 + http2.GET,
                             stream) for stream in range(1, 200, 2)))),
    Attack("tables filled and emptied", "100 field blocks that replace the dynamic table 4 times",
           "read", http2_pour(b"".join(
               http2.headers(http2.GET + BOMB_ENTRY * 3, stream) for stream in range(1, 200, 2)))),
    Attack("huge header lists", "500 requests of 120 KB of fields in HEADERS and CONTINUATION",
           "431 up to 64 KiB of fields; closed", http2_pour(b"".join(
               http2.headers(http2.GET, stream, http2.END_STREAM) + http2.frame(
                   http2.CONTINUATION, 0, stream, http2.field("x", "a" * 16000)) * 7
               + http2.frame(http2.CONTINUATION, http2.END_HEADERS, stream)
               for stream in range(1, 1001, 2)))),
    Attack("empty names", "20,000 fields without a name (CVE-2019-9516)", "the stream is reset",
           http2_pour(b"".join(
               http2.headers(http2.GET + http2.field("", "") * 200, stream)
               for stream in range(1, 201, 2)))),
    Attack("held heads", "100 streams of 15 KB of fields on each of 10 connections",
           "closed at `--body-timeout`; beyond 32 KiB a connection they draw on the budget",
           http2_pour(streams(100, lambda stream: http2.headers(
               http2.POST + http2.field("x", "a" * 15000), stream, http2.END_HEADERS)),
               reads=False, connections=10), memory=64),

    # TLS
    Attack("renegotiation", "TLS 1.2 clients ask for another handshake",
           "refused by an alert", renegotiate),
    Attack("early data", "a client sends a request before the handshake, on a ticket that does not "
           "allow it", "not read", send_early_data),
    Attack("oversized records", "records of 65,535 bytes, before and after the handshake",
           "closed by an alert", oversize_records),
    Attack("split ClientHellos", "100 ClientHellos of a byte a record",
           "answered: it is allowed", split_hellos),
    Attack("claimed handshake messages", "500 ClientHellos that claim to be 128 KiB long",
           "closed at `--handshake-timeout`", claim_handshake_messages, memory=96),
    Attack("tiny records", "30,000 records of a byte", "read within the body's time", records(
        lambda writer: writer.seal(
            tls_records.APPLICATION_DATA, (CHUNKED + b"1\r\na\r\n" * 9000)[
                writer._sequence:writer._sequence + 1] or b"a"), 30000, None)),
    Attack("empty records", "10,000 records without content", "closed after 32", records(
        lambda writer: writer.seal(tls_records.APPLICATION_DATA, b""), 10000, True)),
    Attack("KeyUpdates", "20,000 KeyUpdates that ask for another", "answered; closed at "
           "`--head-timeout`", records(lambda writer: writer.key_update(), 20000, None)),
    Attack("KeyUpdates, unread", "60,000 by a client that reads nothing",
           "nothing is read while 32 KiB of answers wait; closed at `--write-timeout`", records(
               lambda writer: writer.key_update(), 60000, None, reads=False)),
    Attack("warnings", "10,000 alerts that are only warnings", "closed", records(
        lambda writer: writer.seal(tls_records.ALERT, tls_records.USER_CANCELED), 10000, True)),
    Attack("warnings before the handshake", "1000 alerts in the clear on 20 connections", "closed",
           warn_before_hello),
]
