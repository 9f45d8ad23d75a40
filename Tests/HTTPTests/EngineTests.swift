import Testing

@testable import HTTP

/// Numbers that are the same in every run (xorshift).
private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

@Suite struct EngineTests {
    @Test(arguments: [
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r", nil), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true),
        ("P", nil), ("GET ", false), ("PRI * HTTP/1", false),
    ])
    func detectsTheProtocol(input: String, isHTTP2: Bool?) {
        let driver = EngineDriver(mode: .detect)
        driver.feed(input)
        // Only an HTTP/2 session has something to say at once.
        #expect((driver.engine.pendingOutputCount > 0) == (isHTTP2 ?? false))
        #expect(driver.engine.phase == (isHTTP2 == true ? .sending : .head))
    }

    @Test func readsARequestThatOnlyBeganLikeThePreface() {
        let driver = EngineDriver(mode: .detect)
        driver.feed("P")
        #expect(driver.engine.nextEvent() == nil)
        driver.feed("OST / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(driver.request()?.method == .post)
    }

    @Test func anErrorOfTheSourceIsPassedOn() {
        struct Broken: Error, Equatable {}
        for mode in [Engine.Mode.http1, .http2, .detect] {
            let engine = EngineDriver(mode: mode).engine
            #expect(throws: Broken()) {
                try engine.receive { _ throws(Broken) in throw Broken() }
            }
        }
    }

    static let seeds: [[UInt8]] = [
        Array(
            ("POST /validate?timeout=10s HTTP/1.1\r\nHost: a:8443\r\nContent-Length: 5\r\n\r\nhello"
                + "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").utf8),
        Frames.start + Frames.headers(1, "POST", "/a?b", [("content-length", "2"), ("c", "d")])
            + Frames.data(1, [1, 2]) + Frames.headers(3, "GET", "/b", ends: true)
            + Frames.windowUpdate(0, 1000) + Frames.reset(3) + Frames.headers(5)
            + Frames.frame(type: 6, stream: 0, Array(repeating: 0, count: 8))
            + Frames.data(5, [1, 2, 3], ends: false) + Frames.data(5, []),
    ]

    /// Whatever comes, the engine takes it, answers or ends, and gives the budget back.
    @Test(arguments: seeds.indices)
    func survivesWhatIsDamaged(seed: Int) {
        var numbers = Numbers(state: 0x9E37_79B9_7F4A_7C15)
        var limits = Limits()
        limits.unbudgetedBodyBytes = 2
        limits.bodyBytes = 64
        for _ in 0..<2_000 {
            var bytes = Self.seeds[seed]
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let offset = Int.random(in: 0..<bytes.count, using: &numbers)
                switch Int.random(in: 0..<3, using: &numbers) {
                case 0: bytes[offset] = UInt8.random(in: 0...255, using: &numbers)
                case 1: bytes.remove(at: offset)
                default: bytes.insert(contentsOf: bytes[offset...].prefix(9), at: offset)
                }
            }
            let driver = EngineDriver(
                mode: .detect, limits: limits, budget: 64, bufferBytes: 64)
            serve(driver, bytes[...], &numbers)
        }
    }

    private func serve(
        _ driver: EngineDriver, _ bytes: ArraySlice<UInt8>, _ numbers: inout Numbers
    ) {
        var rest = bytes
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...40, using: &numbers))
            var left = driver.feed(part)
            rest = rest.dropFirst(part.count)
            repeat {
                while let event = driver.engine.nextEvent() {
                    switch event {
                    case .request(let request):
                        driver.engine.respond(
                            to: request.id, Response(status: 200, body: [1, 2, 3]))
                    case .fault(let id, let fault, _):
                        driver.engine.respond(to: id, Response(status: fault.status))
                    }
                }
                _ = driver.output()
                driver.engine.releaseIdleBuffers()
                left = driver.feed(left)
            } while !left.isEmpty
        }
        driver.engine.peerClosed()
        #expect(driver.engine.nextEvent() == nil)
        #expect(driver.engine.shouldClose)
    }
}

@Suite struct ArrivalTests {
    private func receive(_ text: String, _ engine: Engine, at moment: UInt64) {
        receive(Array(text.utf8), engine, at: moment)
    }

    private func receive(_ bytes: [UInt8], _ engine: Engine, at moment: UInt64) {
        engine.receive(at: moment) { room in
            for offset in bytes.indices { room[offset] = bytes[offset] }
            return bytes.count
        }
    }

    @Test func aRequestArrivesWithTheFirstByteOfItsHead() throws {
        let driver = EngineDriver()
        let engine = driver.engine
        receive("", engine, at: 5)
        receive("P", engine, at: 10)
        receive("OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na", engine, at: 20)
        #expect(engine.nextEvent() == nil)
        receive("bGET / HTTP/1.1\r\nHost: a\r\n\r\nGET /", engine, at: 30)
        let first = try #require(driver.request())
        #expect(first.arrival == 10)
        engine.respond(to: first.id, Response(status: 200))
        // What came behind it came when it was read.
        let second = try #require(driver.request())
        #expect(second.arrival == 30)
        engine.respond(to: second.id, Response(status: 200))
        receive(" HTTP/1.1\r\nHost: a\r\n\r\n", engine, at: 40)
        let third = try #require(driver.request())
        #expect(third.arrival == 30)
        engine.respond(to: third.id, Response(status: 200))
        _ = driver.output()
        engine.releaseIdleBuffers()
        receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n", engine, at: 50)
        #expect(driver.request()?.arrival == 50)
    }

    @Test(arguments: [Engine.Mode.http2, .detect])
    func eachStreamHasItsOwnArrival(_ mode: Engine.Mode) {
        let driver = EngineDriver(mode: mode)
        receive(Frames.start + Frames.headers(1), driver.engine, at: 10)
        receive(Frames.headers(3, "GET", ends: true), driver.engine, at: 20)
        receive(Frames.data(1, [1]), driver.engine, at: 30)
        #expect(driver.request()?.arrival == 20)
        #expect(driver.request()?.arrival == 10)
    }
}
