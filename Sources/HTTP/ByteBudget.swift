internal import Synchronization

/// Bytes that all connections of a listener may hold together for large bodies and answers.
package final class ByteBudget: Sendable {
    /// The bytes there are.
    package let capacity: Int
    private let used = Atomic<Int>(0)

    /// A budget of so many bytes.
    package init(capacity: Int) {
        self.capacity = capacity
    }

    /// The bytes now reserved.
    package var reserved: Int { used.load(ordering: .relaxed) }

    /// Takes bytes from the budget; false, and nothing taken, when they are not to be had.
    package func reserve(_ count: Int) -> Bool {
        var current = used.load(ordering: .relaxed)
        while true {
            guard count <= capacity - current else { return false }
            let (exchanged, original) = used.weakCompareExchange(
                expected: current, desired: current + count, ordering: .relaxed)
            if exchanged { return true }
            current = original
        }
    }

    /// Gives bytes back that `reserve` granted.
    package func release(_ count: Int) {
        used.subtract(count, ordering: .relaxed)
    }
}

/// One body's share of a budget, given back when its last holder lets go of it.
///
/// A request may outlive its stream (a worker still reads it after a reset), so the share hangs on
/// the body and not on the connection: what is counted is what is held.
final class ByteReservation: Sendable {
    private let budget: ByteBudget
    private let granted = Atomic<Int>(0)

    init(budget: ByteBudget) {
        self.budget = budget
    }

    deinit {
        budget.release(granted.load(ordering: .relaxed))
    }

    var count: Int { granted.load(ordering: .relaxed) }

    /// Makes the share at least this large; false when the budget does not have it.
    func grow(to count: Int) -> Bool {
        let missing = count - self.count
        guard missing > 0 else { return true }
        guard budget.reserve(missing) else { return false }
        granted.add(missing, ordering: .relaxed)
        return true
    }
}

/// What an answer holds of a budget: nothing, where it is small.
struct AnswerShare {
    let reservation: ByteReservation?
}

extension Response {
    /// What the answer takes of the budget, for a peer that has yet to take `pending` bytes of
    /// others; nil where it finds no room. Whoever asks for much and takes nothing would otherwise
    /// decide how much is held.
    func share(of budget: ByteBudget, _ limits: Limits, pending: Int) -> AnswerShare? {
        let free = max(limits.smallAnswerBytes, 2 * limits.pendingOutputBytes - pending)
        guard body.count > free else { return AnswerShare(reservation: nil) }
        let reservation = ByteReservation(budget: budget)
        return reservation.grow(to: body.count) ? AnswerShare(reservation: reservation) : nil
    }
}
