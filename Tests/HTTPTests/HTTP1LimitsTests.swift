import Testing

@testable import HTTP

private let end = "\r\n\r\n"

@Suite struct HTTP1Limits {
    /// The status of the fault a request causes, 0 when it is accepted, -1 while it is incomplete.
    private func status(_ text: String, _ driver: EngineDriver) -> Int {
        driver.feed(text)
        return switch driver.engine.nextEvent() {
        case .fault(_, let fault, _): fault.status
        case .request: 0
        case nil: -1
        }
    }

    @Test(arguments: [64, 1024, 32 * 1024])
    func theHead(bufferBytes: Int) {
        let line = "GET / HTTP/1.1\r\nHost: a\r\nX: "
        for (size, expected) in [(16 * 1024, 0), (16 * 1024 + 1, 431)] {
            let fill = String(repeating: "x", count: size - line.utf8.count - 4)
            let driver = EngineDriver(bufferBytes: bufferBytes)
            #expect(status(line + fill + end, driver) == expected, "\(size)")
            let unfinished = EngineDriver(bufferBytes: bufferBytes)
            let part = line + fill + (expected == 0 ? "" : "xxx")
            #expect(status(part, unfinished) == (expected == 0 ? -1 : 431), "\(size)")
        }
    }

    @Test func theTarget() throws {
        for (size, expected) in [(8 * 1024, 0), (8 * 1024 + 1, 414), (20 * 1024, 414)] {
            let target = "/" + String(repeating: "x", count: size - 1)
            let text = "GET " + target
            #expect(status(text + " HTTP/1.1\r\nHost: a" + end, EngineDriver()) == expected)
            #expect(status(text, EngineDriver()) == (expected == 0 ? -1 : 414))
        }
        let driver = EngineDriver()
        driver.feed("GET /" + String(repeating: "x", count: 8 * 1024))
        let fault = try #require(driver.fault())
        #expect(fault.title == "Request target too long")
        #expect(
            fault.detail == "The request target is longer than 8192 bytes; shorten it")
    }

    @Test func theFields() {
        for (count, expected) in [(100, 0), (101, 431)] {
            let fields = String(repeating: "a: b\r\n", count: count - 1)
            #expect(
                status("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n", EngineDriver())
                    == expected)
        }
    }

    @Test func theBody() {
        var limits = Limits()
        limits.bodyBytes = 10
        for (size, expected) in [(10, 0), (11, 413)] {
            let body = String(repeating: "b", count: size)
            let head = "POST / HTTP/1.1\r\nHost: a\r\n"
            #expect(
                status(head + "Content-Length: \(size)" + end + body, EngineDriver(limits: limits))
                    == expected)
            let hex = String(size, radix: 16)
            let chunks = "Transfer-Encoding: chunked" + end + hex + "\r\n" + body + "\r\n0" + end
            #expect(status(head + chunks, EngineDriver(limits: limits)) == expected)
            let small = String(repeating: "1\r\nb\r\n", count: size)
            #expect(
                status(
                    head + "Transfer-Encoding: chunked" + end + small + "0" + end,
                    EngineDriver(limits: limits)) == expected)
        }
        // Refused before a byte of it is read, and before it is asked for.
        let driver = EngineDriver(limits: limits)
        let text = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11" + end
        #expect(status(text, driver) == 413)
        #expect(driver.engine.pendingOutputCount == 0)
    }

    @Test func theBudget() throws {
        var limits = Limits()
        limits.unbudgetedBodyBytes = 10
        let head = "POST / HTTP/1.1\r\nHost: a\r\n"
        let free = EngineDriver(limits: limits, budget: 0)
        #expect(status(head + "Content-Length: 10" + end + "0123456789", free) == 0)
        let busy = EngineDriver(limits: limits, budget: 10)
        busy.feed(head + "Content-Length: 11" + end)
        let fault = try #require(busy.fault())
        #expect(
            fault
                == Fault(
                    status: 429, title: "Server busy",
                    detail: "Other requests hold the memory that a body of 11 bytes needs; "
                        + "try again in a second", retryAfter: 1))
        let chunked = EngineDriver(limits: limits, budget: 12)
        chunked.feed(head + "Transfer-Encoding: chunked" + end + "A\r\n0123456789\r\n")
        #expect(chunked.engine.nextEvent() == nil)
        #expect(chunked.budget.reserved == 0)
        chunked.feed("2\r\nab\r\n")
        #expect(chunked.engine.nextEvent() == nil)
        #expect(chunked.budget.reserved == 12)
        #expect(status("1\r\nc", chunked) == 429)
        #expect(chunked.budget.reserved == 0)
    }

    /// What is said to come takes nothing from those whose bodies do come.
    @Test(arguments: ["Content-Length: 50000", "Transfer-Encoding: chunked\r\n\r\nC350"])
    func theBudgetIsDrawnOnAsBytesCome(_ claim: String) {
        var limits = Limits()
        limits.unbudgetedBodyBytes = 10
        let driver = EngineDriver(limits: limits, budget: 60_000, bufferBytes: 256)
        driver.feed("POST / HTTP/1.1\r\nHost: a\r\n\(claim)\r\n")
        if claim.hasPrefix("C") { driver.feed("\r\n") }
        #expect(driver.engine.nextEvent() == nil)
        #expect(driver.budget.reserved < 256)
        for _ in 0..<8 {
            driver.feed(String(repeating: "x", count: 1000))
            #expect(driver.engine.nextEvent() == nil)
        }
        #expect((8_000...16_384).contains(driver.budget.reserved))
    }

    @Test func theBudgetIsGivenBackWithTheRequest() throws {
        var limits = Limits()
        limits.unbudgetedBodyBytes = 1
        let driver = EngineDriver(limits: limits, budget: 2)
        driver.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2" + end + "ab")
        var request = driver.request()
        let id = try #require(request?.id)
        driver.engine.respond(to: id, Response(status: 200))
        #expect(driver.budget.reserved == 2)
        request = nil
        #expect(driver.budget.reserved == 0)
    }

    @Test func theBudgetIsGivenBackWithTheConnection() {
        var limits = Limits()
        limits.unbudgetedBodyBytes = 1
        let budget = ByteBudget(capacity: 2)
        do {
            let engine = Engine(mode: .http1, limits: limits, budget: budget, pool: BufferPool())
            let head = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n".utf8)
            engine.receive { room in
                for offset in head.indices { room[offset] = head[offset] }
                return head.count
            }
            _ = engine.nextEvent()
            #expect(budget.reserved == 2)
        }
        #expect(budget.reserved == 0)
    }

    static let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked" + end

    static let malformed: [(body: String, fault: String)] = [
        (
            "\r\n",
            "Malformed chunked body: The size of chunk 1 is no hexadecimal number; "
                + "send hexadecimal digits only"
        ),
        (
            "0x1\r\n",
            "Malformed chunked body: The size of chunk 1 is no hexadecimal number; "
                + "send hexadecimal digits only"
        ),
        (
            "1 \r\n",
            "Malformed chunked body: The size of chunk 1 is no hexadecimal number; "
                + "send hexadecimal digits only"
        ),
        (
            "1\n",
            "Malformed chunked body: The line before chunk 1 ends in a line feed without a "
                + "carriage return; end lines with CR LF"
        ),
        (
            "1;a\rb\r\n",
            "Malformed chunked body: The extension of chunk 1 holds the control byte 0x0D; "
                + "send no chunk extensions"
        ),
        (
            "1\r\nab",
            "Malformed chunked body: Chunk 1 is not followed by CR LF; its size must be exact"
        ),
        (
            "1\r\na\n\n",
            "Malformed chunked body: Chunk 1 is not followed by CR LF; its size must be exact"
        ),
        (
            "FFFFFFFFFFFFFFFFF\r\n",
            "Request body too large: The request body is larger than 33554432 bytes; "
                + "send a smaller one"
        ),
        (
            "7FFFFFFFFFFFFFFF\r\n",
            "Request body too large: The request body is larger than 33554432 bytes; "
                + "send a smaller one"
        ),
        (
            "0\r\nA: b\n\r\n",
            "Malformed header field: Trailer line 1 ends in a line feed without a carriage return; "
                + "end lines with CR LF"
        ),
        (
            "0\r\nA : b\r\n",
            "Malformed header field: The field in trailer line 1 has white space in or behind its "
                + "name; write name and colon together"
        ),
    ]

    @Test(arguments: malformed)
    func chunksMustBeExact(body: String, expected: String) throws {
        let driver = EngineDriver()
        driver.feed(Self.chunked + body)
        let fault = try #require(driver.fault())
        #expect("\(fault.title): \(fault.detail)" == expected)
        let slow = EngineDriver()
        var found: Fault?
        for byte in (Self.chunked + body).utf8 where found == nil {
            slow.feed([byte])
            found = slow.fault()
        }
        #expect(found == fault)
    }

    @Test func theChunkLine() {
        for (size, expected) in [(256, 0), (257, 400)] {
            let line = "1;" + String(repeating: "x", count: size - 4) + "\r\n"
            #expect(status(Self.chunked + line + "a\r\n0" + end, EngineDriver()) == expected)
        }
    }

    @Test func theTrailers() {
        for (count, expected) in [(100, 0), (101, 431)] {
            let lines = String(repeating: "a: b\r\n", count: count)
            #expect(status(Self.chunked + "0\r\n" + lines + "\r\n", EngineDriver()) == expected)
        }
        for (size, expected) in [(16 * 1024, 0), (16 * 1024 + 1, 431)] {
            let line = "a: " + String(repeating: "b", count: size - 7)
            #expect(status(Self.chunked + "0\r\n" + line + end, EngineDriver()) == expected)
        }
    }

    @Test func aLargeLengthIsNotBelievedInAdvance() throws {
        let driver = EngineDriver(bufferBytes: 1024)
        let size = 100_000
        driver.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)" + end)
        #expect(driver.engine.nextEvent() == nil)
        var largest = 0
        var received = 0
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        while received < size {
            driver.engine.receive { room in
                largest = max(largest, room.count)
                let count = min(room.count, size - received, 700)
                #expect(room.count <= max(1024, 2 * (received + 1024)))
                for offset in 0..<count { room[offset] = body[received + offset] }
                received += count
                return count
            }
        }
        let request = try #require(driver.request())
        #expect(request.body.bytes == body[...])
        #expect(request.body.range.upperBound == request.body.storage.count)
    }

    /// Bytes taken in while nobody asks for events, of a peer that sends without end.
    @Test(arguments: [
        ("", 16 * 1024), ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", 1024),
        (chunked, 16 * 1024),
    ])
    func inputNobodyReadsIsBounded(head: String, bound: Int) {
        let driver = EngineDriver(bufferBytes: 1024)
        driver.feed(head)
        #expect(driver.engine.nextEvent() == nil)
        let flood = [UInt8](repeating: 0x31, count: 1 << 20)
        #expect(flood.count - driver.feed(flood).count <= 2 * bound)
    }

    @Test func aLargeChunkedBodyIsDecodedWhole() throws {
        let driver = EngineDriver(bufferBytes: 1024)
        driver.feed(Self.chunked)
        var expected: [UInt8] = []
        for index in 0..<300 {
            let chunk = (0..<(index + 1)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
            expected += chunk
            driver.feed(Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [13, 10])
            #expect(driver.engine.nextEvent() == nil)
        }
        driver.feed("0" + end + "GET /next HTTP/1.1\r\nHost: a" + end)
        let request = try #require(driver.request())
        #expect(request.body.bytes == expected[...])
        driver.engine.respond(to: request.id, Response(status: 200))
        #expect(driver.request()?.path == "/next")
    }
}

