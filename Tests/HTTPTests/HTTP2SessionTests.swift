import Testing

@testable import HTTP

/// Builds the frames of RFC 9113 by hand: no Huffman coding, no dynamic table.
enum Frames {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let start = preface + frame(type: 4, stream: 0, [])

    static func frame(type: UInt8, flags: UInt8 = 0, stream: Int, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        return [
            UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF), type, flags,
            UInt8(stream >> 24 & 0xFF), UInt8(stream >> 16 & 0xFF), UInt8(stream >> 8 & 0xFF),
            UInt8(stream & 0xFF),
        ] + payload
    }

    /// A literal field without indexing (RFC 7541 §6.2.2).
    static func field(_ name: String, _ value: String) -> [UInt8] {
        [0] + text(name) + text(value)
    }

    private static func text(_ text: String) -> [UInt8] {
        var count = text.utf8.count
        if count < 127 { return [UInt8(count)] + text.utf8 }
        var bytes: [UInt8] = [127]
        count -= 127
        while count >= 128 {
            bytes.append(UInt8(count % 128 + 128))
            count /= 128
        }
        return bytes + [UInt8(count)] + text.utf8
    }

    static func headers(
        _ stream: Int, _ method: String = "POST", _ path: String? = "/validate",
        _ more: [(String, String)] = [], ends: Bool = false, endsHeaders: Bool = true
    ) -> [UInt8] {
        var block = field(":method", method) + field(":scheme", "https")
        if let path { block += field(":path", path) }
        block += field(":authority", "a:8443")
        for (name, value) in more { block += field(name, value) }
        let flags: UInt8 = (ends ? 1 : 0) | (endsHeaders ? 4 : 0)
        return frame(type: 1, flags: flags, stream: stream, block)
    }

    static func data(_ stream: Int, _ bytes: [UInt8], ends: Bool = true) -> [UInt8] {
        frame(type: 0, flags: ends ? 1 : 0, stream: stream, bytes)
    }

    static func windowUpdate(_ stream: Int, _ size: Int) -> [UInt8] {
        frame(
            type: 8, stream: stream,
            [
                UInt8(size >> 24 & 0x7F), UInt8(size >> 16 & 0xFF), UInt8(size >> 8 & 0xFF),
                UInt8(size & 0xFF),
            ])
    }

    static func reset(_ stream: Int) -> [UInt8] {
        frame(type: 3, stream: stream, [0, 0, 0, 8])
    }
}

/// A frame as it comes out of the engine.
struct Frame: Equatable {
    var type: UInt8
    var flags: UInt8
    var stream: Int
    var payload: [UInt8]

    /// Cuts output into frames.
    static func parse(_ bytes: [UInt8]) -> [Frame] {
        var frames: [Frame] = []
        var rest = bytes[...]
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            let stream =
                Int(head[5]) << 24 | Int(head[6]) << 16 | Int(head[7]) << 8 | Int(head[8])
            frames.append(
                Frame(
                    type: head[3], flags: head[4], stream: stream,
                    payload: Array(rest.dropFirst(9).prefix(count))))
            rest = rest.dropFirst(9 + count)
        }
        return frames
    }

    /// The error code of RST_STREAM or GOAWAY.
    var errorCode: UInt8? {
        switch type {
        case 3: payload[3]
        case 7: payload[7]
        default: nil
        }
    }
}

extension EngineDriver {
    /// All frames now to be sent.
    func frames() -> [Frame] { Frame.parse(output()) }

    /// A connection whose preface and settings are exchanged.
    static func http2(_ limits: Limits = Limits(), budget: Int = 64 << 20) -> EngineDriver {
        let driver = EngineDriver(mode: .http2, limits: limits, budget: budget)
        driver.feed(Frames.start + Frames.frame(type: 4, flags: 1, stream: 0, []))
        _ = driver.output()
        return driver
    }
}

