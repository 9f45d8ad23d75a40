internal import CLinux
internal import Glibc

/// A signal's number (signal(7)).
package struct Signal: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// The number.
    package let rawValue: Int32

    /// Names a signal by its number.
    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// SIGTERM: end in good order.
    package static let terminate = Signal(rawValue: SIGTERM)
    /// SIGINT: the same, from a terminal.
    package static let interrupt = Signal(rawValue: SIGINT)
    /// SIGHUP: read the configuration again.
    package static let hangUp = Signal(rawValue: SIGHUP)

    /// `SIGTERM`.
    package var description: String {
        switch rawValue {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        case SIGHUP: "SIGHUP"
        default: "signal \(rawValue)"
        }
    }
}

/// Signals as something to read, in place of handlers (signalfd(2)).
package struct SignalSource: ~Copyable, Sendable {
    private let descriptor: Descriptor

    private init(adopting descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Blocks `signals` in this thread and those it starts from now on, and makes them readable
    /// here instead. To be called before the first thread is started.
    package static func make(for signals: [Signal]) throws(SystemError) -> SignalSource {
        var set = sigset_t()
        // Sound: these calls write no more than the set they are given.
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal.rawValue) }
        let status = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        guard status == 0 else { throw SystemError(call: "pthread_sigmask", code: status) }
        let number = unsafe linux_signalfd(&set)
        guard number >= 0 else { throw SystemError(last: "signalfd") }
        return SignalSource(adopting: Descriptor(adopting: number))
    }

    /// Lets writing to a closed pipe (standard output, standard error) fail with EPIPE instead of
    /// ending the process.
    package static func ignoreBrokenPipe() {
        // Sound: SIG_IGN runs no code of ours.
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// The number to poll.
    package var rawValue: Int32 { descriptor.rawValue }

    /// The next signal that has arrived, or nil. Several of one kind may arrive as one.
    package func next() -> Signal? {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        // Sound: the call writes at most `size` bytes, the size of the structure.
        let count = unsafe read(descriptor.rawValue, &information, size)
        return count == size ? Signal(rawValue: Int32(information.ssi_signo)) : nil
    }
}
