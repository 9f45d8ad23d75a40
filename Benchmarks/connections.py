"""Measures what a connection costs beside its requests: the memory of an idle one and the server's
CPU time of a full handshake; and how long the program takes from its start until it is ready.

usage: [ROUNDS=3] connections.py
"""

import contextlib
import http.client
import pathlib
import socket
import statistics
import subprocess
import tempfile
import time

import over_tls
import servers

BODY = over_tls.REVIEWS[0]
IDLE_CONNECTIONS = 1000
# So many at once, and so many before it counts: what handshakes take while they last, and what a
# server takes for the first time, is no connection's own.
CONNECTIONS_AT_ONCE = 20
WARM_UP_CONNECTIONS = 100
# Enough: memory does not depend on what else the machine does.
IDLE_ROUNDS = 1
HANDSHAKES = 500
STARTS = 15


def idle_bytes(start, options, work):
    """The memory of a connection that was used once and is kept, in a server just started."""
    with start() as server:
        clients = []
        for count in range(0, WARM_UP_CONNECTIONS + IDLE_CONNECTIONS, CONNECTIONS_AT_ONCE):
            if count == WARM_UP_CONNECTIONS:
                time.sleep(0.5)
                before = server.resident_bytes()
            # A request each, and no other for hours.
            log = work / "requests"
            clients.append(over_tls.h2load(
                server, BODY, CONNECTIONS_AT_ONCE, [*options, "--rps=0.0001"], log))
            over_tls.wait_until(
                lambda log=log: log.exists() and log.read_text().count("\n") >= CONNECTIONS_AT_ONCE,
                f"{server.name} does not answer every connection")
        time.sleep(0.5)
        held = server.resident_bytes() - before
        for client in clients:
            client.kill()
            client.wait()
    return held / IDLE_CONNECTIONS


def handshake_cpu(server):
    """The server's time of a full handshake and of closing what it made, in seconds."""
    port = int(server.url.rsplit(":", 1)[1].split("/")[0])
    before = server.cpu_seconds()
    for _ in range(HANDSHAKES):
        with socket.create_connection(("127.0.0.1", port)) as plain:
            servers.TRUSTING.wrap_socket(plain).close()
    return (server.cpu_seconds() - before) / HANDSHAKES


def ready_seconds(work):
    """From starting the program until it says that it is ready."""
    port = servers.free_port()
    command = servers.cattleguard_command(work, servers.free_port(), port)
    begin = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while time.monotonic() - begin < servers.START_SECONDS:
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", port)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return time.monotonic() - begin
            time.sleep(0.0005)
        raise SystemExit("cattleguard does not get ready")
    finally:
        servers.stop(process)


def measure():
    """Prints a table; returns what the goals ask for: bytes by protocol, and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        servers.certificate(work)
        starts = {"cattleguard": lambda: servers.cattleguard(work)}
        if "nginx" not in over_tls.WITHOUT:
            starts["nginx"] = lambda: servers.nginx(work, 700)
        if "hummingbird" not in over_tls.WITHOUT:
            starts["Hummingbird"] = lambda: servers.hummingbird(work, 700)
        idle = {}
        handshakes = {}
        for name, start in starts.items():
            for protocol, options in (("HTTP/1.1", ["--h1"]), ("HTTP/2", [])):
                if protocol == "HTTP/1.1" or name != "Hummingbird":
                    idle[name, protocol] = statistics.median(
                        idle_bytes(start, options, work) for _ in range(IDLE_ROUNDS))
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(start()) for start in starts.values()]
            rounds = [[handshake_cpu(server) for server in running]
                      for _ in range(over_tls.ROUNDS)]
            for server, each in zip(running, zip(*rounds)):
                handshakes[server.name] = statistics.median(each)
        ready = statistics.median(ready_seconds(work) for _ in range(STARTS))
    print("| server | an idle connection, HTTP/1.1 | HTTP/2 | CPU of a full handshake |")
    print("|---|--:|--:|--:|")
    for name in starts:
        cells = [
            f"{idle[name, protocol] / 1024:.1f} KiB" if (name, protocol) in idle else "–"
            for protocol in ("HTTP/1.1", "HTTP/2")]
        print(f"| {name} | {cells[0]} | {cells[1]} | {handshakes[name] * 1e6:.0f} µs |")
    print(f"\nFrom the start of the program until `/readyz` says yes: {ready * 1000:.1f} ms.",
          flush=True)
    return idle, ready


if __name__ == "__main__":
    measure()
