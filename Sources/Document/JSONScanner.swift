/// The lexical half of RFC 8259: white space, strings, numbers and literals of a byte span.
///
/// It holds a place in a text that its caller passes to each call; a span cannot be stored.
struct JSONScanner {
    /// The index of the next unread byte.
    var position: Int
    /// Where the text begins among the bytes: lines are counted from there.
    private let start: Int

    init(position: Int) {
        self.position = position
        start = position
    }

    /// An error at `offset`, or here.
    func error(
        _ kind: DocumentError.Kind, _ message: String, in bytes: Span<UInt8>, at offset: Int? = nil
    ) -> DocumentError {
        DocumentError(
            kind, message,
            at: SourcePosition(ofByteAt: offset ?? position, in: bytes, from: start))
    }

    /// `expected X, found Y`, with Y as it stands here.
    func unexpected(_ expected: String, in bytes: Span<UInt8>) -> DocumentError {
        error(.syntax, "expected \(expected), found \(found(in: bytes))", in: bytes)
    }

    private func found(in bytes: Span<UInt8>) -> String {
        guard position < bytes.count else { return "the end of the text" }
        let byte = bytes[position]
        if byte > 0x20, byte < 0x7F { return "'\(Character(UnicodeScalar(byte)))'" }
        return "byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))"
    }

    /// Steps over white space and returns the byte that follows, or 0 at the end.
    @inline(__always)
    mutating func skipWhitespace(_ bytes: Span<UInt8>) -> UInt8 {
        // The API server writes none. That there is no loop here leaves registers to others.
        if position < bytes.count {
            let byte = bytes[position]
            if byte > 0x20 { return byte }
        }
        return stepOverWhitespace(bytes)
    }

