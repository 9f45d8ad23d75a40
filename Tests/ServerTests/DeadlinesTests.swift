import Testing

@testable import Server

@Suite struct DeadlinesTests {
    private let durations = DeadlineDurations(
        handshake: 10, head: 20, body: 30, rest: 5, idle: 40, write: 50, linger: 60)

    @Test func aDeadlineIsDueAtItsMomentAndNotBefore() {
        var deadlines = Deadlines(durations: durations)
        deadlines.arm(3, .handshake, now: 100)
        #expect(deadlines.earliest == 110)
        #expect(deadlines.popExpired(now: 109) == nil)
        let due = deadlines.popExpired(now: 110)
        #expect(due?.slot == 3)
        #expect(due?.kind == .handshake)
        #expect(deadlines.earliest == nil)
        #expect(deadlines.popExpired(now: 1000) == nil)
    }

    @Test func armingAgainReplaces() {
        var deadlines = Deadlines(durations: durations)
        deadlines.arm(0, .head, now: 0)
        deadlines.arm(0, .idle, now: 5)
        #expect(deadlines.kind(of: 0) == .idle)
        #expect(deadlines.earliest == 45)
    }

    @Test func anyOfAListCanBeTakenOut() {
        for removed in 0..<3 {
            var deadlines = Deadlines(durations: durations)
            for slot in 0..<3 { deadlines.arm(slot, .idle, now: UInt64(slot)) }
            deadlines.disarm(removed)
            deadlines.disarm(removed)
            var order: [Int] = []
            while let due = deadlines.popExpired(now: 100) { order.append(due.slot) }
            #expect(order == (0..<3).filter { $0 != removed })
        }
    }

    @Test func theEarliestOfAllKindsCounts() {
        var deadlines = Deadlines(durations: durations)
        deadlines.arm(0, .idle, now: 0)
        deadlines.arm(1, .handshake, now: 25)
        deadlines.arm(2, .head, now: 14)
        #expect(deadlines.earliest == 34)
    }

    @Test func whoWaitedLongestOfTheFirstKindGivesWay() {
        var deadlines = Deadlines(durations: durations)
        let kinds: [Deadlines.Kind] = [.head, .idle]
        deadlines.arm(0, .idle, now: 0)
        deadlines.arm(1, .head, now: 100)
        deadlines.arm(2, .head, now: 101)
        deadlines.arm(3, .write, now: 0)
        #expect(deadlines.longestWaiting(among: kinds, now: 110, patience: 10) == 1)
        #expect(deadlines.longestWaiting(among: kinds, now: 109, patience: 10) == 0)
        #expect(deadlines.longestWaiting(among: [.head], now: 109, patience: 10) == nil)
        #expect(deadlines.longestWaiting(among: [.body], now: 900, patience: 10) == nil)
    }
}
