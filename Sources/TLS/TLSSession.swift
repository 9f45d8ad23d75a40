internal import COpenSSL

/// What a read of plaintext brought.
package enum TLSRead: Equatable, Sendable {
    /// So many bytes, at least one.
    case bytes(Int)
    /// All ciphertext is used up: `receive` more.
    case wantsInput
    /// The peer said that it sends nothing more (close_notify).
    case closed
}

/// One TLS connection as a machine of bytes: ciphertext goes in by `receive` and out by
/// `withOutput`, plaintext out by `read` and in by `write`. It knows no socket.
///
/// Any call may leave ciphertext to be sent, a failing one too: the alert that tells the peer why.
/// So send the output after each, also before closing. After an error nothing but `withOutput`
/// makes sense. Until the handshake is complete, call `handshake` after each `receive`.
@safe
package struct TLSSession: ~Copyable {
    // Sound: the three objects are made in init and not null. `ssl` owns the two BIOs and is freed
    // once, in deinit. The context, which OpenSSL's callbacks use, is retained as long.
    private let ssl: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer
    private let context: any AnyObject & Sendable
    private var sentOutput = 0
    private var hasFailed = false
    private var hasClosed = false

    /// How much memory an empty output keeps for the next answer, in bytes. Emptying clears it, so
    /// it is no more than a usual answer takes.
    private static let outputMemoryKept = 32768

    /// Whether plaintext may be read and written.
    package private(set) var isHandshakeComplete = false

    /// Begins a connection that a client has opened.
    package init(_ context: TLSContext) throws(TLSError) {
        let parts = try unsafe makeSession(context.handle)
        unsafe SSL_set_accept_state(parts.ssl)
        unsafe (ssl, input, output) = unsafe parts
        self.context = context
    }

    /// Begins a connection to a server, which must own the name or address `serverName` if the
    /// context verifies servers. For tests and for a probe of our own server.
    package init(
        connectingTo serverName: String, _ context: TLSClientContext,
        resuming resumption: TLSResumption? = nil
    ) throws(TLSError) {
        let parts = try unsafe makeSession(context.handle)
        // Sound: the calls copy the name and take a reference to the session.
        unsafe SSL_set_connect_state(parts.ssl)
        let isNamed =
            unsafe openssl_set_host_to_verify(parts.ssl, serverName) == 1
            && openssl_set_server_name(parts.ssl, serverName) == 1
        let isResuming = resumption.map { unsafe SSL_set_session(parts.ssl, $0.pointer) == 1 }
        guard isNamed, isResuming ?? true else {
            unsafe SSL_free(parts.ssl)
            throw TLSError(last: "setting up TLS")
        }
        unsafe (ssl, input, output) = unsafe parts
        self.context = context
    }

    deinit {
        unsafe SSL_free(ssl)
    }
}

// MARK: - Ciphertext

extension TLSSession {
    /// Takes ciphertext from the peer. It is kept until `handshake` or `read` uses it, without a
    /// limit: read until `.wantsInput` before receiving more.
    package mutating func receive(_ ciphertext: Span<UInt8>) throws(TLSError) {
        if ciphertext.isEmpty { return }
        // Sound: the call copies the bytes. More than Int32.max is never received at once.
        let count = unsafe ciphertext.withUnsafeBytes {
            unsafe BIO_write(input, $0.baseAddress, Int32(clamping: $0.count))
        }
        guard count == ciphertext.count else { throw failure("receiving TLS records") }
    }

    /// How many bytes of ciphertext wait to be sent.
    package var pendingOutputCount: Int {
        unsafe openssl_bio_count(output) - sentOutput
    }

    /// Shows the ciphertext that waits to be sent, in place; `body` returns how much of it, from
    /// the beginning, it has taken. Returns that. Not called when nothing waits.
    @discardableResult
    package mutating func withOutput<Failure>(
        _ body: (Span<UInt8>) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        var start: UnsafePointer<UInt8>?
        let total = unsafe openssl_bio_bytes(output, &start)
        guard total > sentOutput, let start = unsafe start else { return 0 }
        // Sound: the BIO has `total` bytes there, of which `sentOutput` < `total` are sent, and
        // cannot change while `body` has the span: `self` is borrowed exclusively.
        let waiting = unsafe UnsafeBufferPointer(
            start: start + sentOutput, count: total - sentOutput)
        let taken = unsafe try body(waiting.span)
        precondition(taken >= 0 && taken <= waiting.count, "took what was not there")
        sentOutput += taken
        if sentOutput == total {
            unsafe openssl_bio_empty(output, Self.outputMemoryKept)
            sentOutput = 0
        }
        return taken
    }

    /// Gives back the memory that an idle connection does not need. What waits, stays. The next
    /// message takes memory again: to be called when a connection falls idle, not after each.
    package mutating func releaseIdleBuffers() {
        if unsafe openssl_bio_count(input) == 0 { unsafe openssl_bio_empty(input, 0) }
        if pendingOutputCount == 0 { unsafe openssl_bio_empty(output, 0) }
    }
}

// MARK: - Plaintext

extension TLSSession {
    /// Goes on with the handshake as far as the ciphertext received allows; true when it is
    /// complete.
    package mutating func handshake() throws(TLSError) -> Bool {
        if isHandshakeComplete { return true }
        guard !hasFailed else { throw failure("TLS handshake") }
        forgetErrors()
        let result = unsafe SSL_do_handshake(ssl)
        if result == 1 {
            isHandshakeComplete = true
            return true
        }
        if unsafe SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ { return false }
        throw failure("TLS handshake")
    }

