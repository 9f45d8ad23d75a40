/// The HTTP protocol of one connection, without its socket: bytes in, events out; answers in,
/// bytes out.
///
/// Use it so: while `wantsInput`, `receive` and then take every `nextEvent`; `respond` to each, at
/// once or later; write `withOutput` while `pendingOutputCount` is not 0; then, when `shouldClose`,
/// shut the writing side and go on calling `receive` (it now discards) until the peer closes or
/// a short time is up: closing over unread input would reset the connection under the answer.
package final class Engine {
    /// Which protocol a connection speaks.
    package enum Mode: Sendable {
        case http1
        case http2
        /// HTTP/2 where the connection begins with its preface (RFC 9113 §3.3), else HTTP/1.
        case detect
    }

    /// What a connection brings.
    package enum Event: Sendable {
        /// A whole request, to be answered.
        case request(Request)
        /// A request that cannot be served, to be answered with the fault's status. The path is
        /// the target's, as in `Request`; nil where the fault lies before it could be read.
        case fault(RequestID, Fault, path: String?)
    }

    /// What a connection waits for, so that deadlines can be kept.
    package enum Phase: Sendable {
        /// The next request: nothing of it has come.
        case idle
        /// The rest of a head.
        case head
        /// The rest of a body.
        case body
        /// Our own answer.
        case answering
        /// The peer, to take an answer.
        case sending
    }

    private let limits: Limits
    private let budget: ByteBudget
    private let pool: BufferPool
    /// Exactly one of the two; HTTP/1 while the protocol is not yet known.
    private var http1: HTTP1Session?
    private var http2: HTTP2Session?
    private var isDetecting: Bool
    private var isDraining = false

    /// An engine for one accepted connection.
    package init(mode: Mode, limits: Limits, budget: ByteBudget, pool: BufferPool) {
        self.limits = limits
        self.budget = budget
        self.pool = pool
        isDetecting = mode == .detect
        if mode == .http2 {
            http2 = HTTP2Session(limits: limits, budget: budget, pool: pool)
        } else {
            http1 = HTTP1Session(limits: limits, budget: budget, pool: pool)
        }
    }

    /// Whether `receive` may be called. False while an HTTP/1 request waits for its answer and
    /// while the peer does not take its answers: then do not poll for input.
    package var wantsInput: Bool {
        http2?.wantsInput ?? http1?.wantsInput ?? false
    }

    /// Lends `fill` space for input, best read into straight from the socket or the TLS session,
    /// and takes in as many bytes as it returns; 0 means that there is no more for now. `moment` is
    /// when, in nanoseconds of any clock, for `Request.arrival`.
    @discardableResult
    package func receive<E: Error>(
        at moment: UInt64 = 0, _ fill: (inout MutableSpan<UInt8>) throws(E) -> Int
    ) throws(E) -> Int {
        if let http2 { return try http2.receive(at: moment, fill) }
        let count = try http1?.receive(at: moment, fill) ?? 0
        if isDetecting { detect() }
        return count
    }

    private func detect() {
        switch http1?.preface ?? .absent {
        case .incomplete:
            return
        case .absent:
            isDetecting = false
        case .present:
            isDetecting = false
            let session = HTTP2Session(limits: limits, budget: budget, pool: pool)
            if isDraining { session.beginDraining(waitingForPeer: true) }
            if let http1 { session.moment = http1.arrival }
            if let bytes = http1?.surrenderInput() { session.receive(bytes) }
            http2 = session
            http1 = nil
        }
    }

    /// The next thing to answer, nil when more input is needed first. On HTTP/1 none comes while
    /// one is unanswered, so that answers keep their order.
    package func nextEvent() -> Event? {
        if let http2 { return http2.nextEvent() }
        return isDetecting ? nil : http1?.nextEvent()
    }

    /// Answers a request; `date` is the value of the `Date` field (RFC 9110 §5.6.7). An identifier
    /// that waits for no answer (its stream was reset) is ignored.
    ///
    /// - Returns: False where the answer finds no room in the budget (`Limits.pendingOutputBytes`):
    ///   the request still waits, for an answer of at most `Limits.smallAnswerBytes`.
    @discardableResult
    package func respond(to id: RequestID, _ response: Response, date: String? = nil) -> Bool {
        http2?.respond(to: id, response, date: date)
            ?? http1?.respond(to: id, response, date: date) ?? true
    }

    /// Bytes of output ready to be written. HTTP/2 frames are made only when those made before
    /// are written, so that a slow reader holds little.
    package var pendingOutputCount: Int {
        http2?.pendingOutputCount ?? http1?.pendingOutputCount ?? 0
    }

    /// Hands out the pending output; `write` returns how much of it it consumed.
    package func withOutput<E: Error>(
        _ write: (Span<UInt8>) throws(E) -> Int
    ) throws(E) {
        try http2?.withOutput(write)
        try http1?.withOutput(write)
    }

    /// Bytes of memory that requests and answers hold here and that no share of a budget covers:
    /// none where the connection is idle and has given its buffers back.
    package var heldBytes: Int { http2?.heldBytes ?? http1?.heldBytes ?? 0 }

    /// What the connection waits for.
    package var phase: Phase {
        http2?.phase ?? http1?.phase ?? .idle
    }

    /// The oldest request of which a part has come and a part is missing. A deadline for heads and
    /// bodies runs for as long as this stays the same.
    package var incompleteRequest: RequestID? {
        if let http2 { return http2.incompleteRequest }
        return http1?.incompleteRequest
    }

    /// The oldest answer that waits for the peer to open its flow control window (RFC 9113 §5.2),
    /// though all output is written. A deadline runs for as long as this stays the same: a peer may
    /// otherwise hold answers, and its connection, without end.
    package var untakenAnswer: RequestID? { http2?.untakenAnswer }

    /// Whether the connection has nothing more to do once the pending output is written. Ask when
    /// `nextEvent` has returned nil.
    package var shouldClose: Bool {
        http2?.shouldClose ?? http1?.shouldClose ?? true
    }

    /// Announces the end: HTTP/1 answers carry `Connection: close` from now on, HTTP/2 peers get
    /// GOAWAY. What is in flight is still answered; idle HTTP/1 connections stay open.
    ///
    /// - Parameter waitingForPeer: Whether an HTTP/2 peer may still ask until it has heard of the
    ///   end. Where not, its later streams are not answered.
    package func beginDraining(waitingForPeer: Bool = true) {
        guard !isDraining || !waitingForPeer else { return }
        isDraining = true
        http2?.beginDraining(waitingForPeer: waitingForPeer)
        http1?.beginDraining()
    }

    /// Says that the peer will send nothing more (end of file, close_notify).
    package func peerClosed() {
        isDetecting = false
        http2?.peerClosed()
        http1?.peerClosed()
    }

    /// Returns buffers to the pool where nothing is held in them. Call it before waiting.
    package func releaseIdleBuffers() {
        http2?.releaseIdleBuffers()
        http1?.releaseIdleBuffers()
    }
}
