"""What HTTP/2 (RFC 9113; RFC 7540 where it says more) and HPACK (RFC 7541) ask of a server, a row a
case: section, what is sent, what must come of it.

What must come is exact though the RFCs often leave a choice: a change of behaviour is to be seen.
Where the choice surprises, the row says why it is one.
"""

import dataclasses

from http2 import *  # noqa: F403  the language in which the rows are written

MOST = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Statuses and reset codes by stream; the code of GOAWAY; whether the connection goes on."""

    statuses: dict = dataclasses.field(default_factory=dict)
    resets: dict = dataclasses.field(default_factory=dict)
    goaway: int | None = None
    is_open: bool = True


@dataclasses.dataclass(frozen=True)
class Case:
    section: str
    name: str
    sends: tuple
    expects: Outcome
    preface: bytes = PREFACE
    note: str = ""


def answered(*statuses):
    """Streams 1, 3, 5 ... are answered with these statuses."""
    return Outcome({1 + 2 * index: status for index, status in enumerate(statuses)})


def stream_error(code, stream=1, **more):
    return Outcome(resets={stream: code}, **more)


def connection_error(code, *statuses, resets=None):
    return Outcome(answered(*statuses).statuses, resets or {}, goaway=code, is_open=False)


def ended_and(*frames, stream=1):
    """A request whose answer is awaited, then frames."""
    return (headers(GET, stream), lambda peer: peer.read_until(lambda: stream in peer.ended),
            *frames)


def halted_and(*frames):
    """A request whose answer is stopped by a window of 0, then frames."""
    return (settings((INITIAL_WINDOW_SIZE, 0)), headers(GET), until_answered, *frames)


def until_answered(peer):
    peer.read_until(lambda: 1 in peer.statuses)


def reset_and(*frames):
    """A stream that is opened and reset, then frames."""
    return (headers(POST, 1, END_HEADERS), reset(1), lambda peer: peer.is_alive(), *frames)


IGNORED = Outcome()
OK = answered(200)
PROTOCOL = connection_error(PROTOCOL_ERROR)
SIZE = connection_error(FRAME_SIZE_ERROR)
COMPRESSION = connection_error(COMPRESSION_ERROR)
MALFORMED = stream_error(PROTOCOL_ERROR)
CLOSED = "the fields are decoded and dropped: nghttp2 keeps no closed streams here, which cost " \
    "memory, and so cannot tell one that it has itself closed, on which frames may be under way, " \
    "from one that the client closed or skipped"
NO_PRIORITIES = "PRIORITY means nothing where SETTINGS_NO_RFC7540_PRIORITIES is 1 (RFC 9218 §2.1)"
OPEN_POST = headers(POST, 1, END_HEADERS)
NOT_A_REVIEW = answered(400)
"""What the content `{}` gets at /validate: so the request was read to its end."""


def priority(dependency=0, weight=15, exclusive=False):
    return struct.pack(">IB", dependency | exclusive << 31, weight)  # noqa: F405


PADDED_GET = b"\x05" + GET + b"\0" * 5

CASES = [
    # generic: what any client does
    Case("3.4", "the preface", (), IGNORED),
    Case("3.4", "a preface in two parts", (MAGIC[12:] + settings(),), IGNORED, MAGIC[:12]),
    Case("3.4", "a request right behind the preface", (), OK, PREFACE + headers(GET)),
    Case("4.1", "frames in one byte each", tuple(bytes([b]) for b in headers(GET)), OK),
    Case("5.1", "PRIORITY on an idle stream", (frame(PRIORITY, 0, 1, priority()),), IGNORED),
    Case("5.1", "PRIORITY on an idle stream, then a request on a higher one",
         (frame(PRIORITY, 0, 1, priority()), headers(GET, 3)), Outcome({3: 200})),
    Case("5.1", "WINDOW_UPDATE on a stream that is half closed by the client",
         (headers(GET), window_update(1, 1)), OK),
    Case("5.1", "PRIORITY on a stream that is half closed by the client",
         (headers(GET), frame(PRIORITY, 0, 1, priority())), OK),
    Case("5.1", "RST_STREAM on a stream that is half closed by the client",
         ended_and(reset(1)), OK),
    Case("5.1", "PRIORITY on a closed stream", ended_and(frame(PRIORITY, 0, 1, priority())), OK),
    Case("5.1", "WINDOW_UPDATE on a closed stream", ended_and(window_update(1, 1)), OK),
    Case("6.1", "DATA", (OPEN_POST, data(b"{}")), NOT_A_REVIEW),
    Case("6.1", "DATA in several frames",
         (OPEN_POST, data(b"{", flags=0), data(b"}")), NOT_A_REVIEW),
    Case("6.1", "DATA with padding",
         (OPEN_POST, data(b"\x03{}\0\0\0", flags=PADDED | END_STREAM)), NOT_A_REVIEW),
    Case("6.1", "DATA of padding alone, then DATA",
         (OPEN_POST, data(b"\x03\0\0\0", flags=PADDED), data(b"{}")), NOT_A_REVIEW),
    Case("6.1", "DATA without content at the end",
         (OPEN_POST, data(b"{}", flags=0), data(b"")), NOT_A_REVIEW),
    Case("6.2", "HEADERS", (headers(GET),), OK),
    Case("6.2", "HEADERS with padding",
         (headers(PADDED_GET, flags=PADDED | END_STREAM | END_HEADERS),), OK),
    Case("6.2", "HEADERS with priority",
         (headers(priority() + GET, flags=WITH_PRIORITY | END_STREAM | END_HEADERS),), OK),
    Case("6.2", "HEADERS with padding and priority",
         (headers(b"\x05" + priority() + GET + b"\0" * 5,
                  flags=PADDED | WITH_PRIORITY | END_STREAM | END_HEADERS),), OK),
    Case("6.3", "PRIORITY of weight 1",
         (frame(PRIORITY, 0, 1, priority(weight=0)), headers(GET)), OK),
    Case("6.3", "PRIORITY of weight 256",
         (frame(PRIORITY, 0, 1, priority(weight=255)), headers(GET)), OK),
    Case("6.3", "PRIORITY with a dependency",
         (frame(PRIORITY, 0, 1, priority(3)), headers(GET)), OK),
    Case("6.3", "PRIORITY with an exclusive dependency",
         (frame(PRIORITY, 0, 1, priority(3, exclusive=True)), headers(GET)), OK),
    Case("6.4", "RST_STREAM on an open stream", (OPEN_POST, reset(1)), IGNORED),
    Case("6.5", "SETTINGS of every kind",
         (settings((1, 8192), (2, 0), (3, 10), (4, 70000), (5, 20000), (6, 9000)), headers(GET)),
         OK),
    Case("6.5", "SETTINGS without any", (settings(), headers(GET)), OK),
    Case("6.7", "PING", (frame(PING, 0, 0, b"12345678"),), IGNORED),
    Case("6.8", "GOAWAY, then the answer to what is open",
         (OPEN_POST, frame(GOAWAY, 0, 0, bytes(8)), data(b"{}")),
         Outcome({1: 400}, is_open=False),
         note="having answered what was open, the server closes"),
    Case("6.9", "WINDOW_UPDATE of the connection", (window_update(1), headers(GET)), OK),
    Case("6.9", "WINDOW_UPDATE of a stream",
         (OPEN_POST, window_update(1, 1), data(b"{}")), NOT_A_REVIEW),
    Case("6.10", "CONTINUATION",
         (headers(GET[:9], flags=END_STREAM), frame(CONTINUATION, END_HEADERS, 1, GET[9:])), OK),
    Case("6.10", "CONTINUATION twice, once empty",
         (headers(b"", flags=END_STREAM), frame(CONTINUATION, 0, 1, GET),
          frame(CONTINUATION, END_HEADERS, 1)), OK),
    Case("8.1", "GET", (headers(GET),), OK),
    Case("8.1", "HEAD", (headers(request(method="HEAD")),), OK),
    Case("8.1", "POST", (OPEN_POST, data(b"{}")), NOT_A_REVIEW),
    Case("8.1", "POST with trailers",
         (OPEN_POST, data(b"{}", flags=0), headers(block(("x-trailer", "a")))), NOT_A_REVIEW),
    Case("8.1", "several requests at a time",
         tuple(headers(GET, stream) for stream in (1, 3, 5, 7)), answered(200, 200, 200, 200)),
    Case("8.3.1", "OPTIONS *", (headers(request(method="OPTIONS", path="*")),), answered(404)),
    Case("8.3.1", "OPTIONS of a path", (headers(request(method="OPTIONS")),), answered(405)),
    Case("8.2.3", "a cookie in several fields",
         (headers(request(("cookie", "a=b"), ("cookie", "c=d"))),), OK),

    # HPACK, as anybody may use it
    Case("HPACK 6.1", "indexed fields of the static table",
         (headers(indexed(2) + indexed(7) + indexed(4) + field(":authority", "a")),),
         answered(404)),
    Case("HPACK 6.2.1", "a literal with a name of the table, added to the dynamic table",
         (headers(indexed(2) + indexed(7) + b"\x44" + text("/healthz") + b"\x41" + text("a")),),
         OK),
    Case("HPACK 6.2.1", "a literal with a new name, added to the dynamic table",
         (headers(GET + field("x-new", "a", 0x40)),), OK),
    Case("HPACK 6.2.2", "a literal that is not added", (headers(GET + field("x", "a")),), OK),
    Case("HPACK 6.2.3", "a literal that is never added",
         (headers(GET + field("x", "a", 0x10)),), OK),
    Case("HPACK 2.3.2", "a field of the dynamic table, in the next request",
         (headers(GET + field("x", "a", 0x40)), headers(GET + indexed(62), 3)), answered(200, 200)),
    Case("HPACK 4.4", "fields that push out others",
         (headers(GET + b"".join(field("x", "a" * 1000, 0x40) for _ in range(8))),
          headers(GET + indexed(62) + indexed(64), 3)), answered(200, 200)),
    Case("HPACK 4.4", "a field larger than the dynamic table empties it",
         (headers(GET + field("x", "a" * 5000, 0x40)), until_answered,
          headers(GET + indexed(62), 3)),
         connection_error(COMPRESSION_ERROR, 200)),
    Case("HPACK 5.2", "Huffman's code",
         (headers(hpack.Encoder().encode(
             [(":method", "GET"), (":scheme", "https"), (":path", "/healthz"),
              (":authority", "a")], huffman=True)),), OK),
    Case("HPACK 5.2", "an empty value", (headers(GET + field("x", "")),), OK),
    Case("HPACK 6.3", "a table size of 0", (headers(table_size(0) + GET),), OK),
    Case("HPACK 6.3", "a table size of 4096", (headers(table_size(4096) + GET),), OK),
    Case("HPACK 4.2", "two table sizes, the lower one first",
         (headers(table_size(0) + table_size(4096) + GET),), OK),
    Case("HPACK 4.3", "a table size of 0 forgets what is in the table",
         (headers(GET + field("x", "a", 0x40)),
          until_answered, headers(table_size(0) + table_size(4096) + GET + indexed(62), 3)),
         connection_error(COMPRESSION_ERROR, 200)),

    # 3. Starting HTTP/2
    Case("3.4", "a preface that is none", (), Outcome({}, goaway=PROTOCOL_ERROR, is_open=False),
         b"INVALID CONNECTION PREFACE\r\n\r\n"),
    Case("3.4", "a preface without SETTINGS", (frame(PING, 0, 0, bytes(8)),), PROTOCOL, MAGIC),
    Case("3.4", "HTTP/1.1 where HTTP/2 was agreed on", (), PROTOCOL,
         b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    Case("3.4", "SETTINGS that are an acknowledgement", (), PROTOCOL, MAGIC + settings(flags=ACK)),

    # 4. Frames
    Case("4.1", "a frame of an unknown type", (frame(0x16, 0, 0, bytes(8)),), IGNORED),
    Case("4.1", "a frame of an unknown type on an idle stream",
         (frame(0xFF, 0xFF, 77, bytes(8)),), IGNORED),
    Case("4.1", "undefined flags", (frame(PING, 0x16, 0, bytes(8)), headers(GET)), OK),
    Case("4.1", "the reserved bit of a stream's number",
         (frame(PING, 0, 1 << 31, bytes(8)), frame(HEADERS, 5, 1 | 1 << 31, GET)), OK),
    Case("4.2", "DATA of 16384 bytes", (OPEN_POST, data(b" " * 16384)), NOT_A_REVIEW),
    Case("4.2", "DATA of 16385 bytes", (OPEN_POST, data(b" " * 16385)), SIZE),
    Case("4.2", "HEADERS of 16385 bytes", (headers(GET.ljust(16385, b"\0")),), SIZE),
    Case("4.2", "an unknown frame of 16385 bytes", (frame(0x16, 0, 0, bytes(16385)),), SIZE),
    Case("4.2", "SETTINGS of 16386 bytes", (settings(*[(9, 0)] * 2731),), SIZE),
    Case("4.3", "a field block that cannot be read", (headers(b"\x40"),), COMPRESSION),
    Case("4.3", "PRIORITY within a field block",
         (headers(GET, flags=END_STREAM), frame(PRIORITY, 0, 1, priority()),
          frame(CONTINUATION, END_HEADERS, 1)), PROTOCOL),
    Case("4.3", "HEADERS of another stream within a field block",
         (headers(GET, flags=END_STREAM), headers(GET, 3)), PROTOCOL),

    # 5.1. Stream states
    Case("5.1", "DATA on an idle stream", (data(b"a"),), PROTOCOL),
    Case("5.1", "RST_STREAM on an idle stream", (reset(1),), PROTOCOL),
    Case("5.1", "WINDOW_UPDATE on an idle stream", (window_update(1, 1),), PROTOCOL),
    Case("5.1", "CONTINUATION on an idle stream",
         (frame(CONTINUATION, END_HEADERS, 1, GET),), PROTOCOL),
    Case("5.1", "DATA on a stream that is half closed by the client",
         halted_and(data(b"a")),
         connection_error(STREAM_CLOSED, 200)),
    Case("5.1", "HEADERS on a stream that is half closed by the client",
         halted_and(headers(GET)),
         connection_error(STREAM_CLOSED, 200)),
    Case("5.1", "CONTINUATION on a stream that is half closed by the client",
         halted_and(frame(CONTINUATION, END_HEADERS, 1, GET)),
         connection_error(PROTOCOL_ERROR, 200)),
    Case("5.1", "DATA after RST_STREAM", reset_and(data(b"a")), IGNORED),
    Case("5.1", "HEADERS after RST_STREAM", reset_and(headers(GET)), IGNORED, note=CLOSED),
    Case("5.1", "CONTINUATION after RST_STREAM",
         reset_and(frame(CONTINUATION, END_HEADERS, 1, GET)), PROTOCOL),
    Case("5.1", "WINDOW_UPDATE after RST_STREAM", reset_and(window_update(1, 1)), IGNORED),
    Case("5.1", "RST_STREAM after RST_STREAM", reset_and(reset(1)), IGNORED),
    Case("5.1", "DATA on a closed stream", ended_and(data(b"a")), OK),
    Case("5.1", "HEADERS on a closed stream", ended_and(headers(GET)), OK, note=CLOSED),
    Case("5.1", "CONTINUATION on a closed stream",
         ended_and(frame(CONTINUATION, END_HEADERS, 1, GET)),
         connection_error(PROTOCOL_ERROR, 200)),

    # 5.1.1, 5.1.2, 5.3, 5.4, 5.5
    Case("5.1.1", "an even stream", (headers(GET, 2),), PROTOCOL),
    Case("5.1.1", "a stream lower than one that was opened",
         (headers(GET, 5), headers(GET, 3)),
         Outcome({5: 200}), note=CLOSED),
    Case("5.1.1", "the highest stream there is", (headers(GET, MOST),), Outcome({MOST: 200})),
    Case("5.1.2", "one stream more than may be open at once",
         tuple(headers(POST, stream, END_HEADERS) for stream in range(1, 203, 2)),
         stream_error(REFUSED_STREAM, 201)),
    Case("5.1.2", "one stream more than may be open at once, the limit acknowledged",
         (settings(flags=ACK),
          *(headers(POST, stream, END_HEADERS) for stream in range(1, 203, 2))), PROTOCOL,
         note="who has heard of the limit has no excuse"),
    Case("5.3.1", "HEADERS that depend on their own stream",
         (headers(priority(1) + GET, flags=WITH_PRIORITY | END_STREAM | END_HEADERS),), PROTOCOL),
    Case("5.3.1", "PRIORITY that depends on its own stream",
         (frame(PRIORITY, 0, 1, priority(1)),), IGNORED, note=NO_PRIORITIES),
    Case("5.4.1", "nothing is read after a connection error",
         (frame(PING, 0, 1, bytes(8)), headers(GET)), PROTOCOL),
    Case("5.5", "an extension frame", (frame(0x10, 0, 0, bytes(8)), headers(GET)), OK),
    Case("5.5", "an extension frame within a field block",
         (headers(GET, flags=END_STREAM), frame(0x10, 0, 0, bytes(8)),
          frame(CONTINUATION, END_HEADERS, 1)), PROTOCOL),

    # 6. Frame definitions
    Case("6.1", "DATA on stream 0", (data(b"a", 0),), PROTOCOL),
    Case("6.1", "DATA with more padding than there is",
         (OPEN_POST, data(b"\x06{}", flags=PADDED | END_STREAM)), PROTOCOL),
    Case("6.1", "DATA with padding and no length of it",
         (OPEN_POST, data(b"", flags=PADDED | END_STREAM)), PROTOCOL,
         note="to nghttp2 the padding is wrong before the size is"),
    Case("6.2", "HEADERS on stream 0", (headers(GET, 0),), PROTOCOL),
    Case("6.2", "HEADERS with more padding than there is",
         (headers(b"\xff" + GET, flags=PADDED | END_STREAM | END_HEADERS),), PROTOCOL),
    Case("6.2", "HEADERS with priority that is cut short",
         (headers(b"\0\0", flags=WITH_PRIORITY | END_STREAM | END_HEADERS),), SIZE),
    Case("6.3", "PRIORITY on stream 0", (frame(PRIORITY, 0, 0, priority()),), IGNORED,
         note=NO_PRIORITIES),
    Case("6.3", "PRIORITY of 4 bytes", (frame(PRIORITY, 0, 1, bytes(4)),), SIZE),
    Case("6.4", "RST_STREAM on stream 0", (reset(0),), PROTOCOL),
    Case("6.4", "RST_STREAM of 3 bytes",
         (OPEN_POST, frame(RST_STREAM, 0, 1, bytes(3))), SIZE),
    Case("6.5", "an acknowledgement of SETTINGS with content",
         (settings((3, 1), flags=ACK),), SIZE),
    Case("6.5", "SETTINGS on a stream", (frame(SETTINGS, 0, 1, bytes(6)),), PROTOCOL),
    Case("6.5", "SETTINGS of 3 bytes", (frame(SETTINGS, 0, 0, bytes(3)),), SIZE),
    Case("6.5.2", "ENABLE_PUSH of 2", (settings((ENABLE_PUSH, 2)),), PROTOCOL),
    Case("6.5.2", "INITIAL_WINDOW_SIZE of 2^31", (settings((INITIAL_WINDOW_SIZE, 1 << 31)),),
         connection_error(FLOW_CONTROL_ERROR)),
    Case("6.5.2", "MAX_FRAME_SIZE of 16383", (settings((MAX_FRAME_SIZE, 16383)),), PROTOCOL),
    Case("6.5.2", "MAX_FRAME_SIZE of 2^24", (settings((MAX_FRAME_SIZE, 1 << 24)),), PROTOCOL),
    Case("6.5.2", "a setting that is unknown", (settings((0xFF, 1)), headers(GET)), OK),
    Case("6.5.3", "of a setting that comes twice, the last counts",
         (settings((INITIAL_WINDOW_SIZE, 0), (INITIAL_WINDOW_SIZE, 1)), headers(GET),
          lambda peer: peer.read_until(
              lambda: (DATA, 0, 1, b"o") in peer.frames), window_update(100, 1)), OK),
    Case("6.5.3", "SETTINGS are acknowledged",
         (settings((3, 1)), lambda peer: peer.read_until(
             lambda: peer.frames.count((SETTINGS, ACK, 0, b"")) == 2)), IGNORED),
    Case("6.6", "PUSH_PROMISE", (headers(POST, 1, END_HEADERS),
                                 frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\x02" + GET)),
         PROTOCOL),
    Case("6.7", "an answer to a PING that was not sent",
         (frame(PING, ACK, 0, b"12345678"), headers(GET)), OK),
    Case("6.7", "PING on a stream", (frame(PING, 0, 1, bytes(8)),), PROTOCOL),
    Case("6.7", "PING of 6 bytes", (frame(PING, 0, 0, bytes(6)),), SIZE),
    Case("6.8", "GOAWAY on a stream", (frame(GOAWAY, 0, 1, bytes(8)),), PROTOCOL),
    Case("6.8", "GOAWAY of 7 bytes", (frame(GOAWAY, 0, 0, bytes(7)),), SIZE),
    Case("6.9", "WINDOW_UPDATE of 0 for the connection", (window_update(0),), PROTOCOL),
    Case("6.9", "WINDOW_UPDATE of 0 for a stream",
         (OPEN_POST, window_update(0, 1)), PROTOCOL),
    Case("6.9", "WINDOW_UPDATE of 3 bytes", (frame(WINDOW_UPDATE, 0, 0, bytes(3)),), SIZE),
    Case("6.9", "WINDOW_UPDATE of 3 bytes on a stream",
         (OPEN_POST, frame(WINDOW_UPDATE, 0, 1, bytes(3))), SIZE),
    Case("6.9.1", "a window of 1 byte is kept to",
         (settings((INITIAL_WINDOW_SIZE, 1)), headers(GET), lambda peer: peer.read_until(
             lambda: (DATA, 0, 1, b"o") in peer.frames), window_update(1, 1),
          lambda peer: peer.read_until(lambda: (DATA, 0, 1, b"k") in peer.frames),
          window_update(1, 1)), OK),
    Case("6.9.1", "the connection's window grows past 2^31-1",
         (window_update(MOST), window_update(MOST)), connection_error(FLOW_CONTROL_ERROR)),
    Case("6.9.1", "a stream's window grows past 2^31-1",
         (OPEN_POST, window_update(MOST, 1), window_update(MOST, 1)),
         stream_error(FLOW_CONTROL_ERROR)),
    Case("6.9.2", "INITIAL_WINDOW_SIZE changes under an answer",
         (settings((INITIAL_WINDOW_SIZE, 0)), headers(GET), lambda peer: peer.is_alive(),
          settings((INITIAL_WINDOW_SIZE, 1000))), OK),
    Case("6.9.2", "a window below 0 is raised before it is used",
         (settings((INITIAL_WINDOW_SIZE, 1)), headers(GET), lambda peer: peer.read_until(
             lambda: (DATA, 0, 1, b"o") in peer.frames), settings((INITIAL_WINDOW_SIZE, 0)),
          window_update(2, 1), lambda peer: peer.read_until(
             lambda: (DATA, 0, 1, b"k") in peer.frames), window_update(9, 1)), OK),
    Case("6.9.2", "INITIAL_WINDOW_SIZE takes a stream's window past 2^31-1",
         (OPEN_POST, window_update(MOST - 65535, 1), settings((INITIAL_WINDOW_SIZE, 65536))),
         stream_error(FLOW_CONTROL_ERROR),
         note="nghttp2 ends the stream where the RFC ends the connection; the others are sound"),
    Case("6.10", "CONTINUATION on stream 0",
         (headers(GET, flags=END_STREAM), frame(CONTINUATION, END_HEADERS, 0)), PROTOCOL),
    Case("6.10", "CONTINUATION after HEADERS with END_HEADERS",
         (OPEN_POST, frame(CONTINUATION, END_HEADERS, 1)), PROTOCOL),
    Case("6.10", "CONTINUATION after CONTINUATION with END_HEADERS",
         (headers(POST, flags=0), frame(CONTINUATION, END_HEADERS, 1),
          frame(CONTINUATION, END_HEADERS, 1)), PROTOCOL),
    Case("6.10", "CONTINUATION on another stream",
         (headers(GET, flags=END_STREAM), frame(CONTINUATION, END_HEADERS, 3)), PROTOCOL),
    Case("6.10", "CONTINUATION after DATA",
         (OPEN_POST, data(b"a", flags=0), frame(CONTINUATION, END_HEADERS, 1)), PROTOCOL),
    Case("6.10", "DATA within a field block", (headers(POST, flags=0), data(b"{}")), PROTOCOL),

    # 7. Error codes
    Case("7", "GOAWAY with an unknown code",
         (frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\xff"),), Outcome(is_open=False),
         note="a client that goes away with nothing open is let go"),
    Case("7", "RST_STREAM with an unknown code", (OPEN_POST, reset(1, 0xFF)), IGNORED),

    # 8. HTTP
    Case("8.1", "a second HEADERS without END_STREAM",
         (OPEN_POST, headers(block(("x", "a")), 1, END_HEADERS)), MALFORMED),
    Case("8.1", "DATA behind trailers",
         (settings((INITIAL_WINDOW_SIZE, 0)), OPEN_POST, headers(block(("x", "a"))),
          until_answered, data(b"a")), connection_error(STREAM_CLOSED, 400)),
    Case("8.1", "an informational status in a request",
         (headers(request((":status", "200"))),), MALFORMED),
    Case("8.1.1", "content-length with less content",
         (headers(request(JSON, ("content-length", "3"), method="POST", path="/validate"), 1,
                  END_HEADERS), data(b"{}")), MALFORMED),
    Case("8.1.1", "content-length with more content",
         (headers(request(JSON, ("content-length", "1"), method="POST", path="/validate"), 1,
                  END_HEADERS), data(b"{}")), MALFORMED),
    Case("8.1.1", "content-length with more content in several frames",
         (headers(request(JSON, ("content-length", "1"), method="POST", path="/validate"), 1,
                  END_HEADERS), data(b"{", flags=0), data(b"}")), MALFORMED),
    Case("8.1.1", "content-length and no content",
         (headers(request(("content-length", "1"))),), MALFORMED),
    Case("8.1.1", "content-length twice",
         (headers(request(("content-length", "0"), ("content-length", "0"))),), MALFORMED),
    Case("8.1.1", "content-length with a sign",
         (headers(request(("content-length", "+0"))),), MALFORMED),
    Case("8.1.1", "content-length past 64 bits",
         (headers(request(("content-length", "18446744073709551616"))),), MALFORMED),
    Case("8.1.1", "content-length that is a list",
         (headers(request(("content-length", "0, 0"))),), MALFORMED),
    Case("8.2.1", "a name in upper case", (headers(request(("X-Upper", "a"))),), MALFORMED),
    Case("8.2.1", "a name with a blank", (headers(request(("x y", "a"))),), MALFORMED),
    Case("8.2.1", "a name with a colon", (headers(request(("x:y", "a"))),), MALFORMED),
    Case("8.2.1", "an empty name", (headers(request(("", "a"))),), MALFORMED),
    Case("8.2.1", "a name beyond ASCII", (headers(request((b"\xff", "a"))),), MALFORMED),
    Case("8.2.1", "NUL in a value", (headers(request(("x", b"a\0b"))),), MALFORMED),
    Case("8.2.1", "CR in a value", (headers(request(("x", b"a\rb"))),), MALFORMED),
    Case("8.2.1", "LF in a value", (headers(request(("x", b"a\nb"))),), MALFORMED),
    Case("8.2.1", "a blank before a value", (headers(request(("x", " a"))),), MALFORMED),
    Case("8.2.1", "a tab behind a value", (headers(request(("x", "a\t"))),), MALFORMED),
    Case("8.2.1", "a request within a value",
         (headers(request(("x", b"a\r\nHost: b\r\n\r\nGET / HTTP/1.1"))),), MALFORMED),
    Case("8.2.1", "a request within the method",
         (headers(request(method="GET /a HTTP/1.1\r\nx: ")),), MALFORMED),
    Case("8.2.1", "a request within the path",
         (headers(request(path="/ HTTP/1.1\r\nx: y")),), MALFORMED),
    Case("8.2.2", "connection", (headers(request(("connection", "keep-alive"))),), MALFORMED),
    Case("8.2.2", "keep-alive", (headers(request(("keep-alive", "5"))),), MALFORMED),
    Case("8.2.2", "proxy-connection",
         (headers(request(("proxy-connection", "close"))),), MALFORMED),
    Case("8.2.2", "transfer-encoding",
         (headers(request(("transfer-encoding", "chunked"))),), MALFORMED),
    Case("8.2.2", "upgrade", (headers(request(("upgrade", "h2c"))),), MALFORMED),
    Case("8.2.2", "te other than trailers", (headers(request(("te", "gzip"))),), MALFORMED),
    Case("8.2.2", "te: trailers", (headers(request(("te", "trailers"))),), OK),
    Case("8.3", "an unknown pseudo-field", (headers(request((":test", "a"))),), MALFORMED),
    Case("8.3", "a pseudo-field behind another field",
         (headers(block(("x", "a")) + GET),), MALFORMED),
    Case("8.3", "a pseudo-field in trailers",
         (OPEN_POST, data(b"{}", flags=0), headers(block((":path", "/")))), MALFORMED),
    Case("8.3.1", "an empty path", (headers(request(path="")),), MALFORMED),
    Case("8.3.1", "no method",
         (headers(block((":scheme", "https"), (":path", "/"), (":authority", "a"))),), MALFORMED),
    Case("8.3.1", "no scheme",
         (headers(block((":method", "GET"), (":path", "/"), (":authority", "a"))),), MALFORMED),
    Case("8.3.1", "no path",
         (headers(block((":method", "GET"), (":scheme", "https"), (":authority", "a"))),),
         MALFORMED),
    Case("8.3.1", "no authority and no host",
         (headers(block((":method", "GET"), (":scheme", "https"), (":path", "/healthz"))),),
         MALFORMED),
    Case("8.3.1", "the method twice", (headers(field(":method", "GET") + GET),), MALFORMED),
    Case("8.3.1", "the scheme twice", (headers(field(":scheme", "https") + GET),), MALFORMED),
    Case("8.3.1", "the path twice", (headers(field(":path", "/healthz") + GET),), MALFORMED),
    Case("8.3.1", "the authority twice",
         (headers(field(":authority", "localhost") + GET),), MALFORMED),
    Case("8.3.1", "host in place of the authority",
         (headers(block((":method", "GET"), (":scheme", "https"), (":path", "/healthz"),
                        ("host", "localhost"))),), OK),
    Case("8.3.1", "host that differs from the authority",
         (headers(request(("host", "other"))),), answered(400)),
    Case("8.3.1", "host twice",
         (headers(request(("host", "localhost"), ("host", "localhost"))),), MALFORMED),
    Case("8.3.1", "an authority with a user", (headers(request(authority="u@a")),), answered(400)),
    Case("8.3.1", "a path without its slash", (headers(request(path="healthz")),), MALFORMED),
    Case("8.3.1", "a path that is a whole URL",
         (headers(request(path="https://localhost/healthz")),), MALFORMED),
    Case("8.3.1", "a path with a fragment", (headers(request(path="/healthz#a")),), answered(400)),
    Case("8.3.1", "* for another method than OPTIONS", (headers(request(path="*")),), MALFORMED),
    Case("8.5", "CONNECT", (headers(block((":method", "CONNECT"), (":authority", "a:1"))),),
         answered(400)),
    Case("8.5", "CONNECT with a path", (headers(request(method="CONNECT")),), MALFORMED),

    # HPACK, wrongly used
    Case("HPACK 2.3.3", "an index past both tables", (headers(GET + indexed(70)),), COMPRESSION),
    Case("HPACK 2.3.3", "a name by an index past both tables",
         (headers(GET + b"\x7f\x07" + text("a")),), COMPRESSION),
    Case("HPACK 4.2", "a table size behind fields", (headers(GET + table_size(1)),), COMPRESSION),
    Case("HPACK 5.1", "an integer past 32 bits",
         (headers(GET + b"\xff" + b"\xff" * 9 + b"\x01"),), COMPRESSION),
    Case("HPACK 5.1", "an integer that does not end", (headers(GET + b"\xff\xff"),), COMPRESSION),
    Case("HPACK 5.1", "a length past the block", (headers(GET + b"\0\x7f\xff\xff\x7f"),),
         COMPRESSION),
    Case("HPACK 5.2", "Huffman's code padded by more than 7 bits",
         (headers(GET + b"\0\x01x\x82\x1f\xff"),), COMPRESSION),
    Case("HPACK 5.2", "Huffman's code padded by zeros",
         (headers(GET + b"\0\x01x\x81\x18"),), COMPRESSION),
    Case("HPACK 5.2", "the end of string in Huffman's code",
         (headers(GET + b"\0\x01x\x84\xff\xff\xff\xff"),), COMPRESSION),
    Case("HPACK 6.1", "index 0", (headers(GET + indexed(0)),), COMPRESSION),
    Case("HPACK 6.3", "a table size over the limit", (headers(table_size(4097) + GET),),
         COMPRESSION),
]
