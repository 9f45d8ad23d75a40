import Testing

@testable import HTTP

@Suite struct HTTP2Floods {
    @Test func whoTakesNothingIsNotRead() {
        var limits = Limits()
        limits.http2.concurrentStreams = 1
        limits.http2.outboundFrames = 3
        let driver = EngineDriver(mode: .http2, limits: limits)
        driver.feed(Frames.start + Frames.headers(1))
        _ = driver.output()
        for stream in [3, 5] { driver.feed(Frames.headers(stream)) }
        #expect(driver.engine.wantsInput)
        driver.feed(Frames.headers(7))
        #expect(!driver.engine.wantsInput)
        #expect(driver.frames().filter { $0.type == 3 }.count == 3)
        #expect(driver.engine.wantsInput)
    }

    @Test func anAnswerToNoPingMeansNothing() {
        let driver = EngineDriver.http2()
        driver.feed(Frames.frame(type: 6, flags: 1, stream: 0, Array(repeating: 0, count: 8)))
        #expect(driver.frames() == [])
        #expect(!driver.engine.shouldClose)
    }

    /// Each reference to the field of 4,000 bytes takes one.
    @Test(arguments: [(15, 431, false), (16, nil, true)])
    func fewBytesStandForFew(references: Int, status: Int?, isClosed: Bool) {
        let driver = EngineDriver.http2()
        let start = Frames.headers(1, ends: true, endsHeaders: false)
        var fields: [UInt8] = [0x40, 1, 0x78, 0x7F, 0xA1, 0x1E]
        fields += Array(repeating: 0x61, count: 4000)
        fields += Array(repeating: 0xBE, count: references)
        driver.feed(start + Frames.frame(type: 9, flags: 4, stream: 1, fields))
        #expect(driver.fault()?.status == status)
        #expect(driver.frames().contains { $0.type == 7 && $0.errorCode == 11 } == isClosed)
        #expect(driver.engine.shouldClose == isClosed)
    }

    @Test func aStreamResetByUsIsForgotten() {
        let driver = EngineDriver.http2()
        driver.feed(Frames.headers(1, ends: true) + Frames.windowUpdate(1, 0x7FFF_FFFF))
        #expect(driver.frames().map(\.type) == [3])
        #expect(driver.engine.nextEvent() == nil)
        #expect(driver.engine.phase == .idle)
    }
}
