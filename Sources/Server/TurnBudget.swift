/// What one turn of a loop does before it looks at the others again: whoever asks for more goes to
/// the back of the line.
enum TurnLimits {
    /// Events taken from the poller at once.
    static let events = 256
    /// Connections accepted.
    static let accepts = 64
    /// Handshakes gone on with: one costs as much as a hundred reviews.
    static let handshakes = 16
    /// Bytes read from one connection at once.
    static let readBytes = 32 * 1024
    /// Bytes written to one connection at once; one write may go beyond it.
    static let writtenBytes = 256 * 1024
    /// Requests of one connection.
    static let requests = 32
    /// Bytes in the bodies of those requests and their answers; the last may go beyond it.
    static let bodyBytes = 256 * 1024
}

/// What is left for one connection of what a turn does for it.
struct TurnBudget {
    private var requests = TurnLimits.requests
    private var bodyBytes = TurnLimits.bodyBytes

    /// Whether the rest has to wait for the next turn.
    var isSpent: Bool { requests <= 0 || bodyBytes <= 0 }

    /// Counts a request, with the bytes of its body and of its answer's.
    mutating func spend(_ bytes: Int) {
        requests -= 1
        bodyBytes -= bytes
    }
}
