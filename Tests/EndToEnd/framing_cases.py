"""Requests in HTTP/1.1 (RFC 9112) as bytes: what is refused and why, and what odd ones are not."""

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


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
    "another coding beside": post(
        b"Transfer-Encoding: xchunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    "chunked in quotes": post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"),
    "chunked with a parameter": post(b"Transfer-Encoding: chunked;q=1", body=b"0\r\n\r\n"),
    "chunked and an empty member": post(b"Transfer-Encoding: chunked,", body=b"0\r\n\r\n"),
    "the coding that is none": post(b"Transfer-Encoding: identity", body=b"hello"),
    "an empty coding": post(b"Transfer-Encoding: ", body=b"0\r\n\r\n"),
    "chunked behind a vertical tab": post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "chunked in a folded field": post(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n"),
    "chunks in HTTP/1.0": post(
        b"Transfer-Encoding: chunked", body=b"0\r\n\r\n", line=b"POST /validate HTTP/1.0"),
    "a NUL in a name": post(b"Transfer-Encoding\0: chunked", body=b"0\r\n\r\n"),
    "a byte beyond ASCII in a name": post(b"X\xff: a", b"Content-Length: 0"),
    "a length with a fraction": post(b"Content-Length: 5.0", body=b"hello"),
    "a length with an exponent": post(b"Content-Length: 1e1", body=b"hello"),
    "a length in Arabic digits": post("Content-Length: \u0665".encode(), body=b"hello"),
    "a list of Hosts": b"GET /healthz HTTP/1.1\r\nHost: a, b\r\n\r\n",
    "a Host with a user": b"GET /healthz HTTP/1.1\r\nHost: u@a\r\n\r\n",
    "a Host with a path": b"GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a Host with a blank before its colon": b"GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n",
    "an authority as the target": b"GET localhost:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT": b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
    "* for another method than OPTIONS": b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
    "a fragment in the target": b"GET /healthz#a HTTP/1.1\r\nHost: a\r\n\r\n",
    "a backslash in the target": b"GET \\healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a byte beyond ASCII in the target": b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tab for a blank": b"GET\t/healthz\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "a blank behind the version": b"GET /healthz HTTP/1.1 \r\nHost: a\r\n\r\n",
    "a blank before the method": b" GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a version of two digits": b"GET /healthz HTTP/1.10\r\nHost: a\r\n\r\n",
    "a version without its dot": b"GET /healthz HTTP/11\r\nHost: a\r\n\r\n",
    "two empty lines before": b"\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "an empty line of a bare line feed": b"\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    "chunk size before a blank": post(
        b"Transfer-Encoding: chunked", body=b"5 \r\nhello\r\n0\r\n\r\n"),
    "chunk size with an underscore": post(
        b"Transfer-Encoding: chunked", body=b"0_5\r\nhello\r\n0\r\n\r\n"),
    "a bare carriage return in a chunk extension": post(
        b"Transfer-Encoding: chunked", body=b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
    "a NUL in a chunk extension": post(
        b"Transfer-Encoding: chunked", body=b"5;a\0\r\nhello\r\n0\r\n\r\n"),
    "chunk that ends in a bare line feed": post(
        b"Transfer-Encoding: chunked", body=b"5\r\nhello\n0\r\n\r\n"),
    "chunk longer than it says": post(
        b"Transfer-Encoding: chunked", body=b"3\r\nhello\r\n0\r\n\r\n"),
    "last chunk with a bare line feed": post(
        b"Transfer-Encoding: chunked", body=b"0\n\n"),
    "a trailer without a colon": post(
        b"Transfer-Encoding: chunked", body=b"0\r\nabc\r\n\r\n"),
    "a bare line feed in a trailer": post(
        b"Transfer-Encoding: chunked", body=b"0\r\nX: a\nContent-Length: 5\r\n\r\n"),
}


# A better reason than 400 where there is one: too long, or a coding that is not understood.
BETTER = {
    "a length past 64 bits": 413, "chunk size past 64 bits": 413,
    "chunked twice": 501, "chunked, then something": 501, "chunked in quotes": 501,
    "chunked with a parameter": 501, "chunked and an empty member": 501,
    "the coding that is none": 501, "another coding beside": 501,
}


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
    "a minor version from the future": (505, b"GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n"),
    "a version from the past": (505, b"GET /healthz HTTP/0.9\r\nHost: a\r\n\r\n"),
    "a body over the limit": (413, post(b"Content-Length: 33554433")),
    "a body over the limit, asked for": (
        413, post(b"Content-Length: 33554433", b"Expect: 100-continue")),
}


# Odd, yet RFC 9112 lets all readers read it in one way: the statuses of all answers.
LAST = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
EMPTY = post(b"Content-Length: 2", body=b"{}")
ACCEPTED = {
    "an empty line before": ([200], b"\r\n" + LAST),
    "a URL as the target": (
        [200], b"GET https://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n"
        b"Connection: close\r\n\r\n"),
    "OPTIONS *": ([404, 200], b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + LAST),
    "an empty Host": ([200, 200], b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n" + LAST),
    "no blank behind the colon": ([400, 200], post(b"Content-Length:2", body=b"{}") + LAST),
    "tabs around a value": ([400, 200], post(b"Content-Length:\t2\t", body=b"{}") + LAST),
    "zeros before a length": ([400, 200], post(b"Content-Length: 0002", body=b"{}") + LAST),
    "chunked in upper case": ([400, 200], post(
        b"TRANSFER-ENCODING: CHUNKED", body=b"2\r\n{}\r\n0\r\n\r\n") + LAST),
    "zeros before a chunk size": ([400, 200], post(
        b"Transfer-Encoding: chunked", body=b"0002\r\n{}\r\n0000\r\n\r\n") + LAST),
    "chunk extensions": ([400, 200], post(
        b"Transfer-Encoding: chunked", body=b'2;a;b=c;d="e;f"\r\n{}\r\n0;g\r\n\r\n') + LAST),
    "trailers that would change the framing": ([400, 200], post(
        b"Transfer-Encoding: chunked", b"Trailer: Content-Length",
        body=b"2\r\n{}\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n"
        b"Host: b\r\nConnection: close\r\n\r\n") + LAST),
    "a body of a GET": (
        [200, 200], b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 29\r\n\r\n"
        b"GET /smuggled HTTP/1.1\r\nHost:" + LAST),
    "an upgrade to HTTP/2": (
        [200, 200], b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" + LAST),
    "an upgrade to WebSocket": (
        [200, 200], b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n" + LAST),
    "bytes beyond ASCII in a value": (
        [200, 200], b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: \xff\xfe\r\n\r\n" + LAST),
    "a method that nobody knows": ([405, 200], b"BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + LAST),
    "a method in lower case": ([405, 200], b"get /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + LAST),
    "the override of a method": (
        [405, 200], b"PUT /healthz HTTP/1.1\r\nHost: a\r\n"
        b"X-HTTP-Method-Override: GET\r\n\r\n" + LAST),
}
