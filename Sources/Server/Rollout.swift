internal import Policy
internal import Posix
internal import TLS

/// New policies on their way to one admission loop.
struct Rollout: Sendable {
    let policies: PolicySet
    let counters: PolicyCounters
    /// Where the loop says that it judges by them.
    let confirmations: Confirmations
}

/// A new certificate, or new client authorities, on their way to one loop.
struct TLSRollout: Sendable {
    let context: TLSContext
    /// Whether clients that were let in by the former authorities are to show themselves anew.
    let changesClientAuthorities: Bool
    /// Where the loop says that new connections get them.
    let confirmations: Confirmations
}

/// Counts the loops that have taken up what was posted to all of them.
final class Confirmations: Sendable {
    private let count = Lock(0)

    func add() {
        count.withLock { $0 += 1 }
        count.notifyAll()
    }

    /// Waits until there are so many; false when the time is up first.
    func wait(for expected: Int, timeoutNanoseconds: UInt64) -> Bool {
        count.wait(timeoutNanoseconds: timeoutNanoseconds) { $0 >= expected ? true : nil } ?? false
    }
}
