internal import COpenSSL

/// Reads certificates and keys in PEM (RFC 7468).
enum PEM {
    /// Hands the certificates of `text` to `body` in their order; at least one, or it fails.
    static func forEachCertificate(
        of text: [UInt8], _ operation: String,
        _ body: (consuming Certificate) throws(TLSError) -> Void
    ) throws(TLSError) {
        let input = try open(text, operation)
        var count = 0
        // Sound: the reader gives a certificate of its own at each call, and null at the end.
        while let pointer = unsafe PEM_read_bio_X509(input.pointer, nil, refusePassphrase, nil) {
            count += 1
            try body(unsafe Certificate(adopting: pointer))
        }
        // "No start line" is how the reader says that no further block follows.
        let code = ERR_peek_last_error()
        guard ERR_GET_LIB(code) == ERR_LIB_PEM, ERR_GET_REASON(code) == PEM_R_NO_START_LINE else {
            throw TLSError(last: operation)
        }
        ERR_clear_error()
        guard count > 0 else { throw TLSError(operation, "no certificate in the PEM text") }
    }

    /// Reads the private key of `text`, which must not be encrypted.
    static func privateKey(of text: [UInt8]) throws(TLSError) -> PrivateKey {
        let operation = TLSError.Operation.readKey
        let input = try open(text, operation)
        // Sound: the key returned is our own.
        if let key = unsafe PEM_read_bio_PrivateKey(input.pointer, nil, refusePassphrase, nil) {
            return unsafe PrivateKey(adopting: key)
        }
        ERR_clear_error()
        let isEncrypted = String(decoding: text, as: UTF8.self).contains("ENCRYPTED")
        throw TLSError(
            operation,
            isEncrypted ? "it is encrypted with a passphrase" : "no usable key in the PEM text")
    }

    private static func open(
        _ text: [UInt8], _ operation: String
    ) throws(TLSError) -> MemoryBIO {
        guard String(decoding: text, as: UTF8.self).contains("-----BEGIN ") else {
            throw TLSError(operation, "not PEM: there is no BEGIN line")
        }
        let input = MemoryBIO()
        ERR_clear_error()
        // Sound: the call copies the bytes, whose count cannot pass Int32: files are limited.
        let written = unsafe text.withUnsafeBytes {
            unsafe BIO_write(input.pointer, $0.baseAddress, Int32(clamping: $0.count))
        }
        guard written == text.count else { throw TLSError(last: operation) }
        return input
    }
}

/// Never asks a terminal for a passphrase, as OpenSSL does if left alone.
private func refusePassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isWriting: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 { -1 }
