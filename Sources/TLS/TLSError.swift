internal import COpenSSL

/// What TLS could not do, and why.
package struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was being done: `TLS handshake`, `reading the private key`.
    package let operation: String
    /// Why it failed, in OpenSSL's words where it has some: `unsupported protocol`.
    package let reason: String

    /// Describes a failure whose reason is known.
    init(_ operation: String, _ reason: String) {
        self.operation = operation
        self.reason = reason
    }

    /// Describes what OpenSSL failed to do just now in this thread, and empties its error queue.
    init(last operation: String) {
        // The first error is the one closest to the cause, but what the TLS layer says of it is
        // easier to understand than what a cipher or a decoder does.
        var code = ERR_get_error()
        while ERR_GET_LIB(code) != ERR_LIB_SSL {
            let next = ERR_peek_error()
            if next == 0 { break }
            if ERR_GET_LIB(next) == ERR_LIB_SSL { code = next }
            _ = ERR_get_error()
        }
        ERR_clear_error()
        // Sound: the texts are constants of the library.
        if let reason = unsafe ERR_reason_error_string(code) {
            unsafe self.init(operation, String(cString: reason))
        } else {
            self.init(operation, code == 0 ? "no reason given" : "OpenSSL error \(code)")
        }
    }

    /// Which part of a server's configuration is at fault, where one is.
    package var part: Part? {
        switch operation {
        case Operation.readCertificates, Operation.checkCertificate: .certificate
        case Operation.readKey, Operation.matchKey: .privateKey
        case Operation.readAuthorities, Operation.checkAuthorities: .clientAuthorities
        default: nil
        }
    }

    /// A part of a server's configuration.
    package enum Part: Sendable {
        /// The certificate and its chain.
        case certificate
        /// The certificate's private key.
        case privateKey
        /// The authorities of client certificates.
        case clientAuthorities
    }

    /// What is done with those parts.
    enum Operation {
        static let readCertificates = "reading the certificate chain"
        static let checkCertificate = "checking the certificate"
        static let readKey = "reading the private key"
        static let matchKey = "matching the private key with the certificate"
        static let readAuthorities = "reading the client authorities"
        static let checkAuthorities = "checking the client authorities"
    }

    /// `TLS handshake: unsupported protocol`.
    package var description: String { "\(operation): \(reason)" }
}
