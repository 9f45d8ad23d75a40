"""Ways of connecting, sending, not reading and not leaving, for attacks."""

import contextlib
import select
import socket
import ssl
import struct
import time

import harness
import http2


def address(gate, service=False):
    return ("127.0.0.1", gate.service_port if service else gate.admission_port)


@contextlib.contextmanager
def raw(gate, count, service=False):
    """Connections without TLS."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection(address(gate, service), harness.WAIT))
               for _ in range(count)]


@contextlib.contextmanager
def secure(gate, count, *protocols, receive_buffer=0):
    context = gate.tls_context(*protocols)
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(gate.connect(context=context, receive_buffer=receive_buffer))
               for _ in range(count)]


def abort(connection):
    """Closes by RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


BUSY = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def pour(connection, content, reads=True, seconds=5):
    """Sends as long as the server takes; then, if it reads, until the server has nothing more to
    say for 0.3 s. Returns whether the server has closed."""
    connection.setblocking(False)
    rest, end, quiet = memoryview(content), time.monotonic() + seconds, None
    try:
        while time.monotonic() < end:
            if reads:
                with contextlib.suppress(*BUSY):
                    if not connection.recv(65536):
                        return True
                    quiet = None
            if rest:
                with contextlib.suppress(*BUSY):
                    rest = rest[connection.send(rest[:65536]):]
                    continue
            elif not reads:
                return False
            else:
                quiet = quiet or time.monotonic()
                if time.monotonic() - quiet > 0.3:
                    return False
            select.select([connection] if reads else [], [connection] if rest else [], [], 0.1)
    except OSError:
        return True
    return False


def wait_until_closed(connections, drip=b"", seconds=10):
    """Sends a little every now and then on each until the server has closed them all."""
    open_ones, end = set(connections), time.monotonic() + seconds
    for connection in connections:
        connection.setblocking(False)
    while open_ones:
        assert time.monotonic() < end, f"{len(open_ones)} of {len(connections)} are still open"
        for connection in list(open_ones):
            try:
                if drip:
                    connection.send(drip)
                if not connection.recv(65536):
                    open_ones.discard(connection)
            except BUSY:
                pass
            except OSError:
                open_ones.discard(connection)
        time.sleep(0.1)


def http2_pour(frames, reads=True, closes=None, connections=1, preface=http2.PREFACE):
    """An attack that sends frames; it says whether the server has to close the connection."""
    def run(gate):
        with secure(gate, connections, "h2", receive_buffer=0 if reads else 4096) as peers:
            for peer in peers:
                has_closed = pour(peer, preface + frames, reads)
                assert closes is None or has_closed is closes, has_closed
            if not reads:
                wait_until_gone(gate)
    return run


def wait_until_gone(gate, left=1):
    """Waits until the server has let all go but the honest client and who just left."""
    name = 'cattleguard_http_connections{listener="admission"}'
    end = time.monotonic() + 10
    while gate.metrics()[name] > left:
        assert time.monotonic() < end, "connections are left"
        time.sleep(0.1)
