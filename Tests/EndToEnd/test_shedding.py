"""Load shedding and fairness: what finds no room or time is answered 429 and counted, and nobody
who asks for much keeps the others waiting. Every address of 127.0.0.0/8 is a peer of its own."""

import contextlib
import json
import select
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time

import pytest

import harness

SHED = 'cattleguard_requests_shed_total{listener="%s",reason="%s"}'
REFUSED = 'cattleguard_http_connections_refused_total{listener="service"}'


def connect_service(gate, address="127.0.0.1", timeout=harness.WAIT):
    """A connection to the service listener from one of the loopback addresses."""
    return socket.create_connection(
        ("127.0.0.1", gate.service_port), timeout=timeout, source_address=(address, 0))


def check_request(body):
    return (b"POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Type: application/yaml\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)) + body


def pods(count, name="x"):
    """Manifests that break a rule each: slow to judge, and much to report."""
    return b"".join(
        b"---\napiVersion: v1\nkind: Pod\nmetadata: {name: a%d}\n"
        b"spec: {containers: [{name: c, image: %s}]}\n" % (number, name.encode())
        for number in range(count))


def answer_on(connection):
    """The one answer that comes on a connection."""
    [answer] = harness.parse_answers(harness.receive_all(connection))
    return answer


# Time


def slow_review(gate, timeout, pause):
    """A review whose body's end comes late; the connection stays open behind its answer."""
    body = harness.review("exec-by-developer")
    head = (b"POST /validate?timeout=%s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % (timeout, len(body)))
    with gate.connect() as connection:
        connection.sendall(head + body[:-1])
        time.sleep(pause)
        connection.sendall(body[-1:])
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answers = harness.parse_answers(harness.receive_all(connection))
    assert answers[1][0] == 200
    return answers[0]


def test_a_review_whose_time_is_over_is_not_judged(gate):
    before = gate.metrics()
    status, headers, body = slow_review(gate, b"200ms", 0.4)
    assert status == 429
    assert headers["retry-after"] == "1"
    assert json.loads(body)["detail"] == "the time that the timeout gives is over"
    after = gate.metrics()
    name = SHED % ("admission", "deadline")
    assert after[name] - before[name] == 1
    reviews = "cattleguard_admission_reviews_total"
    assert ({key: value for key, value in after.items() if key.startswith(reviews)}
            == {key: value for key, value in before.items() if key.startswith(reviews)})


@pytest.mark.parametrize("timeout", [b"30s", b"1m30s", b"0s", b"soon", b"-1s", b""])
def test_a_review_that_has_time_is_judged(gate, timeout):
    status, _, body = slow_review(gate, timeout, 0.3)
    assert status == 200
    assert json.loads(body)["response"]["allowed"] is False


def test_every_stream_has_its_own_time(gate, tool, tmp_path):
    """Real clients of HTTP/2, many requests at once: none is late for another's sake."""
    review = tmp_path / "review.json"
    review.write_bytes(harness.review("exec-by-developer"))
    done = harness.run(
        tool("h2load"), "-n", "2000", "-c", "4", "-m", "50", "-d", review,
        "-H", "content-type: application/json",
        f"https://127.0.0.1:{gate.admission_port}/validate?timeout=5s")
    assert b"2000 succeeded, 0 failed" in done.stdout, done.stdout
    assert b"2000 2xx" in done.stdout, done.stdout


# Shares of peers


def is_open(connection):
    """Whether the server answers here."""
    with contextlib.suppress(OSError):
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        return b"200 OK" in connection.recv(65536)
    return False


def test_a_peer_has_its_share_of_the_connections(start):
    gate = start(environment={"CATTLEGUARD_PEER_CONNECTIONS": "8"})
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect_service(gate, "127.0.0.2")) for _ in range(8)]
        assert all(is_open(connection) for connection in held)
        for _ in range(3):
            with connect_service(gate, "127.0.0.2") as connection:
                assert not is_open(connection)
        with connect_service(gate, "127.0.0.3") as connection:
            assert is_open(connection)
        assert gate.metrics()[REFUSED] == 3
        # One that goes makes room for one that comes.
        held[0].close()
        end = time.monotonic() + harness.WAIT
        while time.monotonic() < end:
            with connect_service(gate, "127.0.0.2") as connection:
                if is_open(connection):
                    break
        else:
            pytest.fail("the place of a closed connection is not given back")
    gate.assert_well()
    gate.stop()


@pytest.mark.parametrize("option", [
    "--admission-connections", "--service-connections", "--peer-connections", "--peer-checks"])
def test_a_number_of_connections_or_checks_is_at_least_one(option, enforcing):
    address = "http://127.0.0.1:0"
    done = harness.command(
        "serve", "--policies", enforcing, "--admission-address", address,
        "--service-address", address, option, "0")
    assert done.returncode != 0
    assert f"{option} is at least 1".encode() in done.stderr


