import Testing

@testable import HTTP

/// What the streams of a connection hold, and what of it is counted.
@Suite struct HTTP2StreamTests {
    @Test func theRoomThatALongHeadHasGrownToIsCounted() {
        var limits = Limits()
        limits.unbudgetedBodyBytes = 0
        let driver = EngineDriver.http2(limits, budget: 1 << 20)
        let fields = (0..<10).map { ("x\($0)", String(repeating: "y", count: 1000)) }
        driver.feed(Frames.headers(1, "POST", "/", fields))
        #expect(driver.engine.nextEvent() == nil)
        // 10 KiB, in an array that doubles as it grows.
        #expect(driver.budget.reserved > 12_000)
    }

    @Test func headsThatWaitForTheirBodiesAreCounted() {
        var limits = Limits()
        limits.unbudgetedBodyBytes = 1500
        let driver = EngineDriver.http2(limits, budget: 0)
        let long = [("x", String(repeating: "y", count: 800))]
        driver.feed(Frames.headers(1, "POST", "/", long))
        #expect(driver.engine.nextEvent() == nil)
        driver.feed(Frames.headers(3, "POST", "/", long))
        #expect(driver.fault()?.status == 429)
        driver.feed(Frames.reset(1) + Frames.reset(3))
        driver.feed(Frames.headers(5, "POST", "/", long))
        #expect(driver.engine.nextEvent() == nil)
    }

    @Test func aConnectionHoldsItsStreams() {
        let driver = EngineDriver.http2(Limits())
        driver.engine.releaseIdleBuffers()
        #expect(driver.engine.heldBytes == 0)
        for stream in 0..<10 {
            driver.feed(
                Frames.headers(2 * stream + 1, "POST", "/", [("content-length", "9")]))
        }
        #expect(driver.engine.nextEvent() == nil)
        let streams = driver.engine.heldBytes
        #expect((10 * 1024...10 * 2048).contains(streams))
        driver.feed(Frames.data(1, Array(repeating: 1, count: 9), ends: true))
        _ = driver.request()
        for stream in 0..<10 { driver.feed(Frames.reset(2 * stream + 1)) }
        _ = driver.output()
        driver.engine.releaseIdleBuffers()
        #expect(driver.engine.heldBytes == 0)
    }

    @Test func whatTheBudgetHasCountedIsNotCountedAgain() {
        let driver = EngineDriver.http2(Limits(), budget: 1 << 20)
        driver.feed(Frames.headers(1, "POST", "/", [("content-length", "100000")]))
        for _ in 0..<6 {
            driver.feed(Frames.data(1, Array(repeating: 1, count: 16_000), ends: false))
        }
        #expect(driver.budget.reserved >= 96_000)
        #expect(driver.engine.heldBytes < 8192)
    }

    @Test func ofARefusedRequestThePathIsKept() {
        var limits = Limits()
        limits.bodyBytes = 10
        let driver = EngineDriver.http2(limits)
        let long = [("x", String(repeating: "y", count: 8000)), ("content-length", "11")]
        driver.feed(Frames.headers(1, "POST", "/path?query", long))
        #expect(driver.engine.heldBytes < 2048)
        #expect(driver.faultPath() == "/path")
    }
}
