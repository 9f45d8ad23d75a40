internal import Posix
internal import Telemetry

/// The value of the `Date` field, made once a second.
struct HTTPDate {
    private var cached = ""
    private var validUntil: UInt64 = 0

    /// The date, at most a second old.
    ///
    /// - Parameter now: The monotonic clock in nanoseconds.
    mutating func text(_ now: UInt64) -> String {
        if now >= validUntil {
            let wall = Clock.wallNanoseconds()
            cached = Timestamp(unixNanoseconds: Int64(wall)).httpDate
            validUntil = now &+ 1_000_000_000 &- wall % 1_000_000_000
        }
        return cached
    }
}
