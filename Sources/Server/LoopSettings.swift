internal import HTTP
internal import Posix
internal import TLS

/// What a loop is told when it is made.
struct LoopSettings: Sendable {
    let listener: ListenerConfiguration
    /// Nil for plaintext.
    let tls: TLSContext?
    /// Bytes for large bodies and answers, shared by the loops of the listener.
    let budget: ByteBudget
    /// Places for connections, shared by the loops of the listener.
    let connectionLimit: ConnectionLimit
    /// Connections of each peer, likewise; nil where peers have no share.
    let peerLimit: PeerLimit?
    let metrics: LoopMetrics
    let mailbox: Mailbox
    /// The loops of the same listener.
    let neighbours: Neighbours
}

/// The loops of one listener, which share its limits.
final class Neighbours: Sendable {
    private let mailboxes = Lock<[Mailbox]>([])

    func add(_ mailbox: Mailbox) {
        mailboxes.withLock { $0.append(mailbox) }
    }

    /// Asks all the others for a place, where `mailbox` is that of a loop which has none to give.
    func askForRoom(besides mailbox: Mailbox) {
        for other in mailboxes.withLock({ $0 }) where other !== mailbox { other.post(.makeRoom) }
    }
}
