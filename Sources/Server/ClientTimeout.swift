/// The time that a client gives its request, from the `timeout` parameter of the query.
///
/// The API server sends what is left of its own patience with every review, and drops what comes
/// later. A value that it cannot have sent is passed over: judging in vain is better than leaving a
/// review to the failure policy.
struct ClientTimeout {
    /// How much of a body is judged in a nanosecond at the very best: no review is faster, so that
    /// none is refused that could have been done in time.
    static let bytesPerNanosecond: UInt64 = 2

    /// In nanoseconds; nil where the client does not say.
    let nanoseconds: UInt64?

    /// Reads the query of a request. `0s` is no timeout, as for the API server's own clients.
    init(query: String?) {
        nanoseconds = query.flatMap { Query($0)["timeout"] }
            .flatMap { GoDuration.nanoseconds($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Whether a request that has waited for `elapsed` nanoseconds can still be done in time.
    func allows(byteCount: Int, elapsed: UInt64) -> Bool {
        guard let nanoseconds else { return true }
        let work = UInt64(byteCount) / Self.bytesPerNanosecond
        return elapsed < nanoseconds && work <= nanoseconds - elapsed
    }
}

/// Durations as Go writes and reads them (package time, `ParseDuration`): `10s`, `1m30s`, `1.5h`.
enum GoDuration {
    private static let units: [(name: String, nanoseconds: UInt64)] = [
        ("s", 1_000_000_000), ("ms", 1_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
        ("us", 1_000), ("\u{B5}s", 1_000), ("\u{3BC}s", 1_000), ("ns", 1),
    ]

    /// Reads a duration; nil where it is none, is below zero or is longer than Go can say, which is
    /// 292 years.
    static func nanoseconds(_ text: String) -> UInt64? {
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        if rest.elementsEqual("0".utf8) { return 0 }
        var sum: UInt64 = 0
        repeat {
            guard let part = takePart(&rest) else { return nil }
            let (next, overflow) = sum.addingReportingOverflow(part)
            guard !overflow, next <= UInt64(Int64.max) else { return nil }
            sum = next
        } while !rest.isEmpty
        return sum
    }

    /// Takes a number and its unit.
    private static func takePart(_ rest: inout Substring.UTF8View) -> UInt64? {
        let whole = takeDigits(&rest)
        var fraction = rest[rest.startIndex..<rest.startIndex]
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = takeDigits(&rest)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        let name = rest.prefix { !isDigit($0) && $0 != UInt8(ascii: ".") }
        rest = rest[name.endIndex...]
        guard let unit = units.first(where: { name.elementsEqual($0.name.utf8) }),
            let number = whole.isEmpty ? 0 : UInt64(Substring(whole))
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.nanoseconds)
        guard !overflow else { return nil }
        var part = 0.0
        var scale = Double(unit.nanoseconds)
        for digit in fraction {
            scale /= 10
            part += Double(digit - UInt8(ascii: "0")) * scale
        }
        let (sum, isTooMuch) = product.addingReportingOverflow(UInt64(part))
        return isTooMuch ? nil : sum
    }

    private static func takeDigits(_ rest: inout Substring.UTF8View) -> Substring.UTF8View {
        let digits = rest.prefix(while: isDigit)
        rest = rest[digits.endIndex...]
        return digits
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
