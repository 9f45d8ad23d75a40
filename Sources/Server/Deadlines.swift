internal import HTTP
internal import Posix

/// How long a connection may stay in each state, in nanoseconds.
package struct DeadlineDurations: Sendable {
    /// From the accept to the end of the TLS handshake.
    package var handshake: UInt64
    /// From the first byte of a request (or, on a new connection, from its start) to the end of
    /// the head; it is not renewed by further bytes, so that dripping them gains nothing.
    package var head: UInt64
    /// From the end of the head to the end of the body, likewise.
    package var body: UInt64
    /// From an answer until an idle connection gives its buffers back.
    package var rest: UInt64
    /// Between requests, after the rest. The API server keeps idle connections for 90 s: longer
    /// than that.
    package var idle: UInt64
    /// From the first byte of output that the peer does not take to the last.
    package var write: UInt64
    /// From the end of our side to the end of the peer's (RFC 9112, section 9.6).
    package var linger: UInt64

    /// Durations in nanoseconds; the defaults suit a kube-apiserver as the client.
    package init(
        handshake: UInt64 = 10_000_000_000, head: UInt64 = 10_000_000_000,
        body: UInt64 = 30_000_000_000, rest: UInt64 = 1_000_000_000,
        idle: UInt64 = 120_000_000_000, write: UInt64 = 30_000_000_000,
        linger: UInt64 = 2_000_000_000
    ) {
        self.handshake = handshake
        self.head = head
        self.body = body
        self.rest = rest
        self.idle = idle
        self.write = write
        self.linger = linger
    }
}

/// The deadlines of a loop's connections: at most one each, every operation in constant time.
///
/// All deadlines of a kind last equally long, so a list a kind, in the order of arming, is in the
/// order of expiry: arming appends, disarming unlinks, and only the heads can be due.
struct Deadlines {
    /// What a connection is waiting for.
    enum Kind: Int, CaseIterable, Sendable {
        case handshake, head, body, rest, idle, write, linger
    }

    private struct Entry {
        var kind: Kind?
        var expiry: UInt64 = 0
        var previous = Deadlines.none
        var next = Deadlines.none
    }

    private struct List {
        var first = Deadlines.none
        var last = Deadlines.none
    }

    private static let none = -1
    private let durations: DeadlineDurations
    private var entries: [Entry] = []
    private var lists = [List](repeating: List(), count: Kind.allCases.count)

    init(durations: DeadlineDurations) { self.durations = durations }

    /// The kind of deadline a slot has, or nil for none.
    func kind(of slot: Int) -> Kind? { slot < entries.count ? entries[slot].kind : nil }

    /// Gives a slot a new deadline, counted from `now`, in place of any other.
    mutating func arm(_ slot: Int, _ kind: Kind, now: UInt64) {
        disarm(slot)
        while entries.count <= slot { entries.append(Entry()) }
        let last = lists[kind.rawValue].last
        entries[slot] = Entry(
            kind: kind, expiry: now &+ duration(of: kind), previous: last, next: Self.none)
        if last == Self.none {
            lists[kind.rawValue].first = slot
        } else {
            entries[last].next = slot
        }
        lists[kind.rawValue].last = slot
    }

    /// Takes a slot's deadline away, if it has one.
    mutating func disarm(_ slot: Int) {
        guard slot < entries.count, let kind = entries[slot].kind else { return }
        let entry = entries[slot]
        if entry.previous == Self.none {
            lists[kind.rawValue].first = entry.next
        } else {
            entries[entry.previous].next = entry.next
        }
        if entry.next == Self.none {
            lists[kind.rawValue].last = entry.previous
        } else {
            entries[entry.next].previous = entry.previous
        }
        entries[slot] = Entry()
    }

    /// The earliest moment at which a deadline is due, or nil when there is none.
    var earliest: UInt64? {
        var earliest: UInt64?
        for list in lists where list.first != Self.none {
            earliest = min(earliest ?? .max, entries[list.first].expiry)
        }
        return earliest
    }

    /// Takes away one deadline that is due at `now` and tells whose and what it was.
    mutating func popExpired(now: UInt64) -> (slot: Int, kind: Kind)? {
        for kind in Kind.allCases {
            let first = lists[kind.rawValue].first
            guard first != Self.none, entries[first].expiry <= now else { continue }
            disarm(first)
            return (first, kind)
        }
        return nil
    }

    /// Keeps a deadline for what a connection waits for. A deadline is not renewed by progress
    /// within the same wait, so that dripping bytes gains nothing.
    mutating func follow(_ connection: Connection, now: UInt64) {
        let slot = Int(connection.token.slot)
        let current = kind(of: slot)
        guard let engine = connection.engine else { return }
        if connection.hasPendingOutput {
            if current != .write { arm(slot, .write, now: now) }
        } else if let answer = engine.untakenAnswer,
            engine.incompleteRequest.map({ answer < $0 }) ?? true
        {
            if current != .write || answer != connection.timedRequest {
                connection.timedRequest = answer
                arm(slot, .write, now: now)
            }
        } else if let request = engine.incompleteRequest {
            let isBody = engine.phase == .body
            if request != connection.timedRequest || current == nil || current == .write {
                connection.timedRequest = request
                arm(slot, isBody ? .body : .head, now: now)
            } else if isBody, current == .head {
                arm(slot, .body, now: now)
            }
        } else if engine.phase != .idle {
            disarm(slot)
        } else if connection.hasServed {
            if current != .rest, current != .idle { arm(slot, .rest, now: now) }
        } else if current != .head {
            arm(slot, .head, now: now)
        }
    }

    /// What a connection that makes room for another may be waiting for, in the order in which it
    /// goes: closed but for the peer's end; shaking hands and asking, which takes those who mean it
    /// no time; asking again; sending and taking what was asked for.
    static let dispensable: [Kind] = [.linger, .handshake, .head, .idle, .body, .write]

    /// The slot that has waited longest for the first of `kinds` that any has waited for as long as
    /// `patience`, in nanoseconds.
    func longestWaiting(among kinds: [Kind], now: UInt64, patience: UInt64) -> Int? {
        for kind in kinds {
            let first = lists[kind.rawValue].first
            guard first != Self.none else { continue }
            let armed = entries[first].expiry &- duration(of: kind)
            if now &- armed >= patience { return first }
        }
        return nil
    }

    private func duration(of kind: Kind) -> UInt64 {
        switch kind {
        case .handshake: durations.handshake
        case .head: durations.head
        case .body: durations.body
        case .rest: durations.rest
        case .idle: durations.idle
        case .write: durations.write
        case .linger: durations.linger
        }
    }
}
