import Testing

@testable import HTTP

@Suite struct ByteBudgetTests {
    @Test func grantsUpToItsCapacity() {
        let budget = ByteBudget(capacity: 10)
        #expect(budget.reserve(10))
        #expect(!budget.reserve(1))
        #expect(budget.reserved == 10)
        budget.release(4)
        #expect(!budget.reserve(5))
        #expect(budget.reserve(4))
    }

    @Test func refusesWhatWouldOverflow() {
        let budget = ByteBudget(capacity: 10)
        #expect(budget.reserve(1))
        #expect(!budget.reserve(.max))
        #expect(budget.reserved == 1)
    }

    @Test func getsAShareBackWhenItIsDropped() {
        let budget = ByteBudget(capacity: 10)
        var share: ByteReservation? = ByteReservation(budget: budget)
        #expect(share?.grow(to: 6) == true)
        #expect(share?.grow(to: 3) == true)
        #expect(share?.grow(to: 11) == false)
        #expect(budget.reserved == 6)
        share = nil
        #expect(budget.reserved == 0)
    }

    /// Free: up to twice the limit with what is pending, 20, and small answers in any case.
    @Test(arguments: [(20, 0, 0), (21, 0, 21), (11, 9, 0), (12, 9, 12), (3, 20, 0), (4, 20, 4)])
    func largeAnswersTakeTheirShare(_ count: Int, _ pending: Int, _ reserved: Int) {
        var limits = Limits()
        limits.pendingOutputBytes = 10
        limits.smallAnswerBytes = 3
        let answer = Response(status: 200, body: [UInt8](repeating: 1, count: count))
        let budget = ByteBudget(capacity: 21)
        let share = answer.share(of: budget, limits, pending: pending)
        #expect(share != nil)
        #expect(budget.reserved == reserved)
        withExtendedLifetime(share) {}
        let full = ByteBudget(capacity: 0)
        #expect((answer.share(of: full, limits, pending: pending) == nil) == (reserved > 0))
    }

    /// What is asked for in both protocols: nothing of a large answer is held beyond the budget.
    @Test(arguments: [Engine.Mode.http1, .http2])
    func anAnswerHoldsItsShareUntilItIsTaken(_ mode: Engine.Mode) throws {
        var limits = Limits()
        limits.pendingOutputBytes = 1000
        let driver = EngineDriver(mode: mode, limits: limits, budget: 5000)
        if mode == .http2 {
            driver.feed(Frames.start + Frames.headers(1, "GET", ends: true))
            _ = driver.output()
        } else {
            driver.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        let id = try #require(driver.request()?.id)
        let large = Response(status: 200, body: [UInt8](repeating: 1, count: 5001))
        #expect(!driver.engine.respond(to: id, large))
        #expect(driver.engine.pendingOutputCount == 0)
        #expect(driver.budget.reserved == 0)
        let right = Response(status: 200, body: [UInt8](repeating: 1, count: 5000))
        #expect(driver.engine.respond(to: id, right))
        #expect(driver.budget.reserved == 5000)
        #expect(driver.output().count > 5000)
        #expect(driver.budget.reserved == 0)
        // An answer that nobody waits for takes nothing.
        #expect(driver.engine.respond(to: id, large))
        #expect(driver.budget.reserved == 0)
    }

    @Test(arguments: [Engine.Mode.http1, .http2])
    func aRefusalFindsRoomInAFullBudget(_ mode: Engine.Mode) throws {
        let driver = EngineDriver(mode: mode, budget: 0)
        if mode == .http2 {
            driver.feed(Frames.start + Frames.headers(1, "GET", ends: true))
        } else {
            driver.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        let id = try #require(driver.request()?.id)
        let large = Response(status: 200, body: [UInt8](repeating: 1, count: 1 << 20))
        #expect(!driver.engine.respond(to: id, large))
        let small = Response(
            status: 429, body: [UInt8](repeating: 1, count: Limits().smallAnswerBytes))
        #expect(driver.engine.respond(to: id, small))
    }
}
