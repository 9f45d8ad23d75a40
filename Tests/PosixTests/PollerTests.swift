import Glibc
import Testing

@testable import Posix

struct PollerTests {
    static let token = Poller.Token(slot: 7, generation: 3)

    @Test(arguments: [(UInt32(0), UInt32(0)), (1, 0), (0, 1), (.max, .max), (5, 1 << 31)])
    func packsTokens(slot: UInt32, generation: UInt32) {
        let token = Poller.Token(slot: slot, generation: generation)
        #expect(Poller.Token(packed: token.packed) == token)
    }

    @Test func tellsGenerationsApart() throws {
        let poller = try Poller.make(eventsPerWait: 4)
        let pair = try Loopback()
        let new = Poller.Token(slot: 7, generation: 4)
        try poller.add(pair.server.rawValue, token: Self.token, interest: .read)
        try poller.modify(pair.server.rawValue, token: new, interest: .read)
        _ = try pair.client.write([1].span)
        let events = try wait(poller)
        #expect(events.map(\.token) == [new])
        #expect(events.first?.token != Self.token)
    }

    @Test func reportsWhatItIsAskedFor() throws {
        let poller = try Poller.make(eventsPerWait: 4)
        var pair = try Loopback()
        try poller.add(pair.server.rawValue, token: Self.token, interest: .read)
        #expect(try wait(poller, milliseconds: 0).isEmpty)

        try poller.modify(pair.server.rawValue, token: Self.token, interest: [.read, .write])
        var event = try #require(try wait(poller).first)
        #expect(event.isWritable && !event.isReadable && !event.isBroken)

        _ = try pair.client.write([1].span)
        try poller.modify(pair.server.rawValue, token: Self.token, interest: .read)
        event = try #require(try wait(poller).first)
        #expect(event.isReadable && !event.isWritable)
        _ = try pair.server.readSoon()

        pair.client.shutdownWrite()
        event = try #require(try wait(poller).first)
        #expect(event.isReadable && !event.isBroken)

        pair.server.shutdownWrite()
        event = try #require(try wait(poller).first)
        #expect(event.isBroken && event.isReadable && event.isWritable)

        try poller.remove(pair.server.rawValue)
        #expect(try wait(poller, milliseconds: 0).isEmpty)
    }

    @Test func reportsConnections() throws {
        let poller = try Poller.make(eventsPerWait: 4)
        let listener = try ListeningSocket.bind(
            host: "127.0.0.1", port: 0, reusePort: false, backlog: 1)
        try poller.add(listener.rawValue, token: Self.token, interest: .read)
        let client = try StreamSocket.connect(
            host: "127.0.0.1", port: listener.localPort, timeoutMilliseconds: 5000)
        #expect(try wait(poller).map(\.token) == [Self.token])
        _ = client.rawValue
    }

    @Test func leavesWhatIsTooMuchForTheNextWait() throws {
        let poller = try Poller.make(eventsPerWait: 2)
        let wakeups = try (0..<3).map { _ in try Wakeup() }
        for (slot, wakeup) in wakeups.enumerated() {
            wakeup.signal()
            let token = Poller.Token(slot: UInt32(slot), generation: 0)
            try poller.add(wakeup.rawValue, token: token, interest: .read)
        }
        let slots = try (wait(poller) + wait(poller)).map(\.token.slot)
        #expect(Set(slots) == [0, 1, 2])
    }

    @Test func refusesToWatchTwiceOrNothing() throws {
        let poller = try Poller.make(eventsPerWait: 1)
        let wakeup = try Wakeup()
        try poller.add(wakeup.rawValue, token: Self.token, interest: .read)
        #expect(throws: SystemError(call: "epoll_ctl", code: EEXIST)) {
            try poller.add(wakeup.rawValue, token: Self.token, interest: .read)
        }
        try poller.remove(wakeup.rawValue)
        #expect(throws: SystemError(call: "epoll_ctl", code: ENOENT)) {
            try poller.remove(wakeup.rawValue)
        }
        #expect(throws: SystemError(call: "epoll_ctl", code: EBADF)) {
            try poller.add(-1, token: Self.token, interest: .read)
        }
    }

    private func wait(
        _ poller: borrowing Poller, milliseconds: Int32 = 5000
    ) throws -> [Poller.Event] {
        var events: [Poller.Event] = []
        try poller.wait(into: &events, timeoutMilliseconds: milliseconds)
        return events
    }
}

struct WakeupTests {
    @Test func wakesFromAnotherThread() throws {
        let poller = try Poller.make(eventsPerWait: 1)
        let wakeup = try Wakeup()
        let token = Poller.Token(slot: 1, generation: 1)
        try poller.add(wakeup.rawValue, token: token, interest: .read)
        let thread = try Thread.spawn(name: "waker", stackSize: 65536) {
            wakeup.signal()
            wakeup.signal()
        }
        var events: [Poller.Event] = []
        try poller.wait(into: &events, timeoutMilliseconds: 5000)
        #expect(events.map(\.token) == [token])
        thread.join()
        wakeup.drain()
        try poller.wait(into: &events, timeoutMilliseconds: 0)
        #expect(events.isEmpty)
        wakeup.drain()
    }

    @Test func isWaitedForWithoutAPoller() throws {
        let silent = try Wakeup()
        let wakeup = try Wakeup()
        let both = [silent.rawValue, wakeup.rawValue]
        let start = Clock.monotonicNanoseconds()
        try Poller.waitForAny(of: both, timeoutMilliseconds: 20)
        #expect(Clock.monotonicNanoseconds() - start >= 19_000_000)
        wakeup.signal()
        try Poller.waitForAny(of: both, timeoutMilliseconds: -1)
    }
}
