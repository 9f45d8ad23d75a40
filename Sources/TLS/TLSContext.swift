internal import COpenSSL

/// What a TLS server needs to be told.
package struct TLSConfiguration: Sendable {
    /// The server's certificate, then those that lead from it to the authority.
    package var certificateChainPEM: [UInt8]
    /// The key of the server's certificate, not encrypted.
    package var privateKeyPEM: [UInt8]
    /// The authorities of client certificates. If there are any, a client must show one.
    package var clientCAPEM: [UInt8]?
    /// The names for ALPN (RFC 7301), the best first: `h2`, `http/1.1`.
    package var applicationProtocols: [String]

    /// Gathers what a TLS server needs.
    package init(
        certificateChainPEM: [UInt8], privateKeyPEM: [UInt8], clientCAPEM: [UInt8]? = nil,
        applicationProtocols: [String]
    ) {
        self.certificateChainPEM = certificateChainPEM
        self.privateKeyPEM = privateKeyPEM
        self.clientCAPEM = clientCAPEM
        self.applicationProtocols = applicationProtocols
    }
}

/// What all TLS sessions of a server have in common: TLS 1.2 and 1.3 with forward secrecy and
/// authenticated encryption only, no compression, no renegotiation, no early data, and resumption
/// by tickets alone. Immutable: a new certificate makes a new context, and sessions keep theirs.
package final class TLSContext: @unchecked Sendable {
    // Sound as Sendable: nothing changes after init but OpenSSL's own counters, which are atomic;
    // SSL_new may be called from any thread on a context that is no longer configured.
    let handle: ContextHandle
    fileprivate let applicationProtocols: [[UInt8]]
    private let ticketKeys: TicketKeys

    /// How far ahead of ours a clock may be by which a new certificate was made, in seconds.
    package static let clockSkewSeconds: Int64 = 300

    /// The end of the certificate's validity in seconds since 1970-01-01 UTC.
    package let certificateNotAfter: Int64

    /// Makes a context at the time `unixSeconds`. Fails where no handshake would succeed: if the
    /// PEM texts cannot be read, the key is not the certificate's, the certificate has expired, is
    /// not valid yet or not for servers, or all client authorities have expired.
    package init(
        _ configuration: TLSConfiguration, ticketKeys: TicketKeys, unixSeconds: Int64
    ) throws(TLSError) {
        let handle = try unsafe makeContext(TLS_server_method(), maximumVersion: .tls13)
        certificateNotAfter = try identify(
            handle, certificateChainPEM: configuration.certificateChainPEM,
            privateKeyPEM: configuration.privateKeyPEM, servingAt: unixSeconds)
        try demandClientCertificates(
            handle, from: configuration.clientCAPEM, unixSeconds: unixSeconds)
        self.handle = handle
        self.ticketKeys = ticketKeys
        applicationProtocols = configuration.applicationProtocols.map { Array($0.utf8) }

        let keys = unsafe Unmanaged.passUnretained(ticketKeys).toOpaque()
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        // Sound: both objects live as long as this context, which every session retains.
        unsafe openssl_set_ticket_keys(self.handle.pointer, provideTicketKey, keys)
        _ = unsafe SSL_CTX_set_session_ticket_cb(self.handle.pointer, nil, decideOnTicket, nil)
        unsafe SSL_CTX_set_alpn_select_cb(self.handle.pointer, selectApplicationProtocol, this)
        // One ticket is enough for a client that keeps its connections.
        _ = unsafe SSL_CTX_set_num_tickets(self.handle.pointer, 1)
        _ = unsafe SSL_CTX_set_timeout(self.handle.pointer, Int(ticketKeys.lifetimeSeconds))
    }
}

/// The newest protocol version to offer; the oldest is always TLS 1.2.
package enum TLSVersion: Sendable {
    /// RFC 5246.
    case tls12
    /// RFC 8446.
    case tls13

    fileprivate var number: Int32 { self == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION }
}

/// Makes a context with what a server and a client of ours have in common.
func makeContext(
    _ method: OpaquePointer?, maximumVersion: TLSVersion
) throws(TLSError) -> ContextHandle {
    let operation = "setting up TLS"
    guard let pointer = unsafe SSL_CTX_new(method) else { throw TLSError(last: operation) }
    let handle = unsafe ContextHandle(adopting: pointer)
    // TLS 1.2: only what HTTP/2 does not forbid (RFC 9113, Appendix A).
    let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
    let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    guard
        unsafe openssl_configure_context(pointer, TLS1_2_VERSION, maximumVersion.number) == 1
            && openssl_set_groups(pointer, "X25519:P-256:P-384") == 1
            && SSL_CTX_set_cipher_list(pointer, ciphers) == 1
            && SSL_CTX_set_ciphersuites(pointer, suites) == 1
    else { throw TLSError(last: operation) }
    return handle
}