@Suite struct HTTP2Requests {
    @Test func areReadAndAnswered() throws {
        let driver = EngineDriver.http2()
        driver.feed(
            Frames.headers(
                1, "POST", "/validate?timeout=10s",
                [("content-length", "5"), ("content-type", "application/json")]))
        #expect(driver.engine.phase == .body)
        #expect(driver.engine.incompleteRequest == RequestID(1))
        driver.feed(Frames.data(1, Array("he".utf8), ends: false))
        driver.feed(Frames.data(1, Array("llo".utf8)))
        let request = try #require(driver.request())
        #expect(request.method == .post)
        #expect(request.path == "/validate")
        #expect(request.query == "timeout=10s")
        #expect(request.fields["Host"] == "a:8443")
        #expect(request.fields["Content-Type"] == "application/json")
        #expect(request.body.text == "hello")
        #expect(request.version == .http2)
        #expect(driver.engine.phase == .answering)
        driver.engine.respond(
            to: request.id,
            Response(status: 200, contentType: "text/plain", body: Array("world".utf8)),
            date: "now")
        let frames = driver.frames().filter { $0.stream == 1 }
        #expect(frames.map(\.type) == [1, 0])
        #expect(frames.last == Frame(type: 0, flags: 1, stream: 1, payload: Array("world".utf8)))
        #expect(driver.engine.phase == .idle)
        #expect(!driver.engine.shouldClose)
    }

    @Test func areReadWhereverTheirBytesAreSplit() {
        let bytes =
            Frames.start + Frames.headers(1, "POST", "/a", [("content-length", "2")])
            + Frames.data(1, Array("xy".utf8)) + Frames.headers(3, "GET", "/b", ends: true)
        for split in 0...bytes.count {
            let driver = EngineDriver(mode: .detect)
            driver.feed(bytes[..<split])
            driver.feed(bytes[split...])
            #expect(driver.request()?.body.text == "xy", "split at \(split)")
            #expect(driver.request()?.path == "/b", "split at \(split)")
        }
    }

    @Test func headHasNoBodyAndUnknownAnswersAreIgnored() throws {
        let driver = EngineDriver.http2()
        driver.feed(Frames.headers(1, "HEAD", "/", ends: true))
        let request = try #require(driver.request())
        driver.engine.respond(to: RequestID(99), Response(status: 200))
        driver.engine.respond(to: request.id, Response(status: 200, body: [1, 2, 3]))
        driver.engine.respond(to: request.id, Response(status: 200))
        #expect(driver.frames().map(\.type) == [1])
    }

    @Test func anAnswerToAnUnfinishedRequestEndsIt() throws {
        var limits = Limits()
        limits.bodyBytes = 4
        let driver = EngineDriver.http2(limits)
        driver.feed(Frames.headers(1))
        driver.feed(Frames.data(1, [1, 2, 3, 4], ends: false))
        #expect(driver.engine.nextEvent() == nil)
        driver.feed(Frames.data(1, [5], ends: false))
        guard case .fault(let id, let fault, _) = driver.engine.nextEvent() else {
            Issue.record("no fault")
            return
        }
        #expect(fault.status == 413)
        driver.engine.respond(to: id, Response(status: 413, body: [1]))
        let frames = driver.frames().filter { $0.stream == 1 }
        #expect(frames.map(\.type) == [1, 0, 3])
        #expect(frames.last?.errorCode == 0)
        #expect(!driver.engine.shouldClose)
    }

    static let refused: [(path: String?, fields: [(String, String)], fault: String)] = [
        (
            "/a#b", [],
            "400 Malformed request line: The request target holds the byte 0x23 at position 2; "
                + "percent-encode it"
        ),
        (
            "/", [("host", "b")],
            "400 Invalid Host: Host and :authority differ; send one of them"
        ),
        (
            "/", [("content-length", "33554433")],
            "413 Request body too large: The request body is larger than 33554432 bytes; "
                + "send a smaller one"
        ),
        (
            "/", [("expect", "x")],
            "417 Unsupported expectation: Expect asks for something other than 100-continue; "
                + "leave it out"
        ),
        (
            "/" + String(repeating: "a", count: 8192), [],
            "414 Request target too long: The request target is longer than 8192 bytes; shorten it"
        ),
        (
            "/", (0..<97).map { _ in ("a", "b") },
            "431 Request head too large: There are more than 100 header fields; send fewer"
        ),
        (
            "/", (0..<2).map { _ in ("a", String(repeating: "b", count: 8150)) },
            "431 Request head too large: The request line and header fields are larger than 16384 "
                + "bytes; send fewer or shorter fields"
        ),
    ]

