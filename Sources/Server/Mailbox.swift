internal import HTTP
internal import Posix

/// What other threads tell a loop.
enum LoopMessage: Sendable {
    /// An answer that a worker made.
    case answer(Poller.Token, RequestID, Answer)
    /// Judge by other policies from now on.
    case adopt(Rollout)
    /// Show new connections another certificate, or ask them for another.
    case adoptTLS(TLSRollout)
    /// Close what another loop of the listener needs room for: it has nothing of its own to close.
    case makeRoom
    /// Announce the end: answers close their connections from now on, new ones are still taken.
    case beginDraining
    /// Close what is idle and the listener; finish what is in flight, then end.
    case finish
    /// Close everything and end now.
    case end
}

/// A loop's letter box: any thread posts, the loop empties it between events.
final class Mailbox: Sendable {
    private let messages = Lock<[LoopMessage]>([])
    private let wakeup: Wakeup

    init() throws(SystemError) { wakeup = try Wakeup() }

    /// The descriptor that is readable when there are messages.
    var rawValue: Int32 { wakeup.rawValue }

    /// Leaves a message and wakes the loop, if it is not awake for an earlier one.
    func post(_ message: LoopMessage) {
        let isFirst = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if isFirst { wakeup.signal() }
    }

    /// Takes all messages; for the loop.
    func take() -> [LoopMessage] {
        wakeup.drain()
        return messages.withLock { messages in
            var taken: [LoopMessage] = []
            swap(&taken, &messages)
            return taken
        }
    }
}
