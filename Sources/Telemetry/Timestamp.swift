/// A moment of the wall clock in UTC, written as log lines and HTTP dates need it.
package struct Timestamp: Sendable {
    /// The year, for instance 2026.
    package let year: Int
    /// The month, 1 to 12.
    package let month: Int
    /// The day of the month, from 1.
    package let day: Int
    /// The day of the week, 0 for Sunday.
    package let weekday: Int
    /// The second of the day, 0 to 86,399.
    package let secondOfDay: Int
    /// The microsecond of the second.
    package let microsecond: Int

    /// The moment so many nanoseconds after 1970-01-01T00:00:00Z.
    ///
    /// The calendar is Howard Hinnant's "civil from days": eras of 400 years that begin in March.
    package init(unixNanoseconds: Int64) {
        let seconds = Int(unixNanoseconds.floorDivided(by: 1_000_000_000))
        let days = seconds.floorDivided(by: 86_400)
        secondOfDay = seconds - days * 86_400
        microsecond = (Int(unixNanoseconds) - seconds * 1_000_000_000) / 1_000
        weekday = (days % 7 + 11) % 7

        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// RFC 3339 with microseconds, for instance `2026-01-31T08:05:09.000125Z`.
    package var rfc3339: String { "\(rfc3339Second).\(padded(microsecond, 6))Z" }

    /// RFC 3339 up to the second: `2026-01-31T08:05:09`.
    var rfc3339Second: String {
        "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock)"
    }

    /// The microsecond of the second, of a moment of which nothing else is wanted.
    static func microsecond(ofUnixNanoseconds nanoseconds: Int64) -> UInt {
        let second = nanoseconds.floorDivided(by: 1_000_000_000)
        return UInt(nanoseconds - second * 1_000_000_000) / 1_000
    }

    /// The preferred date of HTTP (RFC 9110, section 5.6.7): `Sat, 31 Jan 2026 08:05:09 GMT`.
    package var httpDate: String {
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let date = "\(padded(day, 2)) \(months[month - 1]) \(padded(year, 4))"
        return "\(weekdays[weekday]), \(date) \(clock) GMT"
    }

    private var clock: String {
        let hour = padded(secondOfDay / 3_600, 2)
        let minute = padded(secondOfDay / 60 % 60, 2)
        return "\(hour):\(minute):\(padded(secondOfDay % 60, 2))"
    }

    private func padded(_ value: Int, _ width: Int) -> String {
        let digits = "\(value)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension FixedWidthInteger {
    /// The quotient rounded towards negative infinity, as calendars before 1970 need it.
    func floorDivided(by divisor: Self) -> Self {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
