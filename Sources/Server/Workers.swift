internal import Posix

/// Threads of their own for work that may take long, before them a bounded queue.
///
/// Each thread does one order at a time with a worker of its own, so that workers need no lock
/// and keep their memory between orders. Peers take turns in the queue.
final class Workers<Order: Sendable>: Sendable {
    /// Does orders on one thread.
    typealias Work = (Order) -> Void

    private struct Queue: Sendable {
        var orders: FairQueue<PeerNetwork, Order>
        var isStopping = false
    }

    private let queue: Lock<Queue>
    private let threads = Lock<[Thread]>([])

    private init(capacity: Int, share: Int) {
        queue = Lock(Queue(orders: FairQueue(capacity: capacity, share: share)))
    }

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - count: How many threads.
    ///   - capacity: How many orders may wait; those at work do not count.
    ///   - share: How many orders of one peer may wait.
    ///   - makeWork: Makes a worker; called once on each thread.
    static func start(
        count: Int, capacity: Int, share: Int, makeWork: @escaping @Sendable () -> Work
    ) throws(SystemError) -> Workers {
        let workers = Workers(capacity: capacity, share: share)
        for number in 0..<count {
            // Reading YAML and judging it recurse no deeper than their limits allow.
            let thread = try Thread.spawn(name: "check-\(number)", stackSize: 8 << 20) {
                workers.run(makeWork())
            }
            workers.threads.withLock { $0.append(thread) }
        }
        return workers
    }

    /// Puts an order of a peer into the queue, if there is room.
    func submit(_ order: Order, of peer: PeerNetwork) -> FairQueue<PeerNetwork, Order>.Outcome {
        let outcome = queue.withLock { $0.orders.append(order, of: peer) }
        if outcome == .taken { queue.notifyOne() }
        return outcome
    }

    /// Forgets the orders that wait, and ends the threads once they have done what they are at.
    func stop() {
        queue.withLock { queue in
            queue.orders.removeAll()
            queue.isStopping = true
        }
        queue.notifyAll()
    }

    private func run(_ work: Work) {
        while case .order(let order) = next() { work(order) }
    }

    private enum Next {
        case order(Order)
        case end
    }

    private func next() -> Next {
        let next: Next? = queue.wait { queue in
            if queue.isStopping { return .end }
            return queue.orders.popFirst().map { .order($0) }
        }
        return next ?? .end
    }
}