    @Test(arguments: refused)
    func areRefusedWithTheReason(
        path: String?, fields: [(String, String)], expected: String
    ) throws {
        let driver = EngineDriver.http2()
        driver.feed(Frames.headers(1, "POST", path, fields))
        let fault = try #require(driver.fault())
        #expect("\(fault.status) \(fault.title): \(fault.detail)" == expected)
    }

    @Test(arguments: [
        ("/validate?a", [("content-length", "99999999")], "/validate"),
        ("/validate", [("expect", "more")], "/validate"),
        (nil, [], nil), ("validate", [], nil),
    ])
    func aFaultBringsThePathThatWasRead(
        target: String?, fields: [(String, String)], path: String?
    ) {
        let driver = EngineDriver.http2()
        driver.feed(Frames.headers(1, "POST", target, fields))
        #expect(driver.faultPath() == path)
    }

    @Test func theContentLengthMustBeTrue() {
        let driver = EngineDriver.http2()
        driver.feed(Frames.headers(1, "POST", "/", [("content-length", "3")]))
        driver.feed(Frames.data(1, [1, 2]))
        #expect(driver.engine.nextEvent() == nil)
        #expect(driver.frames().first { $0.type == 3 }?.errorCode == 1)
        #expect(driver.engine.phase == .idle)
    }

    @Test func malformedFieldsEndTheirStream() {
        for path in ["a", "", "/a b"] {
            let driver = EngineDriver.http2()
            driver.feed(Frames.headers(1, "GET", path, ends: true))
            #expect(driver.engine.nextEvent() == nil, "\(path)")
            #expect(driver.frames().first { $0.type == 3 }?.errorCode == 1, "\(path)")
        }
        for (name, value) in [("A", "b"), ("a", "b\rc"), ("connection", "close"), ("a b", "c")] {
            let driver = EngineDriver.http2()
            driver.feed(Frames.headers(1, "GET", "/", [(name, value)], ends: true))
            #expect(driver.engine.nextEvent() == nil, "\(name)")
            #expect(driver.frames().first { $0.type == 3 }?.errorCode == 1, "\(name)")
        }
    }

    @Test func aResetRequestIsForgotten() throws {
        let driver = EngineDriver.http2()
        driver.feed(Frames.headers(1, ends: true) + Frames.reset(1))
        #expect(driver.engine.nextEvent() == nil)
        driver.feed(Frames.headers(3, ends: true))
        let request = try #require(driver.request())
        driver.feed(Frames.reset(3))
        driver.engine.respond(to: request.id, Response(status: 200))
        #expect(driver.frames().filter { $0.stream == 3 } == [])
    }
}

extension Engine.Event? {
    static func == (left: Self, right: _OptionalNilComparisonType) -> Bool {
        if case .none = left { true } else { false }
    }
}

@Suite struct HTTP2Protections {
    @Test func bodiesOfOneConnectionShareWhatIsFree() throws {
        var limits = Limits()
        // Each head holds 19 bytes: the path, and the authority with its name.
        limits.unbudgetedBodyBytes = 19 + 6 + 19 + 4
        let driver = EngineDriver.http2(limits, budget: 19 + 8)
        driver.feed(Frames.headers(1) + Frames.data(1, Array(repeating: 1, count: 6), ends: false))
        driver.feed(Frames.headers(3) + Frames.data(3, Array(repeating: 1, count: 4), ends: false))
        #expect(driver.budget.reserved == 0)
        driver.feed(Frames.headers(5) + Frames.data(5, Array(repeating: 1, count: 8), ends: false))
        #expect(driver.budget.reserved == 27)
        driver.feed(Frames.data(3, [1], ends: false))
        #expect(driver.fault()?.status == 429)
        driver.feed(Frames.data(5, [], ends: true))
        var request = driver.request()
        #expect(request?.body.count == 8)
        driver.feed(Frames.reset(5))
        #expect(driver.budget.reserved == 27)
        request = nil
        #expect(driver.budget.reserved == 0)
    }

