internal import Posix

/// Threads of their own for work that may take long, before them a bounded queue.
///
/// Each thread does one order at a time with a worker of its own, so that workers need no lock
/// and keep their memory between orders.
final class Workers<Order: Sendable>: Sendable {
    /// Does orders on one thread.
    typealias Work = (Order) -> Void

    private struct Queue: Sendable {
        var orders: [Order] = []
        var isStopping = false
    }

    private let capacity: Int
    private let queue = Lock(Queue())
    private let threads = Lock<[Thread]>([])

    /// A queue for at most `capacity` orders that wait.
    private init(capacity: Int) { self.capacity = capacity }

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - count: How many threads.
    ///   - capacity: How many orders may wait; those at work do not count.
    ///   - makeWork: Makes a worker; called once on each thread.
    static func start(
        count: Int, capacity: Int, makeWork: @escaping @Sendable () -> Work
    ) throws(SystemError) -> Workers {
        let workers = Workers(capacity: capacity)
        for number in 0..<count {
            // Reading YAML and judging it recurse no deeper than their limits allow.
            let thread = try Thread.spawn(name: "check-\(number)", stackSize: 8 << 20) {
                workers.run(makeWork())
            }
            workers.threads.withLock { $0.append(thread) }
        }
        return workers
    }

    /// Puts an order into the queue; false when it is full.
    func submit(_ order: Order) -> Bool {
        let isTaken = queue.withLock { queue in
            guard queue.orders.count < capacity else { return false }
            queue.orders.append(order)
            return true
        }
        if isTaken { queue.notifyOne() }
        return isTaken
    }

    /// Forgets the orders that wait, and ends the threads once they have done what they are at.
    func stop() {
        queue.withLock { queue in
            queue.orders = []
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
            return queue.orders.isEmpty ? nil : .order(queue.orders.removeFirst())
        }
        return next ?? .end
    }
}
