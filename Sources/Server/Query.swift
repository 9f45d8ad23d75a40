/// The parameters of a target's query, as forms send them (WHATWG URL, section 5.1).
struct Query {
    private let text: String

    /// Reads `a=b&c=d`; what is percent-encoded is decoded, `+` is a space.
    init(_ text: String?) { self.text = text ?? "" }

    /// The value of the first parameter of this name. Nothing is allocated where names and values
    /// are short: a review's query is read on its way.
    subscript(name: String) -> String? {
        var rest = text.utf8[...]
        while !rest.isEmpty {
            let pair = rest.prefix { $0 != UInt8(ascii: "&") }
            rest = rest[pair.endIndex...].dropFirst()
            let key = pair.prefix { $0 != UInt8(ascii: "=") }
            if Self.decoded(Substring(key)) == name {
                return Self.decoded(Substring(pair[key.endIndex...].dropFirst()))
            }
        }
        return nil
    }

    private static func decoded(_ text: Substring) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") })
        else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), let value = hexadecimal(rest.prefix(2)) {
                bytes.append(value)
                rest.removeFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ digits: Substring.UTF8View) -> UInt8? {
        // UInt8's own reader would take a sign for a digit.
        guard digits.count == 2, digits.first != UInt8(ascii: "+") else { return nil }
        return UInt8(Substring(digits), radix: 16)
    }
}
