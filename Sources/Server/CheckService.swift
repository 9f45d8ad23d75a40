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
    init(state: ServerState, threads: Int, queueLength: Int) throws(SystemError) {
        workers = try Workers.start(count: threads, capacity: queueLength) {
            { order in
                let policies = state.policyStatus.loaded.set
                order.reply.send(Answer(.check, order.check.response(by: policies, at: .now())))
            }
        }
    }

    /// Ends the threads.
    func stop() { workers.stop() }

    /// Takes a request on, or says at once why not.
    func refuse(_ request: Request, reply: Reply, countShed: () -> Void) -> Response? {
        let order: Order
        do throws(CheckOrder.Refusal) {
            order = Order(check: try CheckOrder(request), reply: reply)
        } catch {
            return error.response
        }
        if workers.submit(order) { return nil }
        countShed()
        return Problem.overloaded("too many checks are waiting; come again").response()
    }
}
