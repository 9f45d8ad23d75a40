internal import COpenSSL

/// The keys that seal session tickets (RFC 5077, RFC 8446 §4.6.1), so that a client may resume at
/// any loop and after a change of the certificate without the server remembering it. A key seals
/// for one lifetime and opens for another one, and is wiped then. Share one between all contexts
/// of a process; contexts with other client authorities refuse each other's tickets anyway.
@safe
package final class TicketKeys: @unchecked Sendable {
    // Sound as Sendable: `current`, `previous` are touched only with `lock` held; a TicketKey is
    // immutable. OpenSSL's lock because this module knows no other: a handshake holds it briefly.
    private let lock: UnsafeMutableRawPointer
    private var current: TicketKey
    private var previous: TicketKey?
    private let now: @Sendable () -> Int64

    /// How long a key seals, in seconds; so long a session can be resumed at least.
    package let lifetimeSeconds: Int64

    /// Makes the first key. `now` tells seconds of a clock that never runs backwards.
    package init(lifetimeSeconds: Int64, now: @escaping @Sendable () -> Int64) throws(TLSError) {
        precondition(lifetimeSeconds > 0, "a key must live")
        guard let lock = unsafe CRYPTO_THREAD_lock_new() else {
            throw TLSError(last: "making a lock")
        }
        unsafe self.lock = unsafe lock
        self.lifetimeSeconds = lifetimeSeconds
        self.now = now
        do {
            current = try TicketKey(made: now())
        } catch {
            unsafe CRYPTO_THREAD_lock_free(lock)
            throw error
        }
    }

    deinit {
        unsafe CRYPTO_THREAD_lock_free(lock)
    }

    /// The key to seal with, and the one before if it may still open tickets.
    fileprivate func keys() -> (current: TicketKey, previous: TicketKey?) {
        unsafe CRYPTO_THREAD_write_lock(lock)
        defer { unsafe CRYPTO_THREAD_unlock(lock) }
        let time = now()
        let age = time - current.made
        // Without randomness the old key stays for a while: better than no handshake.
        if age >= lifetimeSeconds, let next = try? TicketKey(made: time) {
            previous = age < 2 * lifetimeSeconds ? current : nil
            current = next
        } else if let old = previous, time - old.made >= 2 * lifetimeSeconds {
            previous = nil
        }
        return (current, previous)
    }
}

/// One key: a name that stands in the ticket in clear, a cipher key and a MAC key.
@safe
private final class TicketKey: Sendable {
    static let nameSize = 16
    static let cipherKeySize = 32
    static let macKeySize = 32

    // Sound: 80 bytes of its own, written in init only, wiped and freed in deinit.
    private nonisolated(unsafe) let bytes: UnsafeMutablePointer<UInt8>
    /// When it was made, in seconds.
    let made: Int64

    private static var size: Int { nameSize + cipherKeySize + macKeySize }

    init(made: Int64) throws(TLSError) {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.size)
        guard unsafe RAND_priv_bytes(bytes, Int32(Self.size)) == 1 else {
            unsafe bytes.deallocate()
            throw TLSError(last: "making a ticket key")
        }
        unsafe self.bytes = unsafe bytes
        self.made = made
    }

    deinit {
        unsafe OPENSSL_cleanse(bytes, Self.size)
        unsafe bytes.deallocate()
    }

    func writeName(to name: UnsafeMutablePointer<UInt8>) {
        unsafe name.update(from: bytes, count: Self.nameSize)
    }

    func hasName(_ name: UnsafePointer<UInt8>) -> Bool {
        unsafe CRYPTO_memcmp(name, bytes, Self.nameSize) == 0
    }

    /// Prepares sealing or opening with AES-256-CBC and HMAC-SHA-256, encrypt-then-MAC.
    func prepare(
        cipher: OpaquePointer?, initializationVector: UnsafePointer<UInt8>, mac: OpaquePointer?,
        isSealing: Bool
    ) -> Bool {
        let cipherKey = unsafe bytes + Self.nameSize
        let macKey = unsafe cipherKey + Self.cipherKeySize
        return unsafe EVP_CipherInit_ex(
            cipher, EVP_aes_256_cbc(), nil, cipherKey, initializationVector, isSealing ? 1 : 0) == 1
            && openssl_set_ticket_mac_key(mac, macKey, Self.macKeySize) == 1
    }
}

/// OpenSSL's question whether to resume by a ticket (SSL_CTX_set_session_ticket_cb(3)): a client
/// whose certificate has expired must not come back by one, for each would be given for another.
/// Where the answer is no, a full handshake follows.
func decideOnTicket(
    _ ssl: OpaquePointer?, _ session: OpaquePointer?, _ name: UnsafePointer<UInt8>?,
    _ nameLength: Int, _ status: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW else {
        return SSL_TICKET_RETURN_IGNORE_RENEW
    }
    // Sound: the certificate belongs to the session, which lives during the call.
    if let certificate = unsafe SSL_SESSION_get0_peer(session),
        unsafe X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0
    {
        return SSL_TICKET_RETURN_IGNORE_RENEW
    }
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
}

/// OpenSSL's question for a ticket key (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)): 1 done, 2 done
/// and to be sealed anew, 0 no such key (a full handshake follows), -1 failure.
func provideTicketKey(
    _ ssl: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?,
    _ initializationVector: UnsafeMutablePointer<UInt8>?, _ cipher: OpaquePointer?,
    _ mac: OpaquePointer?, _ isSealing: Int32
) -> Int32 {
    guard let context = unsafe openssl_ticket_keys(ssl), let name = unsafe name,
        let initializationVector = unsafe initializationVector
    else { return -1 }
    // Sound: TLSContext put its TicketKeys there and outlives every session of it.
    let keys = unsafe Unmanaged<TicketKeys>.fromOpaque(context).takeUnretainedValue().keys()

    if isSealing != 0 {
        // Sound: OpenSSL gives room for 16 bytes of name and EVP_MAX_IV_LENGTH (16) of vector.
        guard unsafe RAND_bytes(initializationVector, 16) == 1 else { return -1 }
        unsafe keys.current.writeName(to: name)
        let isReady = unsafe keys.current.prepare(
            cipher: cipher, initializationVector: initializationVector, mac: mac, isSealing: true)
        return isReady ? 1 : -1
    }
    for (key, answer) in [(keys.current, Int32(1)), (keys.previous ?? keys.current, 2)]
    where unsafe key.hasName(name) {
        let isReady = unsafe key.prepare(
            cipher: cipher, initializationVector: initializationVector, mac: mac, isSealing: false)
        return isReady ? answer : -1
    }
    return 0
}
