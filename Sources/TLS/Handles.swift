internal import COpenSSL

// Owners of OpenSSL's objects. Each is sound in the same way: the pointer is not null, belongs to
// this owner alone, and is freed once, in deinit.

/// Owns an X.509 certificate.
@safe
struct Certificate: ~Copyable {
    let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe X509_free(pointer)
    }

    /// The beginning of its validity in seconds since 1970-01-01 UTC.
    var notBefore: Int64 { unsafe Self.unixSeconds(X509_get0_notBefore(pointer)) }

    /// The end of its validity in seconds since 1970-01-01 UTC.
    var notAfter: Int64 { unsafe Self.unixSeconds(X509_get0_notAfter(pointer)) }

    @unsafe
    private static func unixSeconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        let epoch = unsafe ASN1_TIME_set(nil, 0)
        defer { unsafe ASN1_TIME_free(epoch) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        // Sound: both times are valid ones, and the call writes two integers.
        unsafe ASN1_TIME_diff(&days, &seconds, epoch, time)
        return Int64(days) * 86400 + Int64(seconds)
    }

    /// The beginning of its validity for people: `Jan  1 00:00:00 2030 GMT`.
    var notBeforeText: String { unsafe Self.text(X509_get0_notBefore(pointer)) }

    /// The end of its validity for people.
    var notAfterText: String { unsafe Self.text(X509_get0_notAfter(pointer)) }

    @unsafe
    private static func text(_ time: UnsafePointer<ASN1_TIME>?) -> String {
        let text = MemoryBIO()
        unsafe ASN1_TIME_print(text.pointer, time)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// Whether it may stand for a server: it says so, or does not say what it is for (extended key
    /// usage, RFC 5280 §4.2.1.12).
    var isForServers: Bool {
        // All bits are set where the extension is absent.
        let usages = unsafe X509_get_extended_key_usage(pointer)
        return usages & UInt32(XKU_SSL_SERVER | XKU_ANYEKU) != 0
    }

    /// Its subject as RFC 2253 writes it: `CN=kube-apiserver,O=example`.
    var subject: String {
        let text = MemoryBIO()
        unsafe openssl_print_name(text.pointer, X509_get_subject_name(pointer))
        return String(decoding: text.bytes, as: UTF8.self)
    }
}

/// Owns a private key.
@safe
struct PrivateKey: ~Copyable {
    let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }
}

/// Owns what many connections have in common.
@safe
struct ContextHandle: ~Copyable {
    let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }
}

/// Owns a BIO that OpenSSL writes text or PEM into.
@safe
struct MemoryBIO: ~Copyable {
    let pointer: OpaquePointer

    init() {
        guard let pointer = unsafe BIO_new(BIO_s_mem()) else { fatalError("out of memory") }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe BIO_free(pointer)
    }

    /// A copy of what was written.
    var bytes: [UInt8] {
        var start: UnsafePointer<UInt8>?
        // Sound: the bytes belong to the BIO, which is not written to until they are copied.
        let count = unsafe openssl_bio_bytes(pointer, &start)
        return unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    }
}
