/// What a namespace may be called: an RFC 1123 label, as the API server has it.
package enum NamespaceName {
    /// The most letters it has.
    package static let byteLimit = 63
    /// What it is, for people: "namespace is …".
    package static let expectation =
        "at most \(byteLimit) lower-case letters, digits and dashes, with a letter or digit at "
        + "both ends"

    /// Whether a namespace may be called so.
    package static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= byteLimit, let first = text.utf8.first, let last = text.utf8.last,
            isLetterOrDigit(first), isLetterOrDigit(last)
        else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
