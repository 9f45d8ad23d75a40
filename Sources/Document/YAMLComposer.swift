/// Makes a tree of libyaml's events: types scalars, copies what aliases name, and stops at the
/// limits as it goes.
struct YAMLComposer: ~Copyable {
    /// The decoded scalars; the caller appends a scalar's bytes before it hands the scalar over.
    var text: [UInt8]
    /// Whether a whole document has been composed.
    private(set) var isComplete = false

    private var nodes: NodeList
    private var marks: [SourcePosition]
    private let limits: ReadingLimits
    private var open: [OpenCollection] = []
    /// The latest target of each anchor's name, as an index of `targets`.
    private var anchors: [String: Int] = [:]
    private var targets: [Target] = []
    private var hasMergeKeys = false

    /// A scalar as it stands in its source.
    struct Scalar {
        /// Where its decoded bytes lie in `text`.
        var range: Range<Int>
        /// Its tag in full, or nil.
        var tag: String?
        /// Whether its type is told by its text: neither quoted nor tagged.
        var isPlain: Bool
        /// The anchor it bears, or nil.
        var anchor: String?
    }

    /// The two sorts of collection.
    enum Collection: String {
        case sequence, mapping
    }

    private struct OpenCollection {
        let node: Int
        let sort: Collection
        /// Whether the next event of a mapping is a key.
        var awaitsKey: Bool
        /// How many levels lie inside it so far.
        var height = 0
        let target: Int?
    }

    /// What an anchor names.
    private enum Target {
        /// A collection that has not ended: an alias to it would contain itself.
        case unfinished
        case scalar(YAMLScalar, Range<Int>, SourcePosition)
        /// A collection's nodes, and how many levels it has.
        case collection(Range<Int>, height: Int)
    }

    /// Takes over the memory of a document.
    init(reusing document: Document, limits: ReadingLimits) {
        self.limits = limits
        text = []
        nodes = NodeList()
        marks = []
        swap(&text, &document.tree.text)
        swap(&nodes, &document.tree.nodes)
        swap(&marks, &document.tree.marks)
    }

    /// Hands text and tree to the document.
    mutating func giveBack(to document: Document) {
        swap(&text, &document.tree.text)
        swap(&nodes, &document.tree.nodes)
        swap(&marks, &document.tree.marks)
    }

    /// Forgets what was composed.
    mutating func clear() {
        text.removeAll(keepingCapacity: true)
        nodes.removeAll()
        marks.removeAll(keepingCapacity: true)
        open = []
        anchors = [:]
        targets = []
        hasMergeKeys = false
        isComplete = false
    }

    /// Whether the document is nothing but `null`, as an empty one is.
    var isNull: Bool {
        nodes.count == 0 || nodes.count == 1 && nodes[0].kind == .null
    }

    mutating func endDocument() { isComplete = true }

    /// Applies merge keys, once the whole document is there.
    mutating func finish() throws(DocumentError) {
        guard hasMergeKeys else { return }
        var merger = YAMLMerger(text: text, nodes: nodes.take(), marks: marks)
        try merger.merge()
        nodes = merger.merged.take()
        marks = merger.mergedMarks
    }
}

extension YAMLComposer {
    private var awaitsKey: Bool { open.last?.awaitsKey ?? false }

    mutating func scalar(_ scalar: Scalar, at position: SourcePosition) throws(DocumentError) {
        if awaitsKey, isMergeKey(scalar) {
            hasMergeKeys = true
            return try appendKey(.mergeKey, scalar.range, at: position)
        }
        let value = try YAMLScalar.resolve(scalar, in: text.span, at: position)
        if let anchor = scalar.anchor {
            bind(anchor, to: .scalar(value, scalar.range, position))
        }
        if awaitsKey {
            try key(value, scalar.range, at: position)
        } else {
            try append(value, scalar.range, at: position)
        }
    }

    mutating func alias(_ name: String, at position: SourcePosition) throws(DocumentError) {
        guard let index = anchors[name] else {
            throw DocumentError(
                .syntax, "the alias '*\(name.excerpt)' names no anchor before it", at: position)
        }
        switch targets[index] {
        case .unfinished:
            throw DocumentError(
                .syntax, "the alias '*\(name.excerpt)' stands inside what it names", at: position)
        case .scalar(let value, let range, let origin):
            if awaitsKey {
                try key(value, range, at: position)
            } else {
                try append(value, range, at: origin)
            }
        case .collection(let range, let height):
            if awaitsKey {
                throw keyError("the collection '*\(name.excerpt)'", at: position)
            }
            if nodes[nodes.count - 1].kind == .mergeKey, nodes[range.lowerBound].kind == .array {
                // As in kubectl's reader, a sequence of mappings must be written out.
                throw YAMLMerger.sourceError(at: position)
            }
            guard open.count + height <= limits.depth else { throw depthError(at: position) }
            guard nodes.count + range.count <= limits.nodes else { throw nodeError(at: position) }
            copy(range)
            placed(height: height)
        }
    }

