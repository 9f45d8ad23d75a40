internal import Glibc

/// Owns one file descriptor and closes it at the end of its life.
package struct Descriptor: ~Copyable, Sendable {
    /// The descriptor's number, for `Poller`; valid as long as this owner lives.
    package let rawValue: Int32

    /// Takes over a descriptor that nobody else closes.
    init(adopting rawValue: Int32) {
        self.rawValue = rawValue
    }

    deinit {
        // Not repeated on EINTR: Linux has released the number by then (close(2)).
        _ = close(rawValue)
    }
}
