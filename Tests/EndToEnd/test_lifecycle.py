"""How the server starts, ends, and says how it is."""

import contextlib
import json
import os
import resource
import signal
import socket
import time

import pytest

import harness


@pytest.fixture
def own(start):
    """A server for one test to end."""
    gate = start("--drain-delay", "1s")
    yield gate
    if gate.process.poll() is None:
        gate.kill()


def test_it_is_ready_soon(start):
    begin = time.monotonic()
    gate = start()
    took = time.monotonic() - begin
    gate.stop()
    assert took < 1


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_it_says_that_it_is_well(gate, path):
    assert gate.get(path)[0] == 200


def test_health_is_told_on_the_admission_listener(gate):
    assert gate.request("GET", "/healthz", service=False)[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_drains_and_ends_with_0(own, number):
    with contextlib.closing(own.connect()) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"connection: close" not in idle.recv(65536).lower()
        own.signal(number)
        end = time.monotonic() + harness.WAIT
        while own.get("/readyz")[0] != 503:
            assert time.monotonic() < end, "never became unready"
            time.sleep(0.01)
        # New connections are still taken and answered, and told that they are the last.
        status, headers, _ = own.validate(harness.review("exec-by-developer"))
        assert (status, headers["Connection"]) == (200, "close")
        # So is the one that was open.
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        answers = harness.parse_answers(harness.receive_all(idle))
        assert [(answer[0], answer[1]["connection"]) for answer in answers] == [(200, "close")]
    assert own.wait() == 0


def test_work_in_flight_is_finished(own):
    body = harness.review("exec-by-developer")
    head = b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    with own.connect() as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[:100])
        time.sleep(0.1)
        own.signal(signal.SIGTERM)
        time.sleep(1.5)
        connection.sendall(body[100:])
        answers = harness.parse_answers(harness.receive_all(connection))
    assert [answer[0] for answer in answers] == [200]
    assert own.wait() == 0


def test_waiting_for_work_in_flight_costs_nothing(own):
    """A loop that has ended already must not keep the thread that waits for the others busy."""
    with own.connect() as connection:
        connection.sendall(b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
        own.signal(signal.SIGTERM)
        own.wait_for_line(lambda line: line.get("msg") == "finishing")
        before = cpu_ticks(own.process.pid)
        time.sleep(1)
        assert (cpu_ticks(own.process.pid) - before) / os.sysconf("SC_CLK_TCK") < 0.3, "it spins"
        connection.sendall(b"x" * 9)
        assert [answer[0] for answer in harness.parse_answers(
            harness.receive_all(connection))] == [415]
    assert own.wait() == 0


def test_idle_connections_close_after_the_drain_delay(own):
    with own.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.recv(65536)
        begin = time.monotonic()
        own.signal(signal.SIGTERM)
        assert harness.receive_all(connection) == b""
        assert 0.8 < time.monotonic() - begin < 5
    assert own.wait() == 0


def test_a_second_signal_ends_it_at_once(start):
    gate = start("--drain-delay", "60s")
    gate.signal(signal.SIGTERM)
    gate.wait_for_line(lambda line: "drain" in line.get("msg", ""))
    begin = time.monotonic()
    gate.signal(signal.SIGTERM)
    gate.wait()
    assert time.monotonic() - begin < 2


def test_a_loop_of_reviews_loses_none_to_the_end(own):
    """What is asked before the announcement is answered: a POST is never repeated."""
    body = harness.review("exec-by-developer")
    head = b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with own.connect() as connection:
        own.signal(signal.SIGTERM)
        answered = 0
        while True:
            connection.sendall(request)
            received = b""
            while b'"response"' not in received:
                chunk = connection.recv(65536)
                assert chunk, "closed without an answer or an announcement"
                received += chunk
            answered += 1
            if b"connection: close" in received.lower():
                break
    assert answered >= 1
    assert own.wait() == 0


BROKEN = {
    "no certificate": {"--tls-certificate": "/nonexistent.crt"},
    "a certificate that is none": {"--tls-certificate": "GARBAGE"},
    "a port in use": {"--service-address": "IN_USE"},
    "a port that another gate shares among its loops": {"--admission-address": "IN_USE_SECURE"},
    "an address that is none": {"--service-address": "nonsense"},
    "no policies": {"--policies": "/nonexistent"},
    "an empty folder of policies": {"--policies": "EMPTY"},
    "an unknown option": {"--nonsense": "1"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_bad_start_says_why(certificate, enforcing, tmp_path, name):
    garbage = tmp_path / "garbage"
    garbage.write_text("garbage")
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        (tmp_path / "empty").mkdir()
        values = {
            "EMPTY": str(tmp_path / "empty"), "GARBAGE": str(garbage),
            "IN_USE": f"http://127.0.0.1:{taken.getsockname()[1]}",
            "IN_USE_SECURE": f"https://127.0.0.1:{taken.getsockname()[1]}"}
        options = {
            "--policies": enforcing, "--admission-address": "https://127.0.0.1:0",
            "--service-address": "http://127.0.0.1:0",
            "--tls-certificate": certificate / "tls.crt",
            "--tls-private-key": certificate / "tls.key",
            **{key: values.get(value, value) for key, value in BROKEN[name].items()}}
        done = harness.command(
            "serve", *(word for pair in options.items() for word in pair), timeout=harness.WAIT)
    assert done.returncode not in (0, -signal.SIGSEGV, -signal.SIGILL, -signal.SIGTRAP)
    assert done.stderr.strip()
    assert b"Fatal error" not in done.stderr


def test_no_policy_is_a_policy_only_where_allowed(start, tmp_path):
    gate = start("--allow-empty", policies=tmp_path)
    assert gate.decide(harness.review("exec-by-developer"))["allowed"] is True
    gate.stop()


def test_unknown_variables_only_warn(start):
    """Kubernetes sets CATTLEGUARD_PORT and the like beside a Service of this name."""
    gate = start(environment={"CATTLEGUARD_PORT": "tcp://10.0.0.1:443"})
    gate.assert_well()
    gate.stop()
    assert any("CATTLEGUARD_PORT" in json.dumps(line) for line in gate.lines)


def test_it_serves_more_connections_than_descriptors(start):
    """Out of descriptors it waits and goes on, and does not spin or die."""
    gate = start()
    try:
        resource.prlimit(gate.process.pid, resource.RLIMIT_NOFILE, (64, 64))
        with contextlib.ExitStack() as stack:
            for _ in range(100):
                connection = socket.create_connection(("127.0.0.1", gate.admission_port))
                stack.enter_context(connection)
            time.sleep(1)
            ticks = os.sysconf("SC_CLK_TCK")
            before = cpu_ticks(gate.process.pid)
            time.sleep(1)
            assert (cpu_ticks(gate.process.pid) - before) / ticks < 0.5, "it spins"
        gate.assert_well()
    finally:
        gate.stop()


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
