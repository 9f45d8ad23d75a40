internal import HTTP
internal import Posix

/// What a loop asks for answers. Each loop has its own: it needs no lock.
protocol RequestHandler: AnyObject {
    /// The routes of the listener.
    var routes: [Route] { get }

    /// Answers a request, or returns nil and sends the answer through `reply` later.
    ///
    /// - Parameter client: The subject of the client's certificate, if it showed one.
    func answer(_ request: Request, from client: String?, reply: Reply) -> Answer?

    /// Judges by other policies from now on; called between requests.
    func adopt(_ rollout: Rollout)
}

extension RequestHandler {
    /// For a handler that judges nothing itself.
    func adopt(_ rollout: Rollout) { rollout.confirmations.add() }
}

/// The way back to a request's connection, for answers that another thread makes.
struct Reply: Sendable {
    let mailbox: Mailbox
    let token: Poller.Token
    let id: RequestID
    /// Who asks.
    let peer: PeerNetwork

    /// Sends the answer; a connection that is gone meanwhile drops it.
    func send(_ answer: Answer) { mailbox.post(.answer(token, id, answer)) }
}
