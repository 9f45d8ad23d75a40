/// Numbers as Go reads and writes them, which is how kubectl does.
enum YAMLNumber {
    /// The integer or float that plain characters spell, or nil for none.
    ///
    /// Underscores are dropped; a leading `0` means octal, `0x`, `0o` and `0b` their bases. Decimal
    /// digits past 64 bits are a float, those of another base a string.
    static func resolve(_ bytes: [UInt8]) -> YAMLScalar? {
        let plain = bytes.filter { $0 != UInt8(ascii: "_") }
        guard bytes.first == UInt8(ascii: ".") else { return integer(plain) ?? float(plain) }
        return separatesDigits(bytes) ? float(plain) : nil
    }

    /// Whether every underscore stands between two digits: after a leading point, Go demands it.
    private static func separatesDigits(_ bytes: [UInt8]) -> Bool {
        bytes.indices.allSatisfy { index in
            guard bytes[index] == UInt8(ascii: "_") else { return true }
            return index + 1 < bytes.count && isDigit(bytes[index - 1]) && isDigit(bytes[index + 1])
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func integer(_ bytes: [UInt8]) -> YAMLScalar? {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let isSigned = isNegative || bytes.first == UInt8(ascii: "+")
        let (radix, digits) = base(of: bytes.dropFirst(isSigned ? 1 : 0))
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in digits {
            guard let digit = JSONEscapes.hexDigit(byte), digit < radix else { return nil }
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: radix)
            let (sum, carries) = product.addingReportingOverflow(UInt64(digit))
            if isTooLarge || carries { return nil }
            value = sum
        }
        if isNegative {
            return value <= Int64.min.magnitude
                ? .integer(Int64(truncatingIfNeeded: 0 &- value)) : nil
        }
        if let integer = Int64(exactly: value) { return .integer(integer) }
        return isSigned ? nil : .unsigned(value)
    }

    private static func base(of digits: ArraySlice<UInt8>) -> (UInt64, ArraySlice<UInt8>) {
        guard digits.count > 1, digits.first == UInt8(ascii: "0") else { return (10, digits) }
        switch digits[digits.startIndex + 1] | 0x20 {
        case UInt8(ascii: "x"): return (16, digits.dropFirst(2))
        case UInt8(ascii: "o"): return (8, digits.dropFirst(2))
        case UInt8(ascii: "b"): return (2, digits.dropFirst(2))
        default: return (8, digits.dropFirst())
        }
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, within the range of a double.
    private static func float(_ bytes: [UInt8]) -> YAMLScalar? {
        var rest = bytes[...]
        skipSign(&rest)
        let whole = skipDigits(&rest)
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = skipDigits(&rest)
        }
        guard whole + fraction > 0 else { return nil }
        if let byte = rest.first, byte | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            skipSign(&rest)
            guard skipDigits(&rest) > 0 else { return nil }
        }
        guard rest.isEmpty, let value = Double(String(decoding: bytes, as: UTF8.self)),
            value.isFinite
        else { return nil }
        return .float(value)
    }

    private static func skipSign(_ rest: inout ArraySlice<UInt8>) {
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
            rest = rest.dropFirst()
        }
    }

    private static func skipDigits(_ rest: inout ArraySlice<UInt8>) -> Int {
        let digits = rest.prefix(while: isDigit)
        rest = rest.dropFirst(digits.count)
        return digits.count
    }

    /// As Go's encoding/json writes a finite float: no exponent from 1e-6 to below 1e21. What it
    /// writes as `-0`, Kubernetes reads as the integer 0.
    static func json(_ value: Double) -> String {
        if value == 0 { return "0" }
        let decimal = Decimal(value.description)
        let isFixed = value.magnitude >= 1e-6 && value.magnitude < 1e21
        return isFixed ? decimal.fixed : decimal.scientific(exponentDigits: 1)
    }

    /// As kubectl writes a float that is a key: of single precision, with an exponent from 1e6 on.
    static func key(_ value: Double) -> String {
        if value.isNaN { return ".nan" }
        let single = Float(value)
        if single.isInfinite { return value < 0 ? "-.inf" : ".inf" }
        let decimal = Decimal(single.description)
        let exponent = decimal.point - 1
        if single != 0, exponent < -4 || exponent >= 6 {
            return decimal.scientific(exponentDigits: 2)
        }
        return decimal.fixed
    }

    /// The shortest digits of a number, taken from Swift's own description of it.
    private struct Decimal {
        private var sign = ""
        /// Without zeros at either end; empty for zero.
        private var digits: [Character] = []
        /// How many digits stand before the point; negative where zeros follow it.
        private(set) var point = 0

        init(_ description: String) {
            var exponent = 0
            var seenPoint = false
            var rest = description[...]
            if rest.hasPrefix("-") {
                sign = "-"
                rest = rest.dropFirst()
            }
            if let mark = rest.firstIndex(of: "e") {
                exponent = Int(rest[rest.index(after: mark)...]) ?? 0
                rest = rest[..<mark]
            }
            for character in rest {
                if character == "." {
                    seenPoint = true
                } else if digits.isEmpty, character == "0" {
                    if seenPoint { point -= 1 }
                } else {
                    digits.append(character)
                    if !seenPoint { point += 1 }
                }
            }
            while digits.last == "0" { digits.removeLast() }
            point = digits.isEmpty ? 1 : point + exponent
        }

        /// `-0.00125`, `1250`, `0`.
        var fixed: String {
            if digits.isEmpty { return sign + "0" }
            if point <= 0 {
                return sign + "0." + String(repeating: "0", count: -point) + String(digits)
            }
            if point >= digits.count {
                return sign + String(digits) + String(repeating: "0", count: point - digits.count)
            }
            return sign + String(digits[..<point]) + "." + String(digits[point...])
        }

        /// `1.25e-7`, `1e+21`.
        func scientific(exponentDigits: Int) -> String {
            let exponent = point - 1
            let fraction = digits.count > 1 ? "." + String(digits.dropFirst()) : ""
            let size = String(exponent.magnitude)
            let zeros = String(repeating: "0", count: max(0, exponentDigits - size.count))
            return sign + String(digits.prefix(1)) + fraction + "e" + (exponent < 0 ? "-" : "+")
                + zeros + size
        }
    }
}
