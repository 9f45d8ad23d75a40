internal import HTTP
internal import Policy
internal import Posix

/// The check service: manifests judged as the webhook would judge their creation, on threads of
/// their own.
///
/// The loop reads what is asked for and refuses what cannot be done; a worker does the rest.
final class CheckService: Sendable {
    /// A check that waits for a thread, and where its answer goes.
    struct Order: Sendable {
        let check: CheckOrder
        let reply: Reply
    }

    private let workers: Workers<Order>

    /// Starts the threads, which judge each manifest by the policies that are in force then.
    ///
    /// - Parameters:
    ///   - threads: How many.
    ///   - queueLength: How many checks may wait for one of them.
    ///   - peerShare: How many of those may be one peer's.
    init(
        state: ServerState, threads: Int, queueLength: Int, peerShare: Int
    ) throws(SystemError) {
        workers = try Workers.start(count: threads, capacity: queueLength, share: peerShare) {
            { order in
                let policies = state.policyStatus.loaded.set
                order.reply.send(Answer(.check, order.check.response(by: policies, at: .now())))
            }
        }
    }

    /// Ends the threads.
    func stop() { workers.stop() }

    /// Takes a request on, or says at once why not.
    func refuse(
        _ request: Request, reply: Reply, countShed: (LoopMetrics.Shed) -> Void
    ) -> Response? {
        let order: Order
        do throws(CheckOrder.Refusal) {
            order = Order(check: try CheckOrder(request), reply: reply)
        } catch {
            return error.response
        }
        switch workers.submit(order, of: reply.peer) {
        case .taken:
            return nil
        case .isFull:
            countShed(.checkQueue)
            return Problem.overloaded("too many checks are waiting; come again").response()
        case .ownerHasItsShare:
            countShed(.peerChecks)
            return Problem.overloaded(
                "too many checks of your address are waiting; come again"
            ).response()
        }
    }
}
