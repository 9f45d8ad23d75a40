internal import Document

/// Words about an object, as the pieces that they are put together from.
///
/// What a rule finds wrong is told in some six pieces, most of them literals of the program and
/// names of the object. As `String`s they would be copied and allocated three times before they
/// are written; so they are written once, where the verdict keeps its text.
struct Text: ExpressibleByStringInterpolation {
    private enum Piece {
        case nothing
        case string(String)
        /// A string of the document, as it stands there.
        case node(Node)
        case number(Int)
    }

    /// How many pieces are kept apart; where there are more, those before become one.
    private static let maximumPieces = 8

    private var pieces: InlineArray<8, Piece>
    private var count: Int

    init() {
        pieces = InlineArray(repeating: .nothing)
        count = 0
    }

    init(stringLiteral text: String) {
        self.init()
        append(text)
    }

    /// A string of the program.
    init(_ text: String) {
        self.init()
        append(text)
    }

    /// The characters of a string of the document; none where it is absent or no string.
    init(_ node: Node?) {
        self.init()
        append(node)
    }

    init(stringInterpolation: Interpolation) { self = stringInterpolation.text }

    /// What `"\(…)"` is put together by.
    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = Text()

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { text.append(literal) }
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
        if !string.isEmpty { append(.string(string)) }
    }

    private mutating func append(_ node: Node?) {
        guard let node, node.kind == .string else { return }
        append(.node(node))
    }

    private mutating func append(_ other: Text) {
        for index in 0..<other.count { append(other.pieces[index]) }
    }

    private mutating func append(_ piece: Piece) {
        if count == Self.maximumPieces {
            self = Text(string)
        }
        pieces[count] = piece
        count += 1
    }

    /// Writes the characters to the end of `bytes`.
    func write(to bytes: inout [UInt8]) {
        for index in 0..<count {
            switch pieces[index] {
            case .nothing: break
            case .string(let text): bytes.append(utf8: text)
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
