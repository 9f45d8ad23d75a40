/// A value of a document. Looking at one decodes nothing; only what is asked for becomes a
/// `String`.
///
/// It is valid until its document is reset or gone: to look at it then ends the process.
package struct Node {
    private let address: TreeAddress
    private let place: UInt32
    private let generation: UInt32

    init(_ address: TreeAddress, index: Int, generation: UInt32) {
        self.address = address
        place = UInt32(truncatingIfNeeded: index)
        self.generation = generation
    }

    /// Where in the tree the value stands.
    var index: Int { Int(place) }

    /// Another value of the same tree.
    func node(at index: Int) -> Node {
        Node(address, index: index, generation: generation)
    }

    /// The index past the subtree of another value.
    func next(after index: Int) -> Int { Int(address[generation].nodes[index].next) }

    /// Whether a string may hold JSON's escapes.
    var isJSON: Bool { address[generation].isJSON }

    /// The kinds of value that JSON has. Without raw values: two kinds would be compared by those.
    package enum Kind: Sendable {
        case object, array, string, number, boolean, null
    }

    var raw: RawNode { address[generation].nodes[index] }

    /// What the value is.
    package var kind: Kind {
        switch raw.kind {
        case .object: .object
        case .array: .array
        case .key, .mergeKey, .string: .string
        case .number: .number
        case .true, .false: .boolean
        case .null: .null
        }
    }

    /// Whether the value is `null`.
    package var isNull: Bool { raw.kind == .null }

    /// The number of elements of an array or members of an object; 0 for a scalar.
    package var count: Int {
        let raw = raw
        return raw.kind == .object || raw.kind == .array ? Int(raw.length) : 0
    }

    /// The value as a boolean, or nil where it is none.
    package var boolean: Bool? {
        switch raw.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The decoded string, or nil where the value is none. Makes a `String`: for reports.
    package var string: String? {
        let raw = raw
        guard raw.kind == .string || raw.kind == .key else { return nil }
        return address[generation].decodedString(raw)
    }

    /// The number as it was written, or nil where the value is none.
    package var numberText: String? {
        raw.kind == .number ? address[generation].decodedString(raw) : nil
    }

    /// The value as an integer, or nil where it is none or does not fit 64 bits. Kubernetes reads
    /// `22.0` and `2.2e1` as 22, too.
    package var integer: Int? {
        numberText.flatMap { Int($0) ?? Double($0).flatMap { Int(exactly: $0) } }
    }

    /// Where the value begins in its source: the first call walks over the whole text of JSON, so
    /// for reports only.
    package var position: SourcePosition { address[generation].position(of: index) }

    /// Whether the value is a string of exactly these characters. Allocates nothing.
    package func equals(_ text: String) -> Bool {
        let raw = raw
        guard raw.kind == .string || raw.kind == .key else { return false }
        return address[generation].equals(raw, text.utf8.span)
    }

    /// Whether the value is an empty string.
    package var isEmptyString: Bool {
        let raw = raw
        return raw.kind == .string && raw.length == 0
    }

    /// The value of the member called `name`, or nil where there is none or this is no object.
    package subscript(_ name: String) -> Node? {
        address[generation].member(of: index, named: name).map(node)
    }

    /// The value of the member called `name` where it is there and not `null`: Kubernetes' own
    /// decoder takes the two alike.
    package func present(_ name: String) -> Node? {
        guard let member = self[name], !member.isNull else { return nil }
        return member
    }

    /// The elements of an array, in order; empty for anything else.
    package var elements: Elements { Elements(of: self) }

    /// The members of an object, in source order; empty for anything else.
    package var members: Members { Members(of: self) }

    /// Calls `body` with the bytes of a string or number as they stand in the text: without
    /// escapes decoded, so only of use where `hasEscapes` is false.
    package func withRawBytes<R>(_ body: (Span<UInt8>) -> R) -> R {
        let raw = raw
        return withText(Int(raw.offset)..<Int(raw.offset) + Int(raw.length), body)
    }

    /// Calls `body` with some bytes of the text.
    func withText<R>(_ range: Range<Int>, _ body: (Span<UInt8>) -> R) -> R {
        let text = address[generation].text
        return body(text.span.extracting(range))
    }

    /// Writes the characters of a string to the end of `bytes`; nothing for any other value.
    package func writeCharacters(to bytes: inout [UInt8]) {
        let raw = raw
        guard raw.kind == .string || raw.kind == .key else { return }
        if raw.hasEscapes {
            bytes.append(utf8: address[generation].decodedString(raw))
        } else {
            withRawBytes { bytes.append(copying: $0) }
        }
    }

    /// Whether the raw bytes of a string differ from its characters.
    package var hasEscapes: Bool { raw.hasEscapes }
}

/// A document belongs to one thread, and so do its nodes.
@available(*, unavailable)
extension Node: Sendable {}

extension Node {
    /// An array's elements.
    package struct Elements: Sequence, IteratorProtocol {
        private let container: Node
        private var index: Int
        private var remaining: Int

        init(of node: Node) {
            container = node
            index = node.index + 1
            remaining = node.raw.kind == .array ? Int(node.raw.length) : 0
        }

        /// The next element, or nil at the end.
        package mutating func next() -> Node? {
            guard remaining > 0 else { return nil }
            remaining -= 1
            let element = container.node(at: index)
            index = container.next(after: index)
            return element
        }
    }

    /// An object's members.
    package struct Members: Sequence, IteratorProtocol {
        private let container: Node
        private var index: Int
        private var remaining: Int

        init(of node: Node) {
            container = node
            index = node.index + 1
            remaining = node.raw.kind == .object ? Int(node.raw.length) : 0
        }

        /// The next member's key and value, or nil at the end.
        package mutating func next() -> (key: Node, value: Node)? {
            guard remaining > 0 else { return nil }
            remaining -= 1
            let member = (container.node(at: index), container.node(at: index + 1))
            index = container.next(after: index + 1)
            return member
        }
    }
}

extension Tree {
    /// The index of the value of a member, by its key's fingerprint first and its bytes then.
    @inline(__always)
    func member(of index: Int, named name: String) -> Int? {
        let object = nodes[index]
        guard object.kind == .object else { return nil }
        let wanted = name.utf8.span
        let fingerprint = KeyFingerprint.of(wanted)
        var key = index &+ 1
        for _ in 0..<object.length {
            let raw = nodes[key]
            if raw.next == fingerprint || raw.hasEscapes, equals(raw, wanted) { return key &+ 1 }
            key = Int(nodes[key &+ 1].next)
        }
        return nil
    }

    /// Whether a string or key has exactly these characters.
    @inline(__always)
    func equals(_ raw: RawNode, _ wanted: Span<UInt8>) -> Bool {
        // By bytes: Swift takes strings for equal that differ in their scalars ("K" and U+212A).
        let range = Int(raw.offset)..<Int(raw.offset) + Int(raw.length)
        if raw.hasEscapes { return Self.areEqualDecoded(text.span, range, wanted) }
        return WordScan.areEqual(text.span.extracting(range), wanted)
    }

    /// The same for a string with escapes. Were it given the tree, every look-up would first make a
    /// copy of that for this call, which hardly ever comes.
    @inline(never)
    private static func areEqualDecoded(
        _ text: Span<UInt8>, _ range: Range<Int>, _ wanted: Span<UInt8>
    ) -> Bool {
        WordScan.areEqual(JSONEscapes.decode(text, range).utf8.span, wanted)
    }

    /// The characters of a scalar.
    func decodedString(_ raw: RawNode) -> String {
        let range = Int(raw.offset)..<Int(raw.offset) + Int(raw.length)
        if !raw.hasEscapes { return String(decoding: text[range], as: UTF8.self) }
        let text = text
        return JSONEscapes.decode(text.span, range)
    }

    /// Where a node began.
    mutating func position(of index: Int) -> SourcePosition {
        if !isJSON { return marks[index] }
        let raw = nodes[index]
        let quoted = raw.kind == .string || raw.kind == .key
        let index = positions ?? PositionIndex(text, from: range.lowerBound)
        positions = index
        return index.position(ofByteAt: Int(raw.offset) - (quoted ? 1 : 0), in: text)
    }
}
