/// Reads JSON (RFC 8259) strictly into a document, piece by piece.
///
/// A caller that knows its outermost objects, as AdmissionReview's are known, steps through them
/// with `beginObject` and `nextMember` and decides for each value: `readValue` makes nodes of it,
/// `skipValue` only validates it. Duplicate members of a value that is read are errors; those of a
/// skipped one are not looked for.
package struct JSONReader {
    private var scanner: JSONScanner
    private let document: Document
    private let text: [UInt8]
    private let limit: Int
    private let limits: ReadingLimits

    /// A member that `readValue` validates but leaves out of the tree: no rule reads it.
    package struct OmittedMember: Sendable {
        /// The key of the object it lies in, or nil for the value that is read itself.
        let parent: String?
        /// The member's key.
        let name: String

        /// Names a member directly below the value (`parent` nil) or one level deeper.
        package init(_ name: String, in parent: String? = nil) {
            self.parent = parent
            self.name = name
        }
    }

    /// Begins to read the text of `document`.
    package init(_ document: Document, limits: ReadingLimits) {
        self.document = document
        self.text = document.text
        self.limits = limits
        limit = document.range.upperBound
        scanner = JSONScanner(position: document.range.lowerBound)
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
        document.nodes.removeAll(keepingCapacity: true)
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

    /// Where the next byte stands.
    package var position: SourcePosition {
        scanner.error(.syntax, "", in: text.span).position
    }

    /// Steps into an object.
    package mutating func beginObject() throws(DocumentError) {
        let text = text
        let bytes = text.span.extracting(first: limit)
        guard scanner.skipWhitespace(bytes) == UInt8(ascii: "{") else {
            throw scanner.unexpected("an object", in: bytes)
        }
        scanner.position += 1
    }

    /// Steps to the next member of the object and returns its key, or nil past its last one.
    /// `isFirst` says whether the object was only just begun.
    package mutating func nextMember(isFirst: Bool) throws(DocumentError) -> Node? {
        let text = text
        let bytes = text.span.extracting(first: limit)
        var byte = scanner.skipWhitespace(bytes)
        if byte == UInt8(ascii: "}") {
            scanner.position += 1
            return nil
        }
        if !isFirst {
            guard byte == UInt8(ascii: ",") else {
                throw scanner.unexpected("',' or '}'", in: bytes)
            }
            scanner.position += 1
            byte = scanner.skipWhitespace(bytes)
        }
        let key = document.nodes.count
        document.nodes.append(try readKey(bytes, byte))
        return document.node(at: key)
    }

    /// Whether the next value is `null`.
    package mutating func nextIsNull() -> Bool {
        let text = text
        return scanner.skipWhitespace(text.span.extracting(first: limit)) == UInt8(ascii: "n")
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
    package mutating func readValue(
        omitting omitted: [OmittedMember] = []
    ) throws(DocumentError) -> Node {
        let root = document.nodes.count
        var nodes: [RawNode] = []
        swap(&nodes, &document.nodes)
        defer { swap(&nodes, &document.nodes) }
        let text = text
        try readTree(text.span.extracting(first: limit), into: &nodes, omitting: omitted)
        return document.node(at: root)
    }

    /// Validates a value and makes no nodes of it. Depth counts against `depth` where it is given,
    /// else against the reader's limit.
    package mutating func skipValue(depth: Int? = nil) throws(DocumentError) {
        let text = text
        try skipTree(text.span.extracting(first: limit), maximumDepth: depth ?? limits.depth)
    }
}

extension JSONReader {
    /// Reads a key and its colon.
    @inline(__always)
    private mutating func readKey(
        _ bytes: Span<UInt8>, _ byte: UInt8
    ) throws(DocumentError) -> RawNode {
        guard byte == UInt8(ascii: "\"") else {
            throw scanner.unexpected("a member's name in double quotes", in: bytes)
        }
        var hasEscapes = false
        let range = try scanner.scanString(bytes, hasEscapes: &hasEscapes)
        guard scanner.skipWhitespace(bytes) == UInt8(ascii: ":") else {
            throw scanner.unexpected("':' after a member's name", in: bytes)
        }
        scanner.position += 1
        return RawNode(
            offset: UInt32(truncatingIfNeeded: range.lowerBound),
            length: UInt32(truncatingIfNeeded: range.count),
            next: KeyFingerprint.of(bytes, range), kind: .key, hasEscapes: hasEscapes)
    }

    /// Reads a value without recursion: an open container's `next` is the way back to its parent.
    private mutating func readTree(
        _ bytes: Span<UInt8>, into nodes: inout [RawNode], omitting omitted: [OmittedMember]
    ) throws(DocumentError) {
        var parent = RawNode.none
        var depth = 0
        while true {
            let byte = scanner.skipWhitespace(bytes)
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                let isObject = byte == UInt8(ascii: "{")
                guard depth < limits.depth else { throw depthError(bytes, limits.depth) }
                depth += 1
                nodes.append(
                    RawNode(
                        offset: UInt32(truncatingIfNeeded: scanner.position), length: 0,
                        next: parent, kind: isObject ? .object : .array, hasEscapes: false))
                parent = UInt32(truncatingIfNeeded: nodes.count - 1)
                scanner.position += 1
                let following = scanner.skipWhitespace(bytes)
                if following != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject,
                        try !beginMember(bytes, following, &nodes, parent, depth, omitted)
                    {
                        // The first member was omitted: what follows it is decided below.
                    } else {
                        continue
                    }
                }
            } else {
                try readScalar(bytes, byte, into: &nodes)
                if parent == RawNode.none { return }
                nodes[Int(parent)].length += 1
            }
            guard nodes.count <= limits.nodes else { throw nodeError(bytes) }
            if try closeContainers(bytes, &nodes, &parent, &depth, omitted) { return }
        }
    }

    /// After a value: steps over a comma to the next value, or closes what ends here.
    /// Returns whether the outermost value is complete.
    @inline(__always)
    private mutating func closeContainers(
        _ bytes: Span<UInt8>, _ nodes: inout [RawNode], _ parent: inout UInt32,
        _ depth: inout Int, _ omitted: [OmittedMember]
    ) throws(DocumentError) -> Bool {
        while true {
            let isObject = nodes[Int(parent)].kind == .object
            let byte = scanner.skipWhitespace(bytes)
            if byte == UInt8(ascii: ",") {
                scanner.position += 1
                if !isObject { return false }
                let key = scanner.skipWhitespace(bytes)
                if try beginMember(bytes, key, &nodes, parent, depth, omitted) { return false }
                continue
            }
            guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw scanner.unexpected(isObject ? "',' or '}'" : "',' or ']'", in: bytes)
            }
            scanner.position += 1
            let closed = Int(parent)
            parent = nodes[closed].next
            nodes[closed].next = UInt32(truncatingIfNeeded: nodes.count)
            depth -= 1
            if isObject, let key = DuplicateKeys.find(in: nodes, object: closed, bytes) {
                throw duplicateKeyError(bytes, nodes[key])
            }
            if parent == RawNode.none { return true }
            nodes[Int(parent)].length += 1
        }
    }

    /// Reads a key. Where its member is omitted, validates the value and returns false.
    @inline(__always)
    private mutating func beginMember(
        _ bytes: Span<UInt8>, _ byte: UInt8, _ nodes: inout [RawNode], _ parent: UInt32,
        _ depth: Int, _ omitted: [OmittedMember]
    ) throws(DocumentError) -> Bool {
        let key = try readKey(bytes, byte)
        if depth <= 2, isOmitted(key, bytes, nodes, parent, depth, omitted) {
            try skipTree(bytes, maximumDepth: limits.depth - depth)
            return false
        }
        nodes.append(key)
        return true
    }

    private func isOmitted(
        _ key: RawNode, _ bytes: Span<UInt8>, _ nodes: [RawNode], _ parent: UInt32, _ depth: Int,
        _ omitted: [OmittedMember]
    ) -> Bool {
        for member in omitted where Self.isKey(key, member.name, bytes) {
            guard let name = member.parent else { return depth == 1 }
            // A member's key stands right before its value.
            if depth == 2, nodes[Int(parent) - 1].kind == .key {
                return Self.isKey(nodes[Int(parent) - 1], name, bytes)
            }
        }
        return false
    }

    private static func isKey(_ key: RawNode, _ name: String, _ bytes: Span<UInt8>) -> Bool {
        let wanted = name.utf8.span
        guard !key.hasEscapes, Int(key.length) == wanted.count else { return false }
        let start = Int(key.offset)
        for index in 0..<wanted.count where bytes[start + index] != wanted[index] { return false }
        return true
    }

    @inline(__always)
    private mutating func readScalar(
        _ bytes: Span<UInt8>, _ byte: UInt8, into nodes: inout [RawNode]
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
                guard open.depth < maximumDepth else { throw depthError(bytes, limits.depth) }
                scanner.position += 1
                open.push(isObject: isObject)
                let following = scanner.skipWhitespace(bytes)
                if following != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject { _ = try readKey(bytes, following) }
                    continue
                }
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
                    _ = try readKey(bytes, key)
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

    private func depthError(_ bytes: Span<UInt8>, _ limit: Int) -> DocumentError {
        scanner.error(.limit, "nested more than \(limit) levels deep", in: bytes)
    }

    private func nodeError(_ bytes: Span<UInt8>) -> DocumentError {
        scanner.error(.limit, "more than \(limits.nodes) keys and values", in: bytes)
    }

    private func duplicateKeyError(_ bytes: Span<UInt8>, _ key: RawNode) -> DocumentError {
        let range = Int(key.offset)..<Int(key.offset) + Int(key.length)
        return scanner.error(
            .duplicateKey,
            "the name \"\(JSONEscapes.decode(bytes, range))\" stands twice in one object",
            in: bytes, at: range.lowerBound - 1)
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