    @Test func aDeclaredLengthTakesNothingFromTheBudget() {
        var limits = Limits()
        limits.unbudgetedBodyBytes = 10
        let driver = EngineDriver.http2(limits, budget: 1000)
        driver.feed(Frames.headers(1, "POST", "/", [("content-length", "900")]))
        #expect(driver.engine.nextEvent() == nil)
        let head = driver.budget.reserved
        #expect(head == 28)
        driver.feed(Frames.data(1, Array(repeating: 1, count: 100), ends: false))
        #expect(driver.budget.reserved == head + 100)
    }

    @Test func whoTakesNoAnswersGetsNoMore() throws {
        var limits = Limits()
        limits.pendingOutputBytes = 1000
        let driver = EngineDriver.http2(limits)
        driver.feed(Frames.frame(type: 4, stream: 0, [0, 4, 0, 0, 0, 0]))
        for stream in [1, 3, 5] { driver.feed(Frames.headers(stream, "GET", ends: true)) }
        let answer = Response(status: 200, body: [UInt8](repeating: 1, count: 500))
        for _ in 0..<2 {
            let request = try #require(driver.request())
            driver.engine.respond(to: request.id, answer)
            _ = driver.frames()
        }
        #expect(driver.engine.nextEvent() == nil)
        driver.feed(Frames.windowUpdate(1, 1))
        _ = driver.frames()
        #expect(driver.request()?.id == RequestID(5))
    }

    @Test func anAnswerThatThePeerHasNoWindowForIsUntaken() throws {
        let driver = EngineDriver.http2()
        driver.feed(Frames.frame(type: 4, stream: 0, [0, 4, 0, 0, 0, 0]))
        driver.feed(Frames.headers(1, "GET", ends: true))
        let request = try #require(driver.request())
        #expect(driver.engine.untakenAnswer == nil)
        driver.engine.respond(to: request.id, Response(status: 200, body: [1]))
        _ = driver.frames()
        #expect(driver.engine.pendingOutputCount == 0)
        #expect(driver.engine.untakenAnswer == request.id)
        driver.feed(Frames.windowUpdate(1, 1))
        _ = driver.frames()
        #expect(driver.engine.untakenAnswer == nil)
    }

    @Test func rapidResetEndsTheConnection() {
        let driver = EngineDriver.http2()
        for stream in 0..<400 {
            driver.feed(Frames.headers(2 * stream + 1, ends: true) + Frames.reset(2 * stream + 1))
        }
        #expect(driver.engine.nextEvent() == nil)
        #expect(driver.frames().contains { $0.type == 7 })
        #expect(driver.engine.shouldClose)
    }

    @Test func continuationsAreCounted() {
        for (count, isRefused) in [(8, false), (9, true)] {
            let driver = EngineDriver.http2()
            driver.feed(Frames.headers(1, ends: true, endsHeaders: false))
            for index in 1...count {
                driver.feed(
                    Frames.frame(
                        type: 9, flags: index == count ? 4 : 0, stream: 1, Frames.field("a", "b")))
            }
            #expect(driver.engine.nextEvent() == nil ? isRefused : !isRefused, "\(count)")
            _ = driver.output()
            #expect(driver.engine.shouldClose == isRefused, "\(count)")
        }
    }

    @Test func settingsAreCounted() {
        for (count, isRefused) in [(32, false), (33, true)] {
            let driver = EngineDriver.http2()
            let one: [UInt8] = [0, 3, 0, 0, 0, 100]
            driver.feed(
                Frames.frame(
                    type: 4, stream: 0, Array(repeatElement(one, count: count).joined())))
            #expect(driver.frames().contains { $0.errorCode == 11 } == isRefused, "\(count)")
            #expect(driver.engine.shouldClose == isRefused, "\(count)")
        }
    }

