/// A set of ASCII bytes; membership is a shift and a mask.
struct ByteSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ characters: String) {
        for byte in characters.utf8 {
            if byte < 64 {
                low |= 1 << UInt64(byte)
            } else if byte < 128 {
                high |= 1 << UInt64(byte - 64)
            }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        if byte < 64 {
            return (low >> UInt64(byte)) & 1 == 1
        }
        return byte < 128 && (high >> UInt64(byte - 64)) & 1 == 1
    }
}

/// The character classes of RFC 9110 §5.6 and RFC 3986, and the bytes that have names.
enum Syntax {
    static let carriageReturn: UInt8 = 0x0D
    static let lineFeed: UInt8 = 0x0A
    static let space: UInt8 = 0x20
    static let tab: UInt8 = 0x09
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let question: UInt8 = 0x3F
    static let slash: UInt8 = 0x2F

    private static let digits = "0123456789"
    private static let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let subDelimiters = "!$&'()*+,;="

    /// `token` (RFC 9110 §5.6.2): methods and field names.
    static let token = ByteSet(digits + letters + "!#$%&'*+-.^_`|~")
    /// `path-abempty` and `query` (RFC 3986 §3.3, §3.4).
    static let target = ByteSet(digits + letters + subDelimiters + "-._~:@/?%")
    /// `uri-host` and a port (RFC 9110 §7.2): no user, no list, no path.
    static let host = ByteSet(digits + letters + subDelimiters.filter { $0 != "," } + "-._~:%[]")

    /// Any byte that may stand in a field value: VCHAR, obs-text, space and tab (RFC 9110 §5.5).
    static func isFieldValue(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == tab
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39
    }

    /// ASCII letters in lower case, every other byte as it is.
    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    /// The value of a hexadecimal digit.
    static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte - 0x30)
        case 0x41...0x46: Int(byte - 0x41 + 10)
        case 0x61...0x66: Int(byte - 0x61 + 10)
        default: nil
        }
    }

    /// Whether the bytes are this text, letter case aside; `text` is lower-case ASCII.
    static func equals(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: String) -> Bool {
        let wanted = text.utf8
        guard wanted.count == range.count else { return false }
        var offset = range.lowerBound
        for byte in wanted {
            guard lowercase(bytes[offset]) == byte else { return false }
            offset += 1
        }
        return true
    }

    /// Whether the bytes are this text, letter case included.
    static func isExactly(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: String) -> Bool {
        let wanted = text.utf8
        guard wanted.count == range.count else { return false }
        var offset = range.lowerBound
        for byte in wanted {
            guard bytes[offset] == byte else { return false }
            offset += 1
        }
        return true
    }

    /// The range without spaces and tabs at its ends (OWS, RFC 9110 §5.6.3).
    static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, bytes[start] == space || bytes[start] == tab { start += 1 }
        while start < end, bytes[end - 1] == space || bytes[end - 1] == tab { end -= 1 }
        return start..<end
    }

    /// ASCII bytes as text.
    static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        var text = ""
        for offset in range { text.unicodeScalars.append(Unicode.Scalar(bytes[offset])) }
        return text
    }

    /// A byte as people write it, `0x0D`.
    static func name(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "0x0" + digits : "0x" + digits
    }
}
