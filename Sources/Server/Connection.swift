internal import HTTP
internal import Posix
internal import TLS

/// One accepted connection: a socket, on a secure listener a TLS session, and the HTTP engine.
///
/// It moves bytes and keeps no time and no table: the loop calls it and decides what follows.
final class Connection {
    /// The most plaintext that is encrypted at once, so that a long answer is not held twice: what
    /// a TLS record holds.
    private static let encryptedAtOnce = 16 * 1024
    /// The most bytes of a client's subject that are kept.
    private static let subjectBytes = 1024
    /// The ciphertext that a peer may leave untaken and still be read: TLS, too, answers what it is
    /// asked, key updates above all.
    private static let untakenCiphertext = 2 * encryptedAtOnce

    /// What a connection may hold between two turns without asking, in bytes, besides what an idle
    /// one takes: a handshake, or a request of the usual size and a TLS record that have come in
    /// part.
    static let freeBytes = 50 << 10
    /// What OpenSSL holds of a record that has come in part, in bytes.
    private static let recordBytes = 17 << 10

    let token: Poller.Token
    /// Whom it counts for.
    let peer: PeerNetwork
    let socket: StreamSocket
    /// What the poller now watches the socket for.
    var interest: Poller.Interest = [.read]
    /// Nil on a plaintext listener.
    private var session: TLSSession?
    /// Nil until the handshake is done.
    private(set) var engine: Engine?
    /// Whether the session may hold bytes that the engine has not got.
    private var mayHoldPlaintext = false
    /// Whether the peer has sent its last byte.
    private(set) var isInputEnded = false
    /// Whether the socket took less than there is to write.
    private(set) var isOutputBlocked = false
    /// Whether our side is closed and input is only thrown away until the peer's is, too.
    private(set) var isLingering = false
    /// The request for which the head or body deadline now runs.
    var timedRequest: RequestID?
    /// Whether a request has been answered yet.
    var hasServed = false
    /// Whether other client authorities are in force than when it was accepted.
    var isSuperseded = false
    /// The subject of the certificate that the client showed and that was verified, if any.
    private(set) var clientSubject: String?
    /// Whether the loop has it on its list of connections to go on with in the next turn.
    var isQueued = false
    /// What it holds beyond `freeBytes`, as its share of the listener's budget; 0 for most.
    private(set) var share = 0

    /// A connection on a plaintext listener.
    init(
        token: Poller.Token, peer: PeerNetwork, socket: consuming StreamSocket, engine: Engine
    ) {
        self.token = token
        self.peer = peer
        self.socket = socket
        self.engine = engine
    }

    /// A connection on a secure listener, before its handshake.
    init(
        token: Poller.Token, peer: PeerNetwork, socket: consuming StreamSocket,
        session: consuming TLSSession
    ) {
        self.token = token
        self.peer = peer
        self.socket = socket
        self.session = consume session
    }

    /// Whether bytes from the peer are of use now.
    var wantsInput: Bool {
        if isInputEnded { return false }
        if (session?.pendingOutputCount ?? 0) > Self.untakenCiphertext { return false }
        guard !isLingering, let engine else { return true }
        // First what the session holds: it would grow with every read until the engine has got it.
        return !mayHoldPlaintext && engine.wantsInput
    }

    /// Whether output waits for the socket.
    var hasPendingOutput: Bool {
        (session?.pendingOutputCount ?? 0) > 0 || (engine?.pendingOutputCount ?? 0) > 0
    }

    /// Reads once from the socket, into the engine or, for TLS, the session.
    ///
    /// - Parameters:
    ///   - scratch: Room for ciphertext and for what is thrown away.
    ///   - moment: The time, in nanoseconds of the monotonic clock.
    ///   - makeEngine: Makes the engine for the protocol that ALPN chose.
    func receive(
        scratch: inout [UInt8], at moment: UInt64,
        makeEngine: (_ applicationProtocol: String?) -> Engine
    ) throws {
        if isLingering {
            var span = scratch.mutableSpan
            noteEnd(try socket.read(into: &span))
        } else if session != nil {
            try receiveCiphertext(scratch: &scratch)
            try advance(makeEngine: makeEngine)
        } else if let engine {
            _ = try engine.receive(at: moment) {
                (span: inout MutableSpan<UInt8>) throws(SystemError) -> Int in
                var room = span._mutatingExtracting(first: TurnLimits.readBytes)
                return noteEnd(try socket.read(into: &room))
            }
        }
    }

    /// Moves some of what the TLS session holds on to the engine, whose events are then to be
    /// taken; a plaintext connection holds nothing.
    ///
    /// - Returns: Whether the engine got anything.
    func decrypt(at moment: UInt64) throws -> Bool {
        guard mayHoldPlaintext, let engine, engine.wantsInput else { return false }
        let count = try engine.receive(at: moment) {
            (span: inout MutableSpan<UInt8>) throws(TLSError) -> Int in
            switch try session?.read(into: &span) {
            case .bytes(let count):
                mayHoldPlaintext = session?.holdsInput ?? false
                return count
            case .closed:
                isInputEnded = true
                mayHoldPlaintext = false
                return 0
            case .wantsInput, nil:
                mayHoldPlaintext = false
                return 0
            }
        }
        return count > 0
    }