def test_peers_take_turns_in_the_queue_of_checks(start):
    """However many checks one peer has brought, another's waits for one of them, not for all."""
    gate = start()
    heavy = check_request(pods(4000))
    with contextlib.ExitStack() as stack:
        greedy = [stack.enter_context(connect_service(gate, "127.0.0.2")) for _ in range(30)]
        for connection in greedy:
            connection.sendall(heavy)
        # Those that find no room are told at once: then all the others wait.
        shed = SHED % ("service", "peer_checks")
        end = time.monotonic() + harness.WAIT
        while gate.metrics()[shed] < 3 and time.monotonic() < end:
            time.sleep(0.02)
        assert gate.metrics()[shed] >= 2
        done = 'cattleguard_http_requests_total{listener="service",route="/v1/check",%s}'
        before = gate.metrics()[done % 'status_class="2xx"']
        with connect_service(gate, "127.0.0.3", 60) as modest:
            modest.sendall(check_request(pods(1)))
            assert answer_on(modest)[0] == 200
        # Those at work when it came, those that came in between, and its own.
        assert gate.metrics()[done % 'status_class="2xx"'] - before <= 5
    gate.assert_well()
    gate.stop()


# Turns


def latencies(ask, seconds):
    times = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        ask()
        times.append(time.monotonic() - begin)
        time.sleep(0.002)
    return times


@contextlib.contextmanager
def load(*arguments):
    """h2load in the background, as fast as it can."""
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        time.sleep(0.3)
        yield
        process.terminate()


PIPELINE = """
import select, socket, ssl, sys
port, certificate, path = sys.argv[1:]
body = open(path, "rb").read()
request = (b"POST /validate?timeout=5s HTTP/1.1\\r\\nHost: a\\r\\n"
           b"Content-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)) + body
many = request * max(1, (1 << 20) // len(request))
context = ssl.create_default_context(cafile=certificate)
raw = socket.create_connection(("127.0.0.1", int(port)))
connection = context.wrap_socket(raw, server_hostname="localhost")
connection.setblocking(False)
unsent = memoryview(many)
while True:
    # One thread for both directions: OpenSSL allows no second one.
    select.select([connection], [connection], [], 5)
    try:
        while connection.recv(1 << 16):
            pass
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        pass
    try:
        unsent = unsent[connection.send(unsent[:1 << 16]):] or memoryview(many)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        pass
"""
"""Sends reviews one behind the other without waiting for answers, and reads those."""


@pytest.mark.parametrize("protocol", ["pipelined", "multiplexed"])
@pytest.mark.parametrize("size", ["small", "large"])
def test_a_greedy_client_does_not_hold_up_another(start, tool, tmp_path, protocol, size):
    gate = start("--threads", "1")
    body = harness.review("exec-by-developer")
    review = tmp_path / "review.json"
    if size == "large":
        # Over what is free: it counts against the budget, too.
        data = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "x" * 300_000}})
        review.write_bytes(harness.make_review(data, "ConfigMap"))
    else:
        review.write_bytes(body)
    greedy = {
        "pipelined": [sys.executable, "-c", PIPELINE, str(gate.admission_port), str(gate.ca),
                      str(review)],
        "multiplexed": [
            tool("h2load"), "-D", "30", "-c", "1", "-t", "1", "-m", "100", "-d", str(review),
            "-H", "content-type: application/json",
            f"https://127.0.0.1:{gate.admission_port}/validate?timeout=5s"]}[protocol]
    request = (b"POST /validate?timeout=5s HTTP/1.1\r\nHost: a\r\n"
               b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)) + body
    with gate.connect() as connection:
        def ask():
            connection.sendall(request)
            received = b""
            while b'"response"' not in received:
                chunk = connection.recv(65536)
                assert chunk, received
                received += chunk
            assert b" 200 OK" in received[:20], received[:200]

        quiet = statistics.median(latencies(ask, 0.5))
        reviews = "cattleguard_admission_review_duration_seconds_count"
        with load(*greedy):
            before = gate.metrics()[reviews]
            loaded = latencies(ask, 1.5)
            after = gate.metrics()[reviews]
    assert after - before > 3 * len(loaded), "the greedy client was not greedy"
    assert statistics.median(loaded) < 20 * quiet + 0.05, (quiet, statistics.median(loaded))
    gate.assert_well()
    gate.stop()


def test_large_answers_do_not_hold_up_another(start, tool):
    """A client that takes answers as fast as they are written, many at once."""
    gate = start()
    def ask():
        assert gate.get("/livez")[0] == 200

    quiet = statistics.median(latencies(ask, 0.5))
    with load(tool("h2load"), "-D", "30", "-c", "1", "-t", "1", "-m", "100",
              f"{gate.service}/metrics"):
        loaded = statistics.median(latencies(ask, 1.5))
    assert loaded < 20 * quiet + 0.1, (quiet, loaded)
    gate.assert_well()
    gate.stop()