/// Gives a context its certificate, chain and key; returns the end of the certificate's validity.
/// One that is to serve at a moment must be fit for it.
func identify(
    _ handle: borrowing ContextHandle, certificateChainPEM: [UInt8], privateKeyPEM: [UInt8],
    servingAt unixSeconds: Int64? = nil
) throws(TLSError) -> Int64 {
    let context = unsafe handle.pointer
    let operation = TLSError.Operation.readCertificates
    var notAfter: Int64?
    try PEM.forEachCertificate(of: certificateChainPEM, operation) {
        certificate throws(TLSError) in
        // Sound: the calls take a reference of their own to the certificate.
        if notAfter != nil {
            guard unsafe X509_up_ref(certificate.pointer) == 1,
                unsafe openssl_add_chain_certificate(context, certificate.pointer) == 1
            else { throw TLSError(last: operation) }
            return
        }
        notAfter = certificate.notAfter
        if let unixSeconds { try check(certificate, unixSeconds: unixSeconds) }
        guard unsafe SSL_CTX_use_certificate(context, certificate.pointer) == 1 else {
            throw TLSError(last: operation)
        }
    }
    let key = try PEM.privateKey(of: privateKeyPEM)
    // Sound: the calls take a reference of their own to the key.
    guard unsafe SSL_CTX_use_PrivateKey(context, key.pointer) == 1,
        unsafe SSL_CTX_check_private_key(context) == 1
    else { throw TLSError(last: TLSError.Operation.matchKey) }
    return notAfter ?? 0
}

/// Whether clients would take a server's certificate, as far as it tells by itself.
private func check(
    _ certificate: borrowing Certificate, unixSeconds: Int64
) throws(TLSError) {
    let operation = TLSError.Operation.checkCertificate
    guard certificate.notAfter > unixSeconds else {
        throw TLSError(operation, "it expired on \(certificate.notAfterText)")
    }
    guard certificate.notBefore <= unixSeconds + TLSContext.clockSkewSeconds else {
        throw TLSError(operation, "it is not valid before \(certificate.notBeforeText)")
    }
    guard certificate.isForServers else {
        throw TLSError(operation, "it is not for servers: its extended key usage says so")
    }
}

/// Makes client certificates of these authorities obligatory, if there are any. A session belongs
/// to its authorities: a ticket sealed under others is not resumed.
private func demandClientCertificates(
    _ handle: borrowing ContextHandle, from authorities: [UInt8]?, unixSeconds: Int64
) throws(TLSError) {
    let context = unsafe handle.pointer
    var identity = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    let text = authorities ?? []
    // Sound: the digest has 32 bytes, which is also the most a session context takes.
    unsafe SHA256(text, text.count, &identity)
    guard
        unsafe SSL_CTX_set_session_id_context(context, identity, UInt32(identity.count)) == 1
    else { throw TLSError(last: "setting up TLS") }

    guard let authorities else { return }
    let operation = TLSError.Operation.readAuthorities
    var lastEnd: (unixSeconds: Int64, text: String) = (.min, "")
    try PEM.forEachCertificate(of: authorities, operation) { authority throws(TLSError) in
        if authority.notAfter > lastEnd.unixSeconds {
            lastEnd = (authority.notAfter, authority.notAfterText)
        }
        // Sound: the calls take a reference or copy of their own.
        guard
            unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.pointer) == 1,
            unsafe SSL_CTX_add_client_CA(context, authority.pointer) == 1
        else { throw TLSError(last: operation) }
    }
    guard lastEnd.unixSeconds > unixSeconds else {
        throw TLSError(
            TLSError.Operation.checkAuthorities,
            "all have expired, the last on \(lastEnd.text)")
    }
    unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
}

/// OpenSSL's question for the application protocol (SSL_CTX_set_alpn_select_cb(3)). The client's
/// list is a sequence of names, each preceded by its length.
private func selectApplicationProtocol(
    _ ssl: OpaquePointer?, _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ selectedLength: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?,
    _ offeredLength: UInt32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context = unsafe context, let selected = unsafe selected,
        let selectedLength = unsafe selectedLength
    else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    // Sound: TLSContext passed itself and outlives its sessions; the list has that many bytes, and
    // OpenSSL copies the selected name out of it before it lets the list go.
    let protocols = unsafe Unmanaged<TLSContext>.fromOpaque(context).takeUnretainedValue()
        .applicationProtocols
    let list = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredLength))
    for name in protocols {
        var start = 0
        while start < list.count {
            let end = start + 1 + Int(unsafe list[start])
            guard end <= list.count else { break }
            if unsafe list[(start + 1)..<end].elementsEqual(name) {
                unsafe selected.pointee = unsafe offered.map { unsafe $0 + start + 1 }
                unsafe selectedLength.pointee = UInt8(name.count)
                return SSL_TLSEXT_ERR_OK
            }
            start = end
        }
    }
    // A client that offers only what we do not speak may still speak the protocol that needs no
    // agreement; unless we do not.
    let isNegotiable = protocols.contains(Array("http/1.1".utf8)) || protocols.isEmpty
    return isNegotiable ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL
}
