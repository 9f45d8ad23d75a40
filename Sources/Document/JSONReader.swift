/// Reads JSON (RFC 8259) strictly into a document's tree.
///
/// A caller that knows its outermost objects, as AdmissionReview's are known, names members by a
/// `MemberFilter` and is asked, when one comes, whether to make nodes of its value or only to
/// validate it. Duplicate members of an object that is read are errors; inside a skipped one they
/// are not looked for.
package struct JSONReader {
    private var scanner: JSONScanner
    private let document: Document
    private let text: [UInt8]
    private let limit: Int
    private let limits: ReadingLimits
    private let outerDepth: Int
    /// The innermost container that is open, whose `next` leads to the one around it.
    private var open = RawNode.none
    /// How many containers are open.
    private var depth = 0

    /// What becomes of a member that a filter names.
    package enum Choice {
        /// Its value becomes nodes.
        case read
        /// Its value is validated and left out of the tree.
        case skip
        /// The same, whatever its depth.
        case skipAtAnyDepth
    }

    /// Begins to read the text of `document`.
    /// `outerDepth` is how many levels of an envelope do not count against the depth limit.
    package init(_ document: Document, limits: ReadingLimits, outerDepth: Int = 0) {
        self.outerDepth = outerDepth
        self.document = document
        self.text = document.tree.text
        self.limits = limits
        limit = document.tree.range.upperBound
        scanner = JSONScanner(position: document.tree.range.lowerBound)
    }

    /// Reads a whole text, in which nothing may follow the one value.
    package static func read(
        _ text: [UInt8], limits: ReadingLimits, into document: Document
    ) throws(DocumentError) {
        document.reset(json: text)
        var reader = JSONReader(document, limits: limits)
        _ = try reader.readValue()
        try reader.end()
    }

    /// Reads the next of several values that follow each other, as `kubectl get -o json` may write
    /// them, into the emptied tree; returns nil past the last one. The node limit is for each.
    package mutating func nextDocument() throws(DocumentError) -> Node? {
        document.forgetNodes()
        return isAtEnd() ? nil : try readValue()
    }

    /// Validates the next of several values and makes no nodes of it; returns false past the last.
    package mutating func skipDocument() throws(DocumentError) -> Bool {
        if isAtEnd() { return false }
        try skipValue()
        return true
    }

    private mutating func isAtEnd() -> Bool {
        let text = text
        _ = scanner.skipWhitespace(text.span.extracting(first: limit))
        return scanner.position == limit
    }

    /// Checks that only white space follows.
    package mutating func end() throws(DocumentError) {
        let text = text
        let bytes = text.span.extracting(first: limit)
        _ = scanner.skipWhitespace(bytes)
        guard scanner.position == bytes.count else {
            throw scanner.unexpected("the end of the text", in: bytes)
        }
    }

    /// Reads a value into the document's tree.
    ///
    /// - Parameters:
    ///   - filter: The members to ask about.
    ///   - choose: Is given a member's index in the filter and the object it lies in, as far as
    ///     that has been read.
    package mutating func readValue(
        asking filter: MemberFilter = .none, _ choose: (Int, Node) -> Choice = { _, _ in .read }
    ) throws(DocumentError) -> Node {
        let root = document.tree.nodes.count
        (open, depth) = (RawNode.none, 0)
        var nodes = document.tree.nodes.take()
        defer { swap(&nodes, &document.tree.nodes) }
        let text = text
        try readTree(
            text.span.extracting(first: limit), into: &nodes, filter, choose)
        return document.node(at: root)
    }

    /// Validates a value and makes no nodes of it.
    package mutating func skipValue() throws(DocumentError) {
        let text = text
        try skipTree(text.span.extracting(first: limit), maximumDepth: limits.depth)
    }

    /// The keys that lead from the root to where reading stopped with an error, outermost first;
    /// an array on the way ends them.
    package var keysToError: [Node] {
        var keys: [Node] = []
        var container = open
        while container != RawNode.none, document.tree.nodes[Int(container)].next != RawNode.none {
            // A member's key stands right before its value; an array's element has none.
            let key = Int(container) - 1
            if document.tree.nodes[key].kind == .key {
                keys.append(document.node(at: key))
            } else {
                keys.removeAll()
            }
            container = document.tree.nodes[Int(container)].next
        }
        return keys.reversed()
    }
}

extension JSONReader {
    /// Reads a key and its colon; returns the key's raw bytes' range.
    @inline(__always)
    private mutating func scanKey(
        _ bytes: Span<UInt8>, _ byte: UInt8, hasEscapes: inout Bool
    ) throws(DocumentError) -> Range<Int> {
        guard byte == UInt8(ascii: "\"") else {
            throw scanner.unexpected("a member's name in double quotes", in: bytes)
        }
        let range = try scanner.scanString(bytes, hasEscapes: &hasEscapes)
        guard scanner.skipWhitespace(bytes) == UInt8(ascii: ":") else {
            throw scanner.unexpected("':' after a member's name", in: bytes)
        }
        scanner.position += 1
        return range
    }