    @Test func unsentAcknowledgementsAreCounted() {
        let driver = EngineDriver.http2()
        let ping = Frames.frame(type: 6, stream: 0, Array(repeating: 7, count: 8))
        for _ in 0..<99 { driver.feed(ping) }
        #expect(!driver.engine.shouldClose)
        for _ in 0..<3 { driver.feed(ping) }
        #expect(driver.engine.shouldClose)
    }

    @Test func streamsAreCounted() {
        var limits = Limits()
        limits.http2.concurrentStreams = 2
        let driver = EngineDriver.http2(limits)
        driver.feed(Frames.headers(1) + Frames.headers(3))
        #expect(driver.frames() == [])
        driver.feed(Frames.headers(5))
        #expect(driver.frames().contains { $0.type == 7 || $0.type == 3 })
    }

    @Test func whoTakesNoFramesIsNotReadOn() {
        var limits = Limits()
        limits.http2.concurrentStreams = 1
        limits.http2.outboundFrames = 10
        // Each stream that is refused is a frame to send, as long as the peer may not yet know how
        // many it may open.
        let driver = EngineDriver(mode: .http2, limits: limits)
        driver.feed(Frames.start)
        _ = driver.output()
        driver.feed(Frames.headers(1))
        for number in 1...10 {
            #expect(driver.engine.wantsInput, "\(number)")
            driver.feed(Frames.headers(2 * number + 1))
        }
        #expect(!driver.engine.wantsInput)
        #expect(driver.frames().filter { $0.type == 3 }.count == 10)
        #expect(driver.engine.wantsInput)
    }

    @Test func aSlowReaderHoldsLittle() throws {
        let driver = EngineDriver.http2()
        driver.feed(Frames.headers(1, ends: true))
        let request = try #require(driver.request())
        let body = Array(repeating: UInt8(7), count: 1 << 20)
        driver.engine.respond(to: request.id, Response(status: 200, body: body))
        #expect(driver.engine.pendingOutputCount < 80 * 1024)
        // The first window is 65,535 bytes.
        let sent = driver.frames().filter { $0.type == 0 }.map(\.payload.count).reduce(0, +)
        #expect(sent == 65_535)
        #expect(driver.engine.pendingOutputCount == 0)
        #expect(driver.engine.phase == .sending)
        driver.feed(Frames.windowUpdate(0, 1 << 20) + Frames.windowUpdate(1, 1 << 20))
        #expect(driver.engine.pendingOutputCount < 96 * 1024)
        let more = driver.frames().filter { $0.type == 0 }
        #expect(more.map(\.payload.count).reduce(0, +) == body.count - 65_535)
        #expect(more.last?.flags == 1)
        #expect(driver.engine.phase == .idle)
    }

    @Test func drainingAnnouncesThenEnds() throws {
        let driver = EngineDriver.http2()
        driver.feed(Frames.headers(1, ends: true))
        let request = try #require(driver.request())
        driver.engine.beginDraining()
        let announced = driver.frames()
        #expect(announced.map(\.type) == [7, 6])
        #expect(announced.first?.payload.prefix(4) == [0x7F, 0xFF, 0xFF, 0xFF])
        let ping = try #require(announced.last)
        driver.feed(Frames.frame(type: 6, flags: 1, stream: 0, ping.payload))
        #expect(driver.frames().first?.payload.prefix(4) == [0, 0, 0, 1])
        #expect(!driver.engine.shouldClose)
        driver.engine.respond(to: request.id, Response(status: 200))
        _ = driver.output()
        #expect(driver.engine.shouldClose)
    }

    @Test func garbageEndsTheConnection() {
        let driver = EngineDriver(mode: .http2)
        driver.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(driver.engine.nextEvent() == nil)
        #expect(driver.frames().contains { $0.type == 7 && $0.errorCode == 1 })
        #expect(driver.engine.shouldClose)
    }

    @Test func expectIsAnsweredBeforeTheBody() {
        let driver = EngineDriver.http2()
        driver.feed(Frames.headers(1, "POST", "/", [("expect", "100-continue")]))
        #expect(driver.frames().map(\.type) == [1])
        driver.feed(Frames.data(1, [1]))
        #expect(driver.request()?.body.count == 1)
    }
}
