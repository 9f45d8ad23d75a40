internal import CLinux
internal import Glibc

/// A system call that failed: which one, on what, and why.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The name of the call, as in its manual page.
    package let call: String
    /// The path or address it was asked for; empty when the call has none.
    package let subject: String
    /// The error number, `errno`.
    package let code: Int32

    /// Describes a failure of `call` with a known error number.
    package init(call: String, subject: String = "", code: Int32) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// Describes the failure of `call` that has just happened in this thread.
    init(last call: String, subject: String = "") {
        self.init(call: call, subject: subject, code: errno)
    }

    /// `open /etc/cattleguard: No such file or directory`.
    package var description: String {
        let target = subject.isEmpty ? "" : " \(subject)"
        // Sound: the text is a constant of the C library.
        guard let text = unsafe linux_error_description(code) else {
            return "\(call)\(target): error \(code)"
        }
        return unsafe "\(call)\(target): \(String(cString: text))"
    }

    /// What is no regular file was to be read as one: `File.readRegular`.
    package var isIrregular: Bool { code == EINVAL }

    /// No descriptor or kernel memory is left: accepting again at once would spin (accept(2)).
    package var isExhaustion: Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code)
    }
}

/// Repeats `call` while a signal interrupts it; throws when it returns a negative number.
func retrying<Result: FixedWidthInteger & SignedInteger>(
    _ name: String, _ subject: String = "", _ call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        if errno != EINTR { throw SystemError(last: name, subject: subject) }
    }
}