    @inline(__always)
    private mutating func readKey(
        _ bytes: Span<UInt8>, _ byte: UInt8
    ) throws(DocumentError) -> RawNode {
        var hasEscapes = false
        let range = try scanKey(bytes, byte, hasEscapes: &hasEscapes)
        return RawNode(
            offset: UInt32(truncatingIfNeeded: range.lowerBound),
            length: UInt32(truncatingIfNeeded: range.count),
            next: KeyFingerprint.of(bytes.extracting(range)), kind: .key, hasEscapes: hasEscapes)
    }

    /// Reads a value without recursion: an open container's `next` is the way back to its parent.
    private mutating func readTree(
        _ bytes: Span<UInt8>, into nodes: inout NodeList, _ filter: MemberFilter,
        _ choose: (Int, Node) -> Choice
    ) throws(DocumentError) {
        while true {
            let byte = scanner.skipWhitespace(bytes)
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                let isObject = byte == UInt8(ascii: "{")
                guard depth < limits.depth + outerDepth else { throw depthError(bytes) }
                depth += 1
                nodes.append(
                    RawNode(
                        offset: UInt32(truncatingIfNeeded: scanner.position), length: 0,
                        next: open, kind: isObject ? .object : .array, hasEscapes: false))
                open = UInt32(truncatingIfNeeded: nodes.count - 1)
                scanner.position += 1
                let following = scanner.skipWhitespace(bytes)
                if following != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject,
                        try !beginMember(bytes, following, &nodes, filter, choose)
                    {
                        // The first member was skipped: what follows it is decided below.
                    } else {
                        continue
                    }
                }
            } else {
                try readScalar(bytes, byte, into: &nodes)
                if open == RawNode.none { return }
                nodes[Int(open)].length += 1
            }
            guard nodes.count <= limits.nodes else { throw nodeError(bytes) }
            if try closeContainers(bytes, &nodes, filter, choose) { return }
        }
    }

    /// After a value: steps over a comma to the next value, or closes what ends here.
    /// Returns whether the outermost value is complete.
    @inline(__always)
    private mutating func closeContainers(
        _ bytes: Span<UInt8>, _ nodes: inout NodeList, _ filter: MemberFilter,
        _ choose: (Int, Node) -> Choice
    ) throws(DocumentError) -> Bool {
        while true {
            let isObject = nodes[Int(open)].kind == .object
            let byte = scanner.skipWhitespace(bytes)
            if byte == UInt8(ascii: ",") {
                scanner.position += 1
                if !isObject { return false }
                let key = scanner.skipWhitespace(bytes)
                if try beginMember(bytes, key, &nodes, filter, choose) { return false }
                continue
            }
            guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw scanner.unexpected(isObject ? "',' or '}'" : "',' or ']'", in: bytes)
            }
            scanner.position += 1
            let closed = Int(open)
            if isObject, let key = DuplicateKeys.find(in: nodes, object: closed, bytes) {
                throw duplicateKeyError(bytes, nodes[key])
            }
            open = nodes[closed].next
            nodes[closed].next = UInt32(truncatingIfNeeded: nodes.count)
            depth -= 1
            if open == RawNode.none { return true }
            nodes[Int(open)].length += 1
        }
    }

    /// Reads a key. Where its member is skipped, validates the value and returns false.
    @inline(__always)
    private mutating func beginMember(
        _ bytes: Span<UInt8>, _ byte: UInt8, _ nodes: inout NodeList, _ filter: MemberFilter,
        _ choose: (Int, Node) -> Choice
    ) throws(DocumentError) -> Bool {
        let key = try readKey(bytes, byte)
        if filter.mayName(key, depth: depth),
            try !wants(key, bytes, &nodes, filter, choose)
        {
            return false
        }
        nodes.append(key)
        return true
    }

    /// Asks about a member that the filter may name; skips it where it is not wanted.
    private mutating func wants(
        _ key: RawNode, _ bytes: Span<UInt8>, _ nodes: inout NodeList, _ filter: MemberFilter,
        _ choose: (Int, Node) -> Choice
    ) throws(DocumentError) -> Bool {
        guard let index = filter.index(of: key, in: open, depth: depth, nodes, bytes) else {
            return true
        }
        swap(&nodes, &document.tree.nodes)
        let choice = choose(index, document.node(at: Int(open)))
        swap(&nodes, &document.tree.nodes)
        switch choice {
        case .read: return true
        case .skip: try skipTree(bytes, maximumDepth: limits.depth + outerDepth - depth)
        case .skipAtAnyDepth: try skipTree(bytes, maximumDepth: .max)
        }
        return false
    }

    @inline(__always)
    private mutating func readScalar(
        _ bytes: Span<UInt8>, _ byte: UInt8, into nodes: inout NodeList
    ) throws(DocumentError) {
        let range: Range<Int>
        let kind: RawKind
        var hasEscapes = false
        switch byte {
        case UInt8(ascii: "\""):
            range = try scanner.scanString(bytes, hasEscapes: &hasEscapes)
            kind = .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            range = try scanner.scanNumber(bytes)
            kind = .number
        default:
            guard scanner.position < bytes.count else {
                throw scanner.unexpected("a value", in: bytes)
            }
            let start = scanner.position
            kind = try scanner.scanLiteral(bytes)
            range = start..<scanner.position
        }
        nodes.append(
            RawNode(
                offset: UInt32(truncatingIfNeeded: range.lowerBound),
                length: UInt32(truncatingIfNeeded: range.count),
                next: UInt32(truncatingIfNeeded: nodes.count + 1), kind: kind,
                hasEscapes: hasEscapes))
    }

    /// Validates a value with one bit a level to remember what is open.
    private mutating func skipTree(
        _ bytes: Span<UInt8>, maximumDepth: Int
    ) throws(DocumentError) {
        var open = OpenContainers()
        var hasEscapes = false
        while true {
            let byte = scanner.skipWhitespace(bytes)
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                let isObject = byte == UInt8(ascii: "{")
                guard open.depth < maximumDepth else { throw depthError(bytes) }
                scanner.position += 1
                let following = scanner.skipWhitespace(bytes)
                if following != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    open.push(isObject: isObject)
                    if isObject { _ = try scanKey(bytes, following, hasEscapes: &hasEscapes) }
                    continue
                }
                // Every field that somebody manages is an empty object.
                scanner.position += 1
            case UInt8(ascii: "\""):
                _ = try scanner.scanString(bytes, hasEscapes: &hasEscapes)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                _ = try scanner.scanNumber(bytes)
            default:
                guard scanner.position < bytes.count else {
                    throw scanner.unexpected("a value", in: bytes)
                }
                _ = try scanner.scanLiteral(bytes)
            }
            if try closeSkipped(bytes, &open) { return }
        }
    }

    /// After a skipped value, as `closeContainers` does for a read one.
    @inline(__always)
    private mutating func closeSkipped(
        _ bytes: Span<UInt8>, _ open: inout OpenContainers
    ) throws(DocumentError) -> Bool {
        while open.depth > 0 {
            let isObject = open.isObject
            let byte = scanner.skipWhitespace(bytes)
            if byte == UInt8(ascii: ",") {
                scanner.position += 1
                if isObject {
                    let key = scanner.skipWhitespace(bytes)
                    var hasEscapes = false
                    _ = try scanKey(bytes, key, hasEscapes: &hasEscapes)
                }
                return false
            }
            guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw scanner.unexpected(isObject ? "',' or '}'" : "',' or ']'", in: bytes)
            }
            scanner.position += 1
            open.pop()
        }
        return true
    }

    private func depthError(_ bytes: Span<UInt8>) -> DocumentError {
        scanner.error(.limit, "nested more than \(limits.depth) levels deep", in: bytes)
    }

    private func nodeError(_ bytes: Span<UInt8>) -> DocumentError {
        scanner.error(.limit, "more than \(limits.nodes) keys and values", in: bytes)
    }

    private func duplicateKeyError(_ bytes: Span<UInt8>, _ key: RawNode) -> DocumentError {
        let range = Int(key.offset)..<Int(key.offset) + Int(key.length)
        let name = JSONEscapes.decode(bytes, range).excerpt
        return scanner.error(
            .duplicateKey, "the name \"\(name)\" stands twice in one object", in: bytes,
            at: range.lowerBound - 1)
    }
}

/// One bit for each open container: whether it is an object. The first 64 levels take no memory.
struct OpenContainers {
    private(set) var depth = 0
    private var current: UInt64 = 0
    private var deeper: [UInt64] = []

    /// Whether the innermost open container is an object.
    var isObject: Bool { current & 1 == 1 }

    mutating func push(isObject: Bool) {
        if depth > 0, depth % 64 == 0 { deeper.append(current) }
        current = current << 1 | (isObject ? 1 : 0)
        depth += 1
    }

    mutating func pop() {
        depth -= 1
        current >>= 1
        if depth > 0, depth % 64 == 0, let outer = deeper.popLast() { current = outer }
    }
}
