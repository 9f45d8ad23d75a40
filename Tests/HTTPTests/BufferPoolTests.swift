import Testing

@testable import HTTP

@Suite struct BufferPoolTests {
    /// Where an array keeps its elements: two that share have the same.
    private func isShared(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.span.isIdentical(to: right.span)
    }

    @Test func lendsWhatWasGivenBack() {
        let pool = BufferPool(bufferBytes: 16, spareCount: 1)
        let first = pool.lend()
        let second = pool.lend()
        #expect(first.count == 16)
        pool.giveBack(first)
        pool.giveBack(second)
        #expect(isShared(pool.lend(), first))
        #expect(!isShared(pool.lend(), second))
    }

    @Test func doesNotKeepGrownBuffers() {
        let pool = BufferPool(bufferBytes: 16)
        let grown = [UInt8](repeating: 0, count: 17)
        pool.giveBack(grown)
        #expect(pool.lend().count == 16)
    }

    @Test func isFullAgainWhenConnectionsAreIdle() throws {
        let driver = EngineDriver()
        #expect(driver.pool.idleCount == 0)
        for _ in 0..<3 {
            driver.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            driver.engine.releaseIdleBuffers()
            #expect(driver.pool.idleCount == 0)
            let id = try #require(driver.request()?.id)
            driver.engine.releaseIdleBuffers()
            #expect(driver.pool.idleCount == 0)
            driver.engine.respond(to: id, Response(status: 200))
            _ = driver.output()
            driver.engine.releaseIdleBuffers()
            #expect(driver.pool.idleCount == 1)
        }
    }
}
