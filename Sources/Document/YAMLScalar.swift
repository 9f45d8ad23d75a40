/// A YAML scalar's type and value, as sigs.k8s.io/yaml (and so kubectl) resolves them: YAML 1.1
/// without base 60; timestamps stay strings.
enum YAMLScalar: Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// Past the largest `Int64`.
    case unsigned(UInt64)
    case float(Double)
    /// The characters are those of the source.
    case string

    private static let tagPrefix = "tag:yaml.org,2002:"
    /// The tag of `<<`.
    static let mergeTag = "tag:yaml.org,2002:merge"

    /// A tag as people write it: `!!int`.
    static func short(_ tag: String) -> String {
        tag.hasPrefix(tagPrefix) ? "!!" + tag.dropFirst(tagPrefix.count) : tag
    }

    /// The type and value of a scalar; an unknown tag, or a text that its tag does not fit, is an
    /// error.
    static func resolve(
        _ scalar: YAMLComposer.Scalar, in text: Span<UInt8>, at position: SourcePosition
    ) throws(DocumentError) -> YAMLScalar {
        guard let tag = scalar.tag else {
            return scalar.isPlain ? resolve(text, scalar.range) : .string
        }
        // The non-specific tag: not to be guessed.
        if tag == "!" { return .string }
        let value = resolve(text, scalar.range)
        switch (short(tag), value) {
        case ("!!str", _): return .string
        case ("!!null", .null), ("!!bool", .boolean), ("!!float", .float): return value
        case ("!!int", .integer), ("!!int", .unsigned): return value
        case ("!!float", .integer(let integer)): return .float(Double(integer))
        case ("!!float", .unsigned(let integer)): return .float(Double(integer))
        case ("!!timestamp", .string): return .string
        case ("!!null", _), ("!!bool", _), ("!!int", _), ("!!float", _), ("!!timestamp", _):
            throw DocumentError(
                .syntax, "expected a value that the tag '\(short(tag))' fits, found \(value.name)",
                at: position)
        default:
            throw DocumentError(
                .syntax,
                "the tag '\(short(tag))' is not supported: expected !!str, !!int, !!float, !!bool, "
                    + "!!null or none", at: position)
        }
    }

    /// The type and value that a plain scalar's characters tell.
    private static func resolve(_ text: Span<UInt8>, _ range: Range<Int>) -> YAMLScalar {
        if range.isEmpty { return .null }
        switch text[range.lowerBound] {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "~"):
            break
        case UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "n"), UInt8(ascii: "N"),
            UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"),
            UInt8(ascii: "o"), UInt8(ascii: "O"):
            // The longest word is "false".
            if range.count > 5 { return .string }
        default:
            return .string
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range { bytes.append(text[index]) }
        return word(String(decoding: bytes, as: UTF8.self)) ?? YAMLNumber.resolve(bytes) ?? .string
    }

    private static func word(_ word: String) -> YAMLScalar? {
        switch word {
        case "~", "null", "Null", "NULL": .null
        case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
            .boolean(true)
        case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
            .boolean(false)
        case ".nan", ".NaN", ".NAN": .float(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": .float(.infinity)
        case "-.inf", "-.Inf", "-.INF": .float(-.infinity)
        default: nil
        }
    }

    /// What to call it in an error.
    var name: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "the boolean \(value)"
        case .integer(let value): "the integer \(value)"
        case .unsigned(let value): "the integer \(value)"
        case .float: "a float"
        case .string: "a string"
        }
    }

    /// The kind of a node with this value.
    var rawKind: RawKind {
        switch self {
        case .null: .null
        case .boolean(let value): value ? .true : .false
        case .integer, .unsigned, .float: .number
        case .string: .string
        }
    }

    /// A number as JSON writes it, or nil for anything else; JSON has no infinity.
    func numberText(at position: SourcePosition) throws(DocumentError) -> String? {
        switch self {
        case .integer(let value): return String(value)
        // Kubernetes' own JSON reader makes a float of it.
        case .unsigned(let value): return YAMLNumber.json(Double(value))
        case .float(let value):
            guard value.isFinite else {
                throw DocumentError(
                    .syntax, "expected a value that JSON can write, found \(value): quote it",
                    at: position)
            }
            return YAMLNumber.json(value)
        default: return nil
        }
    }

    /// What kubectl makes of the scalar as a key, or nil where it refuses it. A string is itself.
    var keyText: String? {
        switch self {
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .float(let value): YAMLNumber.key(value)
        case .null, .unsigned, .string: nil
        }
    }
}
