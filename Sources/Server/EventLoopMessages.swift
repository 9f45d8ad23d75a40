internal import HTTP
internal import Posix
internal import TLS

/// What other threads tell the loop.
extension EventLoop {
    func readMailbox() {
        for message in settings.mailbox.take() {
            switch message {
            case .answer(let token, let id, let answer):
                guard let connection = connections[token] else {
                    metrics.countRequest(answer.route, status: answer.response.status)
                    continue
                }
                send(answer, to: id, on: connection)
                serve(connection, isReadable: false)
            case .beginDraining:
                isDraining = true
                for connection in connections.all {
                    connection.engine?.beginDraining()
                    serve(connection, isReadable: false)
                }
            case .makeRoom: evict()
            case .adopt(let rollout): handler.adopt(rollout)
            case .adoptTLS(let rollout): adopt(rollout)
            case .finish: finish()
            case .end: isEnding = true
            }
        }
    }

    /// Gives new connections the new context. Those that are there keep theirs to their end, which
    /// is near where their clients were let in by other authorities.
    private func adopt(_ rollout: TLSRollout) {
        if tls != nil {
            tls = rollout.context
            if rollout.changesClientAuthorities {
                for connection in connections.all {
                    connection.isSuperseded = true
                    connection.engine?.beginDraining(waitingForPeer: false)
                    serve(connection, isReadable: false)
                }
            }
        }
        rollout.confirmations.add()
    }

    /// Closes what is idle, takes what still waits to be accepted and closes the listener.
    private func finish() {
        guard !isFinishing else { return }
        isDraining = true
        isFinishing = true
        for connection in connections.all {
            connection.engine?.beginDraining()
            if connection.engine?.phase == .idle { connection.hasServed = true }
            serve(connection, isReadable: false)
        }
        while acceptConnections() {}
        listener = nil
        acceptPause.cancel()
    }
}
