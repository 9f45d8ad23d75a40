import Testing

@testable import HTTP

/// What a request was, in one line, so that tables can state it.
private func summary(_ event: Engine.Event?) -> String {
    switch event {
    case .request(let request):
        "\(request.method) \(request.path)\(request.query.map { "?" + $0 } ?? "") "
            + "\(request.version.rawValue) [\(request.body.text)]"
    case .fault(_, let fault, _): "\(fault.status) \(fault.title): \(fault.detail)"
    case nil: "nothing"
    }
}

/// Feeds a text in two parts and answers what comes, up to `count` events.
private func events(_ text: String, splitAt split: Int? = nil) -> [String] {
    let driver = EngineDriver()
    let bytes = Array(text.utf8)
    var found: [String] = []
    for part in [bytes[..<(split ?? 0)], bytes[(split ?? 0)...]] {
        var rest = Array(part)
        repeat {
            let before = rest.count
            rest = driver.feed(rest)
            while let event = driver.engine.nextEvent() {
                found.append(summary(event))
                switch event {
                case .request(let request):
                    driver.engine.respond(to: request.id, Response(status: 200))
                case .fault(let id, let fault, _):
                    driver.engine.respond(to: id, Response(status: fault.status))
                }
                _ = driver.output()
            }
            if rest.count == before { break }
        } while !rest.isEmpty
    }
    return found
}

