internal import HTTP
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
}