@Suite struct HTTP1Answers {
    private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func areWritten() throws {
        let driver = EngineDriver()
        driver.feed(get)
        let id = try #require(driver.request()?.id)
        driver.engine.respond(
            to: id,
            Response(
                status: 404, contentType: "text/plain", fields: [("X-A", "b\r\nc: d")],
                body: Array("gone".utf8)), date: "Mon, 23 Nov 2026 10:00:00 GMT")
        #expect(
            driver.outputText() == "HTTP/1.1 404 Not Found\r\n"
                + "Date: Mon, 23 Nov 2026 10:00:00 GMT\r\nContent-Type: text/plain\r\n"
                + "Content-Length: 4\r\nX-A: b  c: d\r\n\r\ngone")
        #expect(!driver.engine.shouldClose)
        #expect(driver.engine.phase == .idle)
    }

    @Test func toHeadHaveNoBodyAnd204NoLength() throws {
        let driver = EngineDriver()
        driver.feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        driver.engine.respond(
            to: try #require(driver.request()?.id), Response(status: 200, body: [1, 2, 3]))
        #expect(driver.outputText() == "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
        driver.feed(get)
        driver.engine.respond(to: try #require(driver.request()?.id), Response(status: 204))
        #expect(driver.outputText() == "HTTP/1.1 204 No Content\r\n\r\n")
    }

    @Test func keepTheOrderOfPipelinedRequests() throws {
        let driver = EngineDriver()
        driver.feed(get + get)
        let first = try #require(driver.request()?.id)
        #expect(driver.engine.nextEvent() == nil)
        #expect(!driver.engine.wantsInput)
        #expect(driver.engine.phase == .answering)
        driver.engine.respond(to: RequestID(2), Response(status: 200))
        #expect(driver.engine.pendingOutputCount == 0)
        driver.engine.respond(to: first, Response(status: 200))
        driver.engine.respond(to: first, Response(status: 200))
        let second = try #require(driver.request()?.id)
        #expect(second > first)
        driver.engine.respond(to: second, Response(status: 200))
        #expect(driver.outputText().components(of: "HTTP/1.1 200 OK") == 2)
    }

    static let endings: [(request: String, isDraining: Bool)] = [
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
        ("nonsense\r\n", false),
    ]

    @Test(arguments: endings)
    func sayThatTheConnectionEnds(request: String, isDraining: Bool) throws {
        let driver = EngineDriver()
        if isDraining { driver.engine.beginDraining() }
        #expect(!driver.engine.shouldClose)
        driver.feed(request)
        switch driver.engine.nextEvent() {
        case .request(let request): driver.engine.respond(to: request.id, Response(status: 200))
        case .fault(let id, let fault, _):
            driver.engine.respond(to: id, Response(status: fault.status))
        case nil: Issue.record("nothing came")
        }
        #expect(driver.outputText().hasSuffix("Content-Length: 0\r\nConnection: close\r\n\r\n"))
        #expect(driver.engine.shouldClose)
        // What comes now is taken in and thrown away.
        #expect(driver.engine.wantsInput)
        driver.feed(get)
        #expect(driver.engine.nextEvent() == nil)
    }

    @Test(arguments: [
        ("POST /validate?a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", "/validate"),
        ("POST http://a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", "/"),
        ("GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\n b\r\n\r\n", "/b"),
        ("GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/3.0\r\n", nil),
    ])
    func aFaultBringsThePathThatWasRead(requests: String, path: String?) {
        let driver = EngineDriver()
        driver.feed(requests)
        if requests.hasPrefix("GET"), let request = driver.request() {
            driver.engine.respond(to: request.id, Response(status: 200))
        }
        #expect(driver.faultPath() == path)
    }

    @Test func continueIsSaidWhenTheBodyIsWanted() throws {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"
        let driver = EngineDriver()
        driver.feed(head)
        #expect(driver.engine.nextEvent() == nil)
        #expect(driver.outputText() == "HTTP/1.1 100 Continue\r\n\r\n")
        driver.feed("ab")
        #expect(driver.request()?.body.text == "ab")
        let eager = EngineDriver()
        eager.feed(head + "ab")
        #expect(eager.request()?.body.text == "ab")
        #expect(eager.engine.pendingOutputCount == 0)
        let empty = EngineDriver()
        empty.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n")
        #expect(empty.request() != nil)
        #expect(empty.engine.pendingOutputCount == 0)
    }

    @Test func aPeerThatDoesNotReadIsNotServedOn() throws {
        var limits = Limits()
        limits.pendingOutputBytes = 100
        let driver = EngineDriver(limits: limits)
        driver.feed(get + get)
        let id = try #require(driver.request()?.id)
        driver.engine.respond(to: id, Response(status: 200, body: Array(repeating: 1, count: 100)))
        #expect(driver.engine.nextEvent() == nil)
        #expect(!driver.engine.wantsInput)
        #expect(driver.engine.phase == .sending)
        driver.engine.peerClosed()
        #expect(!driver.engine.shouldClose)
        _ = driver.output()
        #expect(driver.request() != nil)
    }

    @Test func aPeerThatClosesIsStillAnswered() throws {
        let driver = EngineDriver()
        driver.feed(get + "GET /incomplete")
        driver.engine.peerClosed()
        let id = try #require(driver.request()?.id)
        #expect(!driver.engine.shouldClose)
        driver.engine.respond(to: id, Response(status: 200))
        #expect(driver.engine.nextEvent() == nil)
        #expect(driver.engine.shouldClose)
        #expect(driver.engine.pendingOutputCount > 0)
    }

    @Test func phasesFollowTheRequest() throws {
        let driver = EngineDriver()
        #expect(driver.engine.phase == .idle)
        #expect(driver.engine.incompleteRequest == nil)
        driver.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n")
        #expect(driver.engine.nextEvent() == nil)
        #expect(driver.engine.phase == .head)
        #expect(driver.engine.incompleteRequest == RequestID(1))
        driver.feed("\r\na")
        #expect(driver.engine.nextEvent() == nil)
        #expect(driver.engine.phase == .body)
        driver.feed("b")
        let id = try #require(driver.request()?.id)
        #expect(driver.engine.phase == .answering)
        driver.engine.respond(to: id, Response(status: 200))
        #expect(driver.engine.phase == .sending)
        _ = driver.output()
        #expect(driver.engine.phase == .idle)
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let index = rest.firstIndex(of: part.first ?? " ") {
            if rest[index...].hasPrefix(part) { count += 1 }
            rest = rest[rest.index(after: index)...]
        }
        return count
    }
}
