internal import Document

/// Words about an object, as the pieces that they are put together from.
///
/// What a rule finds wrong is told in some six pieces, most of them literals of the program and
/// names of the object. As `String`s they would be copied and allocated three times before they
/// are written; so they are written once, where the verdict keeps its text. Until then they are
/// plain bits, but for the few strings that were put together elsewhere, and copied as such.
struct Text: ExpressibleByStringInterpolation {
    typealias StringLiteralType = StaticString

    private enum Piece {
        /// Words of the program.
        case literal(StaticString)
        /// A string of the document, as it stands there.
        case node(Node)
        case number(Int)
        /// The string at an index of `strings`.
        case string(Int)
    }

    /// How many pieces are kept apart; where there are more, those before become one. So many fill
    /// 256 bytes, which are copied at once.
    private static let maximumPieces = 10

    private var pieces = InlineArray<10, Piece>(repeating: .number(0))
    private var count = 0
    /// Strings that were put together somewhere else.
    private var strings: [String] = []

    init() {}

    init(stringLiteral text: StaticString) { append(.literal(text)) }

    /// A string that was put together somewhere else.
    init(_ text: String) { append(text) }

    /// The characters of a string of the document; none where it is absent or no string.
    init(_ node: Node?) { append(node) }

    init(stringInterpolation: Interpolation) { self = stringInterpolation.text }

    /// What `"\(…)"` is put together by.
    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = Text()

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: StaticString) {
            // What stands between two interpolations is empty where they touch.
            if literal.utf8CodeUnitCount > 0 { text.append(.literal(literal)) }
        }
        mutating func appendInterpolation(_ string: String) { text.append(string) }
        mutating func appendInterpolation(_ node: Node?) { text.append(node) }
        mutating func appendInterpolation(_ number: Int) { text.append(.number(number)) }
        mutating func appendInterpolation(_ inner: Text) { text.append(inner) }
    }

    static func + (first: Text, second: Text) -> Text {
        var text = first
        text.append(second)
        return text
    }

    static func += (first: inout Text, second: Text) { first.append(second) }

    private mutating func append(_ string: String) {
        if string.isEmpty { return }
        makeRoom()
        pieces[count] = .string(strings.count)
        count += 1
        strings.append(string)
    }

    private mutating func append(_ node: Node?) {
        guard let node, node.kind == .string else { return }
        append(.node(node))
    }

    private mutating func append(_ other: Text) {
        if count == 0 {
            self = other
            return
        }
        for index in 0..<other.count {
            if case .string(let place) = other.pieces[index] {
                append(other.strings[place])
            } else {
                append(other.pieces[index])
            }
        }
    }

    private mutating func append(_ piece: Piece) {
        makeRoom()
        pieces[count] = piece
        count += 1
    }

    private mutating func makeRoom() {
        if count == Self.maximumPieces { self = Text(string) }
    }

    /// Writes the characters to the end of `bytes`.
    func write(to bytes: inout [UInt8]) {
        for index in 0..<count {
            switch pieces[index] {
            case .literal(let text): bytes.append(utf8: text)
            case .string(let index): bytes.append(utf8: strings[index])
            case .node(let node): node.writeCharacters(to: &bytes)
            case .number(let number): bytes.append(utf8: String(number))
            }
        }
    }

    /// The characters as a string.
    var string: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