    /// Tells the engine that the input has ended, once it has taken all of it.
    func reportEnd() {
        guard isInputEnded, !isLingering, let engine else { return }
        if !mayHoldPlaintext { engine.peerClosed() }
    }

    /// Sees that the budget has what the connection holds beyond `freeBytes`; nothing changes where
    /// it has not.
    ///
    /// - Returns: Whether it has. A connection of which it has not must go.
    func account(to budget: ByteBudget) -> Bool {
        let excess = max(0, heldBytes - Self.freeBytes)
        if excess > share, !budget.reserve(excess - share) { return false }
        if excess < share { budget.release(share - excess) }
        share = excess
        return true
    }

    /// Gives its share back when the connection is dropped.
    func giveShareBack(to budget: ByteBudget) {
        if share > 0 { budget.release(share) }
        share = 0
    }

    /// Bytes of memory beside those of an idle connection that no share of the budget covers.
    private var heldBytes: Int {
        guard let engine else { return 0 }
        let held = engine.heldBytes
        if held == 0 { return 0 }
        // Whoever takes no answers is not read either: the kernel holds both, and twice what it is
        // asked to (socket(7)).
        let kernel = isOutputBlocked ? 4 * ListeningSocket.kernelBufferBytes : 0
        return held + ciphertextBytes + kernel
    }

    private var ciphertextBytes: Int {
        session == nil ? 0 : Self.recordBytes + (session?.pendingOutputCount ?? 0)
    }

    /// Gives back what the TLS session keeps for ciphertext, where none waits: a body that takes
    /// its time need not be held twice.
    func releaseCiphertextBuffers() { session?.releaseIdleBuffers() }

    /// Gives back the memory that an idle connection does not need.
    func releaseIdleBuffers() {
        engine?.releaseIdleBuffers()
        session?.releaseIdleBuffers()
    }

    /// Writes what is ready until all is written, the socket takes no more or a turn's part of it
    /// is done: a peer that reads as fast as we write would otherwise hold up the others.
    func flush() throws {
        isOutputBlocked = false
        var written = 0
        if session == nil {
            while !isOutputBlocked, written < TurnLimits.writtenBytes, let engine,
                engine.pendingOutputCount > 0
            {
                try engine.withOutput { (span: Span<UInt8>) throws(SystemError) -> Int in
                    let count = noteBlocked(try socket.write(span))
                    written += count
                    return count
                }
            }
            return
        }
        while !isOutputBlocked, written < TurnLimits.writtenBytes {
            if session?.pendingOutputCount == 0 { try encrypt() }
            guard let count = session?.pendingOutputCount, count > 0 else { return }
            try writeCiphertext()
            written += count
        }
    }

    /// Ends our side: the last bytes, close_notify, FIN. What the peer still sends is then thrown
    /// away: closing over unread input would reset the connection under the answer.
    func beginLingering() {
        isLingering = true
        session?.close()
        try? writeCiphertext()
        isOutputBlocked = false
        socket.shutdownWrite()
        engine = nil
    }

    /// Tries to send what explains a failure, such as a TLS alert, before the connection closes.
    func sendLastWords() { try? writeCiphertext() }

    private func receiveCiphertext(scratch: inout [UInt8]) throws {
        var span = scratch.mutableSpan
        let count = noteEnd(try socket.read(into: &span))
        guard count > 0 else { return }
        try session?.receive(scratch.span.extracting(0..<count))
        mayHoldPlaintext = true
    }

    /// Goes on with the handshake, and makes the engine when it is done.
    private func advance(makeEngine: (_ applicationProtocol: String?) -> Engine) throws {
        guard engine == nil, try session?.handshake() == true else { return }
        clientSubject = session?.peerSubject(byteLimit: Self.subjectBytes)
        engine = makeEngine(session?.applicationProtocol)
    }

    private func encrypt() throws {
        guard let engine, engine.pendingOutputCount > 0 else { return }
        try engine.withOutput { (span: Span<UInt8>) throws(TLSError) -> Int in
            let count = min(span.count, Self.encryptedAtOnce)
            try session?.write(span.extracting(0..<count))
            return count
        }
    }

    private func writeCiphertext() throws {
        _ = try session?.withOutput { (span: Span<UInt8>) throws(SystemError) -> Int in
            noteBlocked(try socket.write(span))
        }
    }

    @discardableResult
    private func noteEnd(_ result: ReadResult) -> Int {
        switch result {
        case .bytes(let count): return count
        case .wouldBlock: return 0
        case .end:
            isInputEnded = true
            return 0
        }
    }

    private func noteBlocked(_ result: WriteResult) -> Int {
        switch result {
        case .bytes(let count): return count
        case .wouldBlock:
            isOutputBlocked = true
            return 0
        }
    }
}
