internal import HTTP
internal import TLS

/// What a loop is told when it is made.
struct LoopSettings: Sendable {
    let listener: ListenerConfiguration
    /// Nil for plaintext.
    let tls: TLSContext?
    /// Bytes for large bodies, shared by all loops of the process.
    let budget: ByteBudget
    /// Places for connections, shared by the loops of the listener.
    let connectionLimit: ConnectionLimit
    let metrics: LoopMetrics
    let mailbox: Mailbox
}