    mutating func beginCollection(
        _ sort: Collection, tag: String?, anchor: String?, at position: SourcePosition
    ) throws(DocumentError) {
        let expected = sort == .sequence ? "tag:yaml.org,2002:seq" : "tag:yaml.org,2002:map"
        if let tag, tag != expected, tag != "!" {
            throw DocumentError(
                .syntax,
                "the tag '\(YAMLScalar.short(tag))' of a \(sort.rawValue) is not supported",
                at: position)
        }
        if awaitsKey { throw keyError("a \(sort.rawValue)", at: position) }
        guard open.count < limits.depth else { throw depthError(at: position) }
        let target = anchor.map { bind($0, to: .unfinished) }
        open.append(
            OpenCollection(
                node: nodes.count, sort: sort, awaitsKey: sort == .mapping, target: target))
        try append(
            RawNode(
                offset: 0, length: 0, next: RawNode.none, kind: sort == .mapping ? .object : .array,
                hasEscapes: false), at: position)
    }

    mutating func endCollection() throws(DocumentError) {
        guard let ended = open.popLast() else { return }
        nodes[ended.node].next = UInt32(truncatingIfNeeded: nodes.count)
        if ended.sort == .mapping,
            let key = DuplicateKeys.find(in: nodes, object: ended.node, text.span)
        {
            let start = Int(nodes[key].offset)
            let end = start + Int(nodes[key].length)
            let name = String(decoding: text[start..<end], as: UTF8.self).excerpt
            throw DocumentError(
                .duplicateKey, "the key \"\(name)\" stands twice in one mapping", at: marks[key])
        }
        let height = ended.height + 1
        if let target = ended.target {
            targets[target] = .collection(ended.node..<nodes.count, height: height)
        }
        placed(height: height)
    }

    /// A value is complete: its parent counts it and awaits a key again.
    private mutating func placed(height: Int) {
        guard let parent = open.indices.last else { return }
        nodes[open[parent].node].length += 1
        open[parent].height = max(open[parent].height, height)
        open[parent].awaitsKey = open[parent].sort == .mapping
    }

    private mutating func append(
        _ node: RawNode, at position: SourcePosition
    ) throws(DocumentError) {
        guard nodes.count < limits.nodes else { throw nodeError(at: position) }
        nodes.append(node)
        marks.append(position)
    }

    private mutating func append(
        _ value: YAMLScalar, _ range: Range<Int>, at position: SourcePosition
    ) throws(DocumentError) {
        var range = range
        if let number = try value.numberText(at: position) { range = place(number) }
        try append(
            RawNode(
                offset: UInt32(truncatingIfNeeded: range.lowerBound),
                length: UInt32(truncatingIfNeeded: range.count),
                next: UInt32(truncatingIfNeeded: nodes.count + 1), kind: value.rawKind,
                hasEscapes: false), at: position)
        placed(height: 0)
    }

    private mutating func key(
        _ value: YAMLScalar, _ range: Range<Int>, at position: SourcePosition
    ) throws(DocumentError) {
        if value == .string { return try appendKey(.key, range, at: position) }
        guard let text = value.keyText else { throw keyError(value.name, at: position) }
        try appendKey(.key, place(text), at: position)
    }

    private mutating func appendKey(
        _ kind: RawKind, _ range: Range<Int>, at position: SourcePosition
    ) throws(DocumentError) {
        try append(
            RawNode(
                offset: UInt32(truncatingIfNeeded: range.lowerBound),
                length: UInt32(truncatingIfNeeded: range.count),
                next: KeyFingerprint.of(text.span.extracting(range)), kind: kind,
                hasEscapes: false),
            at: position)
        if let parent = open.indices.last { open[parent].awaitsKey = false }
    }

    /// Appends characters that no scalar holds as they are.
    private mutating func place(_ characters: String) -> Range<Int> {
        let start = text.count
        text.append(contentsOf: characters.utf8)
        return start..<text.count
    }

    /// Copies a collection's nodes to the end: positions and characters stay those of the original.
    private mutating func copy(_ range: Range<Int>) {
        let shift = UInt32(truncatingIfNeeded: nodes.count - range.lowerBound)
        for index in range {
            var node = nodes[index]
            if node.kind != .key, node.kind != .mergeKey { node.next += shift }
            nodes.append(node)
            marks.append(marks[index])
        }
    }

    @discardableResult
    private mutating func bind(_ anchor: String, to target: Target) -> Int {
        targets.append(target)
        anchors[anchor] = targets.count - 1
        return targets.count - 1
    }

    /// Whether a key is `<<` and means it.
    private func isMergeKey(_ scalar: Scalar) -> Bool {
        guard scalar.range.count == 2, scalar.isPlain || scalar.tag == YAMLScalar.mergeTag else {
            return false
        }
        return text[scalar.range] == [UInt8(ascii: "<"), UInt8(ascii: "<")]
    }

    private func depthError(at position: SourcePosition) -> DocumentError {
        DocumentError(.limit, "nested more than \(limits.depth) levels deep", at: position)
    }

    private func nodeError(at position: SourcePosition) -> DocumentError {
        DocumentError(
            .limit, "more than \(limits.nodes) keys and values, aliases expanded", at: position)
    }

    private func keyError(_ found: String, at position: SourcePosition) -> DocumentError {
        DocumentError(.syntax, "expected a string as a key, found \(found)", at: position)
    }
}
