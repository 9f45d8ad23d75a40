/// What a string of a policy file must look like: told to people, to schemas and to the reader.
package enum TextForm: CaseIterable, Sendable {
    /// Any string.
    case any
    /// Not empty: a pattern, a key.
    case filled
    /// Not blank.
    case word
    /// The name of an object: an RFC 1123 subdomain, as Kubernetes has it.
    case name
    /// A kind with its API group: `argoproj.io/Rollout`.
    case customKind

    /// The most bytes that a name may have (RFC 1123).
    static let maximumNameLength = 253

    /// What is expected, as messages say it.
    package var expectation: String {
        switch self {
        case .any: "a string"
        case .filled: "a string that is not empty"
        case .word: "a string that is not blank"
        case .name: "lower-case letters, digits, '-' and '.', at most 253"
        case .customKind: "a kind with its group: argoproj.io/Rollout"
        }
    }

    /// The regular expression (ECMA 262) that a text of this form fits, or nil for any.
    package var pattern: String? {
        switch self {
        case .any, .filled: nil
        case .word: #"\S"#
        case .name: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
        case .customKind: "^[a-z0-9.-]*/[A-Za-z0-9]+$"
        }
    }

    /// The most characters, or nil for any number.
    package var maximumLength: Int? { self == .name ? Self.maximumNameLength : nil }

    /// Whether a text has the form.
    package func accepts(_ text: String) -> Bool {
        switch self {
        case .any: true
        case .filled: !text.isEmpty
        case .word: !text.allSatisfy(\.isWhitespace)
        case .name: Self.isName(text)
        case .customKind: text.contains("/")
        }
    }

    private static func isName(_ name: String) -> Bool {
        guard name.utf8.count <= maximumNameLength, let first = name.utf8.first,
            let last = name.utf8.last
        else { return false }
        func isInner(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return isInner(first) && isInner(last)
            && name.utf8.allSatisfy {
                isInner($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
    }
}
