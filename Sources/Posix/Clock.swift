internal import Glibc

/// The two clocks of clock_gettime(2).
package enum Clock {
    /// Nanoseconds since some fixed point: for durations and deadlines. Never runs backwards.
    package static func monotonicNanoseconds() -> UInt64 {
        nanoseconds(CLOCK_MONOTONIC)
    }

    /// Nanoseconds since 1970-01-01 UTC: for what people read, and for certificates. May jump.
    package static func wallNanoseconds() -> UInt64 {
        nanoseconds(CLOCK_REALTIME)
    }

    private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // Sound: the call writes one timespec. It cannot fail for these two clocks.
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
