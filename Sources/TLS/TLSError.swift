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

    /// `TLS handshake: unsupported protocol`.
    package var description: String { "\(operation): \(reason)" }
}