    /// Reads plaintext into the buffer, which must have room. Call until it wants input.
    package mutating func read(into buffer: inout MutableSpan<UInt8>) throws(TLSError) -> TLSRead {
        precondition(isHandshakeComplete && !buffer.isEmpty, "read after the handshake, with room")
        guard !hasFailed else { throw failure("reading from TLS") }
        forgetErrors()
        var count = 0
        // Sound: the call writes at most the span's bytes, and one integer.
        let result = unsafe buffer.withUnsafeMutableBytes {
            unsafe SSL_read_ex(ssl, $0.baseAddress, $0.count, &count)
        }
        if result == 1 { return .bytes(count) }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsInput
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: throw failure("reading from TLS")
        }
    }

    /// Whether `read` could find anything: ciphertext that was received, or plaintext of a record
    /// that the last read had no room for.
    package var holdsInput: Bool {
        unsafe openssl_bio_count(input) > 0 || SSL_has_pending(ssl) == 1
    }

    /// Encrypts all of the plaintext; it then waits as output. The caller bounds how much may wait.
    package mutating func write(_ plaintext: Span<UInt8>) throws(TLSError) {
        precondition(isHandshakeComplete, "write after the handshake")
        if plaintext.isEmpty { return }
        guard !hasFailed else { throw failure("writing to TLS") }
        forgetErrors()
        var count = 0
        // Sound: the call reads the span's bytes and writes one integer. A memory BIO takes all.
        let result = unsafe plaintext.withUnsafeBytes {
            unsafe SSL_write_ex(ssl, $0.baseAddress, $0.count, &count)
        }
        guard result == 1 else { throw failure("writing to TLS") }
    }

    /// Tells the peer that nothing more follows (close_notify). No more writes; reading goes on.
    package mutating func close() {
        // SSL_shutdown is forbidden after an error and pointless before the handshake. A second one
        // would wait for the peer's end, and fail at what the peer said before it.
        guard isHandshakeComplete, !hasFailed, !hasClosed else { return }
        hasClosed = true
        forgetErrors()
        unsafe SSL_shutdown(ssl)
    }

    /// Empties this thread's queue of errors, by which `SSL_get_error` would judge the next call.
    /// It is nearly always empty, and seeing that costs a tenth of clearing it.
    private func forgetErrors() {
        if ERR_peek_error() != 0 { ERR_clear_error() }
    }

    private mutating func failure(_ operation: String) -> TLSError {
        if hasFailed { return TLSError(operation, "the connection has failed before") }
        hasFailed = true
        let verification = unsafe SSL_get_verify_result(ssl)
        let error = TLSError(last: operation)
        guard verification != Int(X509_V_OK), error.reason == "certificate verify failed" else {
            return error
        }
        // Sound: the text is a constant of the library.
        let detail = unsafe String(cString: X509_verify_cert_error_string(verification))
        return TLSError(operation, "\(error.reason): \(detail)")
    }
}

// MARK: - What was agreed

extension TLSSession {
    /// The protocol agreed on by ALPN, or nil.
    package var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        // Sound: the name belongs to the session; it is copied at once.
        unsafe SSL_get0_alpn_selected(ssl, &name, &length)
        if length == 0 { return nil }
        return unsafe String(
            decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// `TLSv1.2` or `TLSv1.3`.
    package var protocolVersion: String {
        // Sound: the text is a constant of the library.
        unsafe String(cString: SSL_get_version(ssl))
    }

    /// Whether the handshake was shortened by a ticket.
    package var isResumed: Bool {
        unsafe SSL_session_reused(ssl) == 1
    }

    /// The subject of the peer's certificate as RFC 2253 writes it, in ASCII, whatever else it has
    /// escaped; or nil if the peer showed none or it was not verified. Of one with more than
    /// `byteLimit` bytes the length is told: half a name could be another's.
    package func peerSubject(byteLimit: Int) -> String? {
        guard unsafe SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER != 0,
            unsafe SSL_get_verify_result(ssl) == Int(X509_V_OK),
            // Sound: the certificate returned is a reference of our own.
            let pointer = unsafe SSL_get1_peer_certificate(ssl)
        else { return nil }
        let subject = unsafe Certificate(adopting: pointer).subject
        let count = subject.utf8.count
        return count <= byteLimit ? subject : "(\(count) bytes)"
    }

    /// The client's session if the server gave a ticket for it. With TLS 1.3 tickets come after
    /// the handshake: read first.
    package var resumption: TLSResumption? {
        // Sound: the session returned is a reference of our own.
        guard let pointer = unsafe SSL_get1_session(ssl) else { return nil }
        let session = unsafe TLSResumption(adopting: pointer)
        return unsafe SSL_SESSION_is_resumable(session.pointer) == 1 ? session : nil
    }

    /// Asks for renegotiation as a hostile client of TLS 1.2 would; for tests.
    mutating func requestRenegotiation() {
        unsafe openssl_renegotiate(ssl)
    }
}

/// Makes an SSL with two memory BIOs, which it owns.
@unsafe
private func makeSession(
    _ context: borrowing ContextHandle
) throws(TLSError) -> (ssl: OpaquePointer, input: OpaquePointer, output: OpaquePointer) {
    guard let ssl = unsafe SSL_new(context.pointer), let input = unsafe BIO_new(BIO_s_mem()),
        let output = unsafe BIO_new(BIO_s_mem())
    else { fatalError("out of memory") }
    unsafe SSL_set_bio(ssl, input, output)
    return unsafe (ssl, input, output)
}
