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
    /// The API group of a custom kind: a domain.
    case apiGroup
    /// A kind: `Rollout`.
    case kind
    /// The way to pod specs: `spec.tasks[*].template`, `spec.replicas.*.template`.
    case workloadPath
    /// The way to one field: `spec.updateStrategy.type`.
    case fieldPath
    /// A date and time with its offset (RFC 3339): `2026-12-01T00:00:00Z`.
    case moment

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
        case .apiGroup: "an API group with a dot, in lower case: argoproj.io"
        case .kind: "a kind: Rollout"
        case .workloadPath:
            "members parted by dots, [*] behind a list, * for every value of a map: "
                + "spec.tasks[*].template"
        case .moment: Moment.expectation
        case .fieldPath: "members parted by dots: spec.updateStrategy.type"
        }
    }

    /// The regular expression (ECMA 262) that a text of this form fits, or nil for any.
    package var pattern: String? {
        switch self {
        case .any, .filled: nil
        case .word: #"\S"#
        case .name: "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
        case .customKind: "^[a-z0-9.-]*/[A-Za-z0-9]+$"
        case .apiGroup: "^[a-z0-9-]+([.][a-z0-9-]+)+$"
        case .kind: "^[A-Za-z][A-Za-z0-9]*$"
        case .moment:
            "^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.][0-9]+)?"
                + "(Z|[+-][0-2][0-9]:[0-5][0-9])$"
        case .workloadPath:
            #"^[A-Za-z0-9_-]+(\[\*\])?([.]([*]|[A-Za-z0-9_-]+(\[\*\])?))*$"#
        case .fieldPath: "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$"
        }
    }

    /// The most characters, or nil for any number.
    package var maximumLength: Int? {
        switch self {
        case .name, .apiGroup: Self.maximumNameLength
        case .kind: Self.maximumKindLength
        case .any, .filled, .word, .customKind, .workloadPath, .fieldPath, .moment: nil
        }
    }

    /// The most bytes that a kind may have (RFC 1035 label, in Kubernetes' own validation).
    static let maximumKindLength = 63

    /// Whether a text has the form.
    package func accepts(_ text: String) -> Bool {
        switch self {
        case .any: true
        case .filled: !text.isEmpty
        case .word: !text.allSatisfy(\.isWhitespace)
        case .name: Self.isName(text)
        case .customKind: text.contains("/")
        case .apiGroup:
            text.utf8.count <= Self.maximumNameLength && Self.isDomain(text)
        case .kind:
            text.utf8.count <= Self.maximumKindLength && text.first?.isNumber == false
                && text.utf8.allSatisfy(Self.isLetterOrDigit)
        case .workloadPath: Self.isWorkloadPath(text)
        case .fieldPath: Self.parts(of: text).allSatisfy(Self.isMember)
        case .moment: (try? Moment(rfc3339: text)) != nil
        }
    }

    private static func parts(of path: String) -> [Substring] {
        path.split(separator: ".", omittingEmptySubsequences: false)
    }

    private static func isWorkloadPath(_ path: String) -> Bool {
        parts(of: path).enumerated().allSatisfy { index, part in
            if part == "*" { return index > 0 }
            return isMember(part.hasSuffix("[*]") ? part.dropLast("[*]".count) : part)
        }
    }

    private static func isMember(_ name: Substring) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                isLetterOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
            }
    }

    private static func isDomain(_ text: String) -> Bool {
        let labels = parts(of: text)
        return labels.count > 1 && labels.allSatisfy { isMember($0) && !$0.contains("_") }
            && text.allSatisfy { !$0.isUppercase }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
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