@Suite struct HTTP1Requests {
    static let accepted: [(input: String, events: [String])] = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ["GET / HTTP/1.1 []"]),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ["GET / HTTP/1.1 []"]),
        ("GET / HTTP/1.0\r\n\r\n", ["GET / HTTP/1.0 []"]),
        (
            "POST /validate?timeout=10s HTTP/1.1\r\nHost: a:8443\r\nContent-Length: 5\r\n\r\nhello",
            ["POST /validate?timeout=10s HTTP/1.1 [hello]"]
        ),
        (
            "POST http://a.b:80/c?d HTTP/1.1\r\nhost:\r\ncontent-length:\t0 \r\n\r\n",
            ["POST /c?d HTTP/1.1 []"]
        ),
        ("GET HTTPS://a HTTP/1.1\r\nHost: a\r\n\r\n", ["GET / HTTP/1.1 []"]),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", ["OPTIONS * HTTP/1.1 []"]),
        ("BREW /?a?b HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", ["BREW /?a?b HTTP/1.1 []"]),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "5\r\nhello\r\nA;x=\"y\"\r\n, chunked!\r\n0\r\nTrailer: t\r\n\r\n"
                + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n",
            ["POST / HTTP/1.1 [hello, chunked!]", "GET /next HTTP/1.1 []"]
        ),
        (
            "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                + "HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                + "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"
                + "GET /never HTTP/1.1\r\nHost: a\r\n\r\n",
            ["POST /1 HTTP/1.1 [abc]", "HEAD /2 HTTP/1.1 []", "GET /3 HTTP/1.1 []"]
        ),
    ]

    @Test(arguments: accepted)
    func areReadHoweverTheirBytesArrive(input: String, expected: [String]) {
        #expect(events(input) == expected)
        for split in 1..<input.utf8.count {
            #expect(events(input, splitAt: split) == expected, "split at \(split)")
        }
    }

    static let head = "POST / HTTP/1.1\r\nHost: a\r\n"

    static let refused: [(input: String, fault: String)] = [
        (
            "\r\n\r\nGET / HTTP/1.1\r\n",
            "400 Malformed request line: More than one empty line comes before the request line; "
                + "send none"
        ),
        (
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "400 Malformed request line: Line 1 ends in a line feed without a carriage return; "
                + "end lines with CR LF"
        ),
        (
            " GET / HTTP/1.1\r\n",
            "400 Malformed request line: The request line does not begin with a method of token "
                + "characters and one space; write METHOD TARGET HTTP/1.1"
        ),
        (
            "GET\t/ HTTP/1.1\r\n",
            "400 Malformed request line: The request line does not begin with a method of token "
                + "characters and one space; write METHOD TARGET HTTP/1.1"
        ),
        (
            "GET /\r\n",
            "400 Malformed request line: The request line lacks a target or a version; "
                + "write METHOD TARGET HTTP/1.1"
        ),
        (
            "GET  / HTTP/1.1\r\n",
            "400 Malformed request line: The request line lacks a target or a version; "
                + "write METHOD TARGET HTTP/1.1"
        ),
        (
            "GET / HTTP/1.1 \r\n",
            "400 Malformed request line: The request line does not end in one space and a version; "
                + "write METHOD TARGET HTTP/1.1"
        ),
        (
            "GET / http/1.1\r\n",
            "400 Malformed request line: The request line does not end in one space and a version; "
                + "write METHOD TARGET HTTP/1.1"
        ),
        (
            "GET / HTTP/2.0\r\n",
            "505 Unsupported HTTP version: The request line ends in a version other than HTTP/1.1 "
                + "and HTTP/1.0; use HTTP/1.1"
        ),
        (
            "GET a HTTP/1.1\r\n",
            "400 Malformed request line: The request target begins with neither / nor http:// nor "
                + "https://; send the path, as in /validate"
        ),
        (
            "CONNECT a:443 HTTP/1.1\r\n",
            "400 Malformed request line: The request target begins with neither / nor http:// nor "
                + "https://; send the path, as in /validate"
        ),
        (
            "GET * HTTP/1.1\r\n",
            "400 Malformed request line: The request target begins with neither / nor http:// nor "
                + "https://; send the path, as in /validate"
        ),
        (
            "GET http:///a HTTP/1.1\r\n",
            "400 Malformed request line: The request target has no host behind its scheme; name one"
        ),
        (
            "GET http://u@h/ HTTP/1.1\r\n",
            "400 Malformed request line: The request target's path does not begin with /; "
                + "send one that does"
        ),
        (
            "GET /a#b HTTP/1.1\r\n",
            "400 Malformed request line: The request target holds the byte 0x23 at position 2; "
                + "percent-encode it"
        ),
        (
            "GET /\r HTTP/1.1\r\n",
            "400 Malformed request line: The request target holds the byte 0x0D at position 1; "
                + "percent-encode it"
        ),
        (
            "GET / HTTP/1.1\r\n\r\n",
            "400 Invalid Host: The request has no Host field; HTTP/1.1 requires one"
        ),
        (
            head + "Host: a\r\n\r\n",
            "400 Invalid Host: Host appears more than once; send it once"
        ),
        (
            "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
            "400 Invalid Host: Host in line 2 holds the byte 0x2C; "
                + "write a host name and, where needed, a colon and a port"
        ),
        (
            head + "Expect: 200-ok\r\n\r\n",
            "417 Unsupported expectation: Expect in line 3 asks for something other than "
                + "100-continue; leave it out"
        ),
    ]

    @Test(arguments: refused)
    func areRefusedWithTheReason(input: String, expected: String) {
        #expect(events(input) == [expected])
        for split in 1..<input.utf8.count {
            #expect(events(input, splitAt: split) == [expected], "split at \(split)")
        }
    }

    /// What smuggling and splitting are made of: each is refused, and the connection ends.
    static let ambiguous: [(input: String, fault: String)] = [
        (
            "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "400 Ambiguous message framing: Content-Length appears 2 times with different values; "
                + "send it once"
        ),
        (
            "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "400 Ambiguous message framing: Content-Length appears 2 times; send it once"
        ),
        (
            "Content-Length: 5, 5\r\n\r\n",
            "400 Ambiguous message framing: Content-Length in line 3 is no decimal number; "
                + "send digits only"
        ),
        (
            "Content-Length: +5\r\n\r\n",
            "400 Ambiguous message framing: Content-Length in line 3 is no decimal number; "
                + "send digits only"
        ),
        (
            "Content-Length: -1\r\n\r\n",
            "400 Ambiguous message framing: Content-Length in line 3 is no decimal number; "
                + "send digits only"
        ),
        (
            "Content-Length: 0x5\r\n\r\n",
            "400 Ambiguous message framing: Content-Length in line 3 is no decimal number; "
                + "send digits only"
        ),
        (
            "Content-Length:\r\n\r\n",
            "400 Ambiguous message framing: Content-Length in line 3 is empty; "
                + "send a decimal number"
        ),
        (
            "Content-Length: 99999999999999999999999\r\n\r\n",
            "413 Request body too large: The request body is larger than 33554432 bytes; "
                + "send a smaller one"
        ),
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "400 Ambiguous message framing: Both Transfer-Encoding and Content-Length are present; "
                + "send one of them"
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "400 Ambiguous message framing: Transfer-Encoding appears more than once; "
                + "send it once, as chunked"
        ),
        (
            "Transfer-Encoding: gzip, chunked\r\n\r\n",
            "501 Unsupported transfer coding: Transfer-Encoding in line 3 names a coding other "
                + "than chunked; send exactly \"chunked\""
        ),
        (
            "Transfer-Encoding: xchunked\r\n\r\n",
            "501 Unsupported transfer coding: Transfer-Encoding in line 3 names a coding other "
                + "than chunked; send exactly \"chunked\""
        ),
        (
            "Transfer-Encoding: identity\r\n\r\n",
            "501 Unsupported transfer coding: Transfer-Encoding in line 3 names a coding other "
                + "than chunked; send exactly \"chunked\""
        ),
        (
            "Transfer-Encoding:\r\n\r\n",
            "400 Ambiguous message framing: Transfer-Encoding in line 3 is empty; "
                + "send exactly \"chunked\""
        ),
        (
            "Transfer-Encoding: \u{b}chunked\r\n\r\n",
            "400 Malformed header field: The field value in line 3 holds the control byte 0x0B; "
                + "remove it"
        ),
        (
            "Transfer-Encoding : chunked\r\n\r\n",
            "400 Malformed header field: The field in line 3 has white space in or behind its "
                + "name; write name and colon together"
        ),
        (
            "X: a\r\n chunked\r\n\r\n",
            "400 Malformed header field: The field in line 4 begins with white space, an obsolete "
                + "continuation of the line before; write each field on one line"
        ),
        (
            "X: a\rContent-Length: 5\r\n\r\n",
            "400 Malformed header field: The field value in line 3 holds a carriage return without "
                + "a line feed; remove it"
        ),
        (
            "X: a\nContent-Length: 5\r\n\r\n",
            "400 Malformed header field: Line 3 ends in a line feed without a carriage return; "
                + "end lines with CR LF"
        ),
        (
            "X: a\u{0}b\r\n\r\n",
            "400 Malformed header field: The field value in line 3 holds the control byte 0x00; "
                + "remove it"
        ),
        (
            "nothing\r\n\r\n",
            "400 Malformed header field: The field in line 3 has no colon; write NAME: VALUE"
        ),
        (
            ": x\r\n\r\n",
            "400 Malformed header field: The field in line 3 has no name before its colon; "
                + "write NAME: VALUE"
        ),
        (
            "a(b): x\r\n\r\n",
            "400 Malformed header field: The field name in line 3 holds the byte 0x28; "
                + "use letters, digits and -"
        ),
    ]

    @Test(arguments: ambiguous)
    func areRefusedWhereTheyCouldBeReadTwoWays(fields: String, expected: String) {
        let input = Self.head + fields
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(events(input + smuggled) == [expected])
        for split in 1..<input.utf8.count {
            #expect(events(input, splitAt: split) == [expected], "split at \(split)")
        }
    }

    @Test func inHTTP10HaveNoTransferEncoding() {
        #expect(
            events("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == [
                "400 Ambiguous message framing: Transfer-Encoding in line 2 is not part of "
                    + "HTTP/1.0; send Content-Length"
            ])
    }
}
