/// The rest that a loop takes from accepting when there is no room: level-triggered readiness
/// would otherwise spin.
struct AcceptPause {
    /// How long one rest lasts, in nanoseconds.
    static let length: UInt64 = 100_000_000
    /// How long one log line about such rests stands for all, in nanoseconds.
    static let silence: UInt64 = 10_000_000_000

    /// When to accept again, on the monotonic clock; nil while accepting.
    private(set) var end: UInt64?
    /// Until when a rest is not worth another line.
    private var silenceEnd: UInt64 = 0

    /// Begins a rest.
    ///
    /// - Returns: Whether it is worth a log line.
    mutating func begin(_ now: UInt64) -> Bool {
        end = now &+ Self.length
        guard now >= silenceEnd else { return false }
        silenceEnd = now &+ Self.silence
        return true
    }

    /// Ends a rest that is over; false if there is none.
    mutating func endIfOver(_ now: UInt64) -> Bool {
        guard let moment = end, moment <= now else { return false }
        end = nil
        return true
    }

    /// Ends a rest at once, for good reason or because nothing more will be accepted.
    mutating func cancel() { end = nil }
}
