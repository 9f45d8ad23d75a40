"""HTTP/2 by hand (RFC 9113, RFC 7541): frames made of bytes, so that they can also be wrong."""

import contextlib
import dataclasses
import socket
import struct
import time

import hpack

import harness

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, \
    CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
WITH_PRIORITY = 0x20

(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED,
 FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR,
 ENHANCE_YOUR_CALM) = range(12)
ERRORS = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
          "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR",
          "CONNECT_ERROR", "ENHANCE_YOUR_CALM"]

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, \
    MAX_HEADER_LIST_SIZE = range(1, 7)


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs, flags=0):
    return frame(SETTINGS, flags, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def window_update(increment, stream=0):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def headers(block, stream=1, flags=END_STREAM | END_HEADERS):
    return frame(HEADERS, flags, stream, block)


def data(content, stream=1, flags=END_STREAM):
    return frame(DATA, flags, stream, content)


MAGIC = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PREFACE = MAGIC + settings()


# HPACK (RFC 7541), without Huffman's code and without the dynamic table unless asked for


def integer(value, prefix, first=0):
    """An integer with a prefix of so many bits (RFC 7541 §5.1)."""
    most = (1 << prefix) - 1
    if value < most:
        return bytes([first | value])
    rest, encoded = value - most, bytes([first | most])
    while rest >= 128:
        encoded += bytes([rest & 127 | 128])
        rest >>= 7
    return encoded + bytes([rest])


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return integer(len(value), 7) + value


def indexed(index):
    return integer(index, 7, 0x80)


def table_size(size):
    return integer(size, 5, 0x20)


def field(name, value, kind=0):
    """A literal field with a new name: 0 without indexing, 0x10 never indexed, 0x40 indexed."""
    return bytes([kind]) + text(name) + text(value)


def block(*pairs):
    return b"".join(field(*pair) for pair in pairs)


def request(*more, method="GET", path="/healthz", scheme="https", authority="localhost"):
    return block(
        (":method", method), (":scheme", scheme), (":path", path), (":authority", authority),
        *more)


GET = request()
JSON = ("content-type", "application/json")
POST = request(JSON, method="POST", path="/validate")


# A client


@dataclasses.dataclass
class Peer:
    """A connection that has seen frames."""

    connection: socket.socket
    statuses: dict = dataclasses.field(default_factory=dict)
    resets: dict = dataclasses.field(default_factory=dict)
    ended: set = dataclasses.field(default_factory=set)
    frames: list = dataclasses.field(default_factory=list)
    goaway: int | None = None
    is_open: bool = True

    def __post_init__(self):
        self._received = b""
        self._decoder = hpack.Decoder()
        self._pings = 0

    def send(self, *frames):
        """Sends all; a server that has closed meanwhile need not take it."""
        with contextlib.suppress(OSError):
            self.connection.sendall(b"".join(frames))

    def read_until(self, is_enough, seconds=harness.WAIT):
        """Reads frames until there is enough or the server closes; whether there was."""
        end = time.monotonic() + seconds
        while not is_enough():
            self.connection.settimeout(max(0.01, end - time.monotonic()))
            try:
                received = self.connection.recv(65536)
            except TimeoutError:
                return False
            except OSError:
                received = b""
            if not received:
                self.is_open = False
                return is_enough()
            self._received += received
            self._take_frames()
        return True

    def _take_frames(self):
        while len(self._received) >= 9:
            length = int.from_bytes(self._received[:3], "big")
            if len(self._received) < 9 + length:
                return
            kind, flags, stream = struct.unpack(">BBI", self._received[3:9])
            payload = self._received[9:9 + length]
            self._received = self._received[9 + length:]
            self.frames.append((kind, flags, stream, payload))
            self._take(kind, flags, stream, payload)

    def _take(self, kind, flags, stream, payload):
        if kind == HEADERS:
            fields = dict(self._decoder.decode(payload))
            if ":status" in fields:
                self.statuses[stream] = int(fields[":status"])
        elif kind == RST_STREAM:
            self.resets[stream] = int.from_bytes(payload, "big")
        elif kind == GOAWAY:
            self.goaway = int.from_bytes(payload[4:8], "big")
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            self.ended.add(stream)

    def is_alive(self):
        """Whether a PING is answered."""
        self._pings += 1
        token = struct.pack(">Q", self._pings)
        self.send(frame(PING, 0, 0, token))
        return self.read_until(lambda: (PING, ACK, 0, token) in self.frames)


@contextlib.contextmanager
def connect(gate, preface=PREFACE):
    """A connection to the admission listener that speaks HTTP/2."""
    with gate.connect(context=gate.tls_context("h2")) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        peer = Peer(connection)
        peer.send(preface)
        yield peer
