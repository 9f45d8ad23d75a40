internal import Document

/// A moment of the wall clock: what a calendar's date and a clock's reading are compared as.
package struct Moment: Comparable, Hashable, Sendable {
    /// Whole seconds since 1970-01-01T00:00:00Z, without leap seconds; negative before.
    package let seconds: Int64
    /// Nanoseconds past that second, 0 to 999,999,999.
    package let nanoseconds: Int64

    /// The moment so many seconds and nanoseconds after 1970-01-01T00:00:00Z.
    package init(seconds: Int64, nanoseconds: Int64 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The moment that a clock reads in nanoseconds since 1970-01-01T00:00:00Z.
    package init(unixNanoseconds: UInt64) {
        seconds = Int64(unixNanoseconds / 1_000_000_000)
        nanoseconds = Int64(unixNanoseconds % 1_000_000_000)
    }

    /// Orders by time.
    package static func < (left: Moment, right: Moment) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// The moment so many seconds later.
    func advanced(bySeconds seconds: Int64) -> Moment {
        Moment(seconds: self.seconds + seconds, nanoseconds: nanoseconds)
    }
}

// MARK: RFC 3339

extension Moment {
    /// Why a text is no date and time.
    package struct Problem: Error, Equatable, Sendable {
        /// What is wrong, as words that follow the text: `its month is 13`.
        package let message: String
    }

    /// What is expected, with an example, for messages.
    package static let expectation =
        "a date and time with its offset (RFC 3339), as 2026-12-01T00:00:00Z"

    /// Reads a date and time with its offset (RFC 3339, section 5.6), as strictly as Kubernetes:
    /// `T` and `Z` are upper case, there is no leap second, and no hour 24. Of a fraction the
    /// nanoseconds count.
    package init(rfc3339 text: String) throws(Problem) {
        var scanner = MomentScanner(text)
        let year = try scanner.number("year", digits: 4, 0...9999)
        try scanner.expect("-")
        let month = try scanner.number("month", digits: 2, 1...12)
        try scanner.expect("-")
        let day = try scanner.number("day", digits: 2, 1...31)
        let length = Self.days(inMonth: month, of: year)
        if day > length {
            throw Problem(message: "its day is \(day), in a month of \(length) days")
        }
        try scanner.expect("T")
        let hour = try scanner.number("hour", digits: 2, 0...23)
        try scanner.expect(":")
        let minute = try scanner.number("minute", digits: 2, 0...59)
        try scanner.expect(":")
        let second = try scanner.number("second", digits: 2, 0...59)
        nanoseconds = try scanner.fraction()
        let offset = try scanner.offset()
        try scanner.end()
        seconds =
            Self.days(toYear: year, month: month, day: day) * 86_400
            + (hour * 60 + minute - offset) * 60 + second
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// Days from 1970-01-01 to a date of the Gregorian calendar: Howard Hinnant's "days from
    /// civil", eras of 400 years that begin in March.
    private static func days(toYear year: Int64, month: Int64, day: Int64) -> Int64 {
        // An era is added and taken away again: January of year 0 lies in the one before.
        let shifted = year + 400 - (month <= 2 ? 1 : 0)
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era - 1) * 146_097 + dayOfEra - 719_468
    }
}

extension ParameterReader {
    /// A date and time with its offset (RFC 3339), or nil where it is absent or something else.
    package mutating func moment(
        _ name: String, isRequired: Bool = false, doc: String = ""
    ) -> Moment? {
        let place = value(name, as: .text(.moment), isRequired: isRequired, doc: doc)
        guard let place else {
            if isRequired { reportMissing(name, expected: Moment.expectation) }
            return nil
        }
        guard let text = place.string else {
            mismatch(name, place, expected: Moment.expectation)
            return nil
        }
        do throws(Moment.Problem) {
            let moment = try Moment(rfc3339: text)
            note(name, setting: .string(text))
            return moment
        } catch {
            report(
                "\(fullName(name)) is \"\(text)\": \(error.message); "
                    + "expected \(Moment.expectation)", at: place)
            return nil
        }
    }
}

/// Goes through a text of RFC 3339 from left to right.
private struct MomentScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    private static let malformed = Moment.Problem(message: "it has another form")

    /// Takes a number of exactly so many digits.
    mutating func number(
        _ name: String, digits: Int, _ range: ClosedRange<Int64>
    ) throws(Moment.Problem) -> Int64 {
        var value: Int64 = 0
        for _ in 0..<digits {
            guard let digit = takeDigit() else { throw Self.malformed }
            value = value * 10 + digit
        }
        if range.contains(value) { return value }
        throw Moment.Problem(
            message: "its \(name) is \(value), not \(range.lowerBound) to \(range.upperBound)")
    }

    private mutating func takeDigit() -> Int64? {
        guard let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
            return nil
        }
        rest.removeFirst()
        return Int64(byte - UInt8(ascii: "0"))
    }

    mutating func expect(_ character: Unicode.Scalar) throws(Moment.Problem) {
        guard rest.first == UInt8(ascii: character) else { throw Self.malformed }
        rest.removeFirst()
    }

    /// Takes a fraction of a second where there is one, in nanoseconds.
    mutating func fraction() throws(Moment.Problem) -> Int64 {
        guard rest.first == UInt8(ascii: ".") else { return 0 }
        rest.removeFirst()
        var value: Int64 = 0
        var unit: Int64 = 100_000_000
        guard let first = takeDigit() else { throw Self.malformed }
        value = first * unit
        while let digit = takeDigit() {
            unit /= 10
            value += digit * unit
        }
        return value
    }

    /// Takes the offset from UTC, in minutes.
    mutating func offset() throws(Moment.Problem) -> Int64 {
        guard let sign = rest.first else {
            throw Moment.Problem(message: "it lacks an offset: Z for UTC, or such as +01:00")
        }
        rest.removeFirst()
        if sign == UInt8(ascii: "Z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { throw Self.malformed }
        let hours = try number("offset's hour", digits: 2, 0...23)
        try expect(":")
        let minutes = try number("offset's minute", digits: 2, 0...59)
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
    }

    func end() throws(Moment.Problem) {
        if !rest.isEmpty { throw Self.malformed }
    }
}