def test_pipelining_within_tls_takes_no_memory(gate):
    """What was decrypted and not yet read must keep the loop from reading more."""
    request = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    count, answered, measured = 200_000, 0, 0
    before = peak = gate.metrics()["process_resident_memory_bytes"]
    with gate.connect() as connection:
        # One thread for both directions: OpenSSL allows no second one.
        connection.setblocking(False)
        unsent = memoryview(request * count)
        while answered < count:
            ready = select.select([connection], [connection] if unsent else [], [], harness.WAIT)
            assert ready[0] or ready[1], (answered, len(unsent))
            with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                while chunk := connection.recv(1 << 16):
                    answered += chunk.count(b"HTTP/1.1 200")
            with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                unsent = unsent[connection.send(unsent[:1 << 16]):] if unsent else unsent
            if answered - measured > count / 100:
                measured = answered
                peak = max(peak, gate.metrics()["process_resident_memory_bytes"])
            if not unsent and answered > count * 0.99:
                break
    # An answer whose beginning is split over two reads is not seen as one.
    assert answered > count * 0.9
    assert peak - before < 4 << 20, peak - before


# Room


def test_answers_that_nobody_takes_are_bounded(start):
    """Large reports, asked for and not read, draw on the service's budget and not on more."""
    gate = start("--check-threads", "2", "--peer-checks", "32")
    # Long names make long reports.
    heavy = check_request(pods(9000, "x" * 250))
    before = gate.metrics()["process_resident_memory_bytes"]
    begun = []
    with contextlib.ExitStack() as stack:
        for number in range(4):
            batch = []
            for _ in range(8):
                connection = stack.enter_context(
                    connect_service(gate, f"127.0.0.{number + 2}", 60))
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                with contextlib.suppress(OSError):
                    connection.sendall(heavy)
                batch.append(connection)
            # The beginning of an answer comes, and is left where it is.
            for connection in batch:
                with contextlib.suppress(OSError):
                    begun.append(connection.recv(12, socket.MSG_PEEK))
        metrics = gate.metrics()
    rss = metrics["process_resident_memory_bytes"] - before
    shed = {
        reason: metrics[SHED % ("service", reason)] for reason in ["answer_budget", "body_budget"]}
    assert b"HTTP/1.1 200" in begun and b"HTTP/1.1 429" in begun, (begun, shed)
    assert shed["answer_budget"] > 0, shed
    assert rss < 256 << 20, rss
    gate.assert_well()
    gate.stop()


def test_a_saturated_service_leaves_admission_untouched(start):
    """All its connections taken, its bytes held, its queue full, its threads at the worst of
    documents: reviews notice nothing, large ones neither."""
    gate = start("--body-timeout", "60s")
    worst = check_request(pods(1_700))
    upload = b"x" * (3 << 20)
    head = (b"POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Type: application/yaml\r\n"
            b"Content-Length: %d\r\n\r\n" % (len(upload) + 1))
    large = harness.make_review(
        json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "x" * (2 << 20)}}),
        "ConfigMap")
    small = harness.review("exec-by-developer")
    with contextlib.ExitStack() as stack:
        for number in range(48):
            connection = stack.enter_context(connect_service(gate, f"127.0.1.{number % 4 + 1}"))
            connection.settimeout(0.5)
            with contextlib.suppress(OSError):
                connection.sendall(worst)
        for number in range(12):
            connection = stack.enter_context(connect_service(gate, f"127.0.2.{number + 1}"))
            connection.settimeout(2)
            with contextlib.suppress(OSError):
                connection.sendall(head + upload)
        # The client's own kernel may hold an upload for a while.
        end = time.monotonic() + harness.WAIT
        while not (shed := gate.metrics())[SHED % ("service", "body_budget")]:
            assert time.monotonic() < end, "no upload was refused"
            time.sleep(0.05)
        for number in range(4):
            connection = stack.enter_context(connect_service(gate, f"127.0.3.{number % 4 + 1}"))
            connection.sendall(b"GET")
        times = []
        for number in range(60):
            body = large if number % 6 == 0 else small
            begin = time.monotonic()
            status, _, answer = gate.validate(body)
            times.append(time.monotonic() - begin)
            assert status == 200, answer
    assert shed[SHED % ("service", "peer_checks")] + shed[SHED % ("service", "check_queue")] > 0
    assert statistics.median(times) < 1, times
    metrics = gate.metrics()
    assert not [
        name for name, value in metrics.items()
        if name.startswith('cattleguard_requests_shed_total{listener="admission"') and value]
    gate.assert_well()
    gate.stop()