    @inline(never)
    private mutating func stepOverWhitespace(_ bytes: Span<UInt8>) -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return 0
    }

    /// Reads a string whose opening quote is here; returns its raw bytes' range.
    @inline(__always)
    mutating func scanString(
        _ bytes: Span<UInt8>, hasEscapes: inout Bool
    ) throws(DocumentError) -> Range<Int> {
        let start = position + 1
        let end = WordScan.skipPlain(bytes, from: start)
        if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
            position = end + 1
            hasEscapes = false
            return start..<end
        }
        return try scanString(bytes, from: start, plainUpTo: end, hasEscapes: &hasEscapes)
    }

    /// The same for one that is not all plain ASCII.
    @inline(never)
    private mutating func scanString(
        _ bytes: Span<UInt8>, from start: Int, plainUpTo end: Int, hasEscapes: inout Bool
    ) throws(DocumentError) -> Range<Int> {
        position = end
        hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return start..<position - 1
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                try scanEscape(bytes)
            } else if byte >= 0x80 {
                try scanMultibyte(bytes)
            } else {
                throw unexpected("no unescaped control character in a string", in: bytes)
            }
            position = WordScan.skipPlain(bytes, from: position)
        }
        throw error(.syntax, "the string that begins here has no end", in: bytes, at: start - 1)
    }

    /// Reads one escape; half a surrogate pair is an encoding error.
    private mutating func scanEscape(_ bytes: Span<UInt8>) throws(DocumentError) {
        let start = position
        position += 1
        guard position < bytes.count else {
            throw error(.syntax, "the escape that begins here has no end", in: bytes, at: start)
        }
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            let unit = try scanHex(bytes)
            if unit & 0xFC00 == 0xDC00 {
                throw error(
                    .encoding, "a low surrogate without a high one before it", in: bytes, at: start)
            }
            guard unit & 0xFC00 == 0xD800 else { return }
            guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else {
                throw error(
                    .encoding, "a high surrogate without a low one after it", in: bytes, at: start)
            }
            position += 1
            guard try scanHex(bytes) & 0xFC00 == 0xDC00 else {
                throw error(
                    .encoding, "a high surrogate without a low one after it", in: bytes, at: start)
            }
        default:
            throw unexpected("one of \" \\ / b f n r t u after a backslash", in: bytes)
        }
    }

    /// Reads the four digits after `\u`, whose `u` is here.
    private mutating func scanHex(_ bytes: Span<UInt8>) throws(DocumentError) -> UInt32 {
        position += 1
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = JSONEscapes.hexDigit(bytes[position]) else {
                throw unexpected("four hexadecimal digits after \\u", in: bytes)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    /// Steps over one character of two to four bytes (RFC 3629: no overlong form, no surrogate,
    /// nothing past U+10FFFF).
    private mutating func scanMultibyte(_ bytes: Span<UInt8>) throws(DocumentError) {
        let lead = bytes[position]
        let second = position + 1 < bytes.count ? bytes[position + 1] : 0
        let count: Int
        switch lead {
        case 0xC2...0xDF: count = 2
        case 0xE0 where second >= 0xA0: count = 3
        case 0xED where second < 0xA0: count = 3
        case 0xE1...0xEC, 0xEE...0xEF: count = 3
        case 0xF0 where second >= 0x90: count = 4
        case 0xF4 where second < 0x90: count = 4
        case 0xF1...0xF3: count = 4
        default: count = 0
        }
        guard count > 0, position + count <= bytes.count else {
            throw error(.encoding, "expected UTF-8, found \(found(in: bytes))", in: bytes)
        }
        for index in position + 1..<position + count where bytes[index] & 0xC0 != 0x80 {
            throw error(.encoding, "expected UTF-8, found \(found(in: bytes))", in: bytes)
        }
        position += count
    }

    /// Reads a number and returns its range.
    mutating func scanNumber(_ bytes: Span<UInt8>) throws(DocumentError) -> Range<Int> {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try scanDigits(bytes)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try scanDigits(bytes)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count,
                bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
            {
                position += 1
            }
            try scanDigits(bytes)
        }
        return start..<position
    }

    private mutating func scanDigits(_ bytes: Span<UInt8>) throws(DocumentError) {
        let start = position
        while position < bytes.count, bytes[position] >= UInt8(ascii: "0"),
            bytes[position] <= UInt8(ascii: "9")
        {
            position += 1
        }
        if position == start { throw unexpected("a digit", in: bytes) }
    }

    /// Reads `true`, `false` or `null`.
    mutating func scanLiteral(_ bytes: Span<UInt8>) throws(DocumentError) -> RawKind {
        let (word, kind): (StaticLiteral, RawKind) =
            switch bytes[position] {
            case UInt8(ascii: "t"): (.true, .true)
            case UInt8(ascii: "f"): (.false, .false)
            case UInt8(ascii: "n"): (.null, .null)
            default: throw unexpected("a value", in: bytes)
            }
        let text = word.rawValue.utf8
        guard position + text.count <= bytes.count else {
            throw unexpected("'\(word.rawValue)'", in: bytes)
        }
        var index = position
        for byte in text {
            guard bytes[index] == byte else {
                throw unexpected("'\(word.rawValue)'", in: bytes)
            }
            index += 1
        }
        position = index
        return kind
    }

    private enum StaticLiteral: String {
        case `true`, `false`, null
    }
}

/// Decodes the escapes of a string that a scanner has already found sound.
enum JSONEscapes {
    /// The characters of the raw string in `range`.
    static func decode(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\\") else {
                decoded.append(byte)
                index += 1
                continue
            }
            let escape = bytes[index + 1]
            if escape == UInt8(ascii: "u") {
                index += appendScalar(bytes, index, to: &decoded)
            } else {
                decoded.append(plain(escape))
                index += 2
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func plain(_ escape: UInt8) -> UInt8 {
        switch escape {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: escape
        }
    }

    /// Appends the scalar of the `\u` at `index`, pairs joined; returns how many bytes it took.
    private static func appendScalar(
        _ bytes: Span<UInt8>, _ index: Int, to decoded: inout [UInt8]
    ) -> Int {
        let high = unit(bytes, index + 2)
        var value = high
        var length = 6
        if high & 0xFC00 == 0xD800 {
            value = 0x10000 + ((high & 0x3FF) << 10 | (unit(bytes, index + 8) & 0x3FF))
            length = 12
        }
        if let scalar = UnicodeScalar(value) {
            decoded.append(contentsOf: UTF8.encode(scalar) ?? .init())
        }
        return length
    }

    private static func unit(_ bytes: Span<UInt8>, _ index: Int) -> UInt32 {
        var value: UInt32 = 0
        for offset in 0..<4 { value = value << 4 | UInt32(hexDigit(bytes[index + offset]) ?? 0) }
        return value
    }

    /// The value of a hexadecimal digit, or nil.
    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
