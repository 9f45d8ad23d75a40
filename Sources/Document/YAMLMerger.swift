/// Replaces merge keys (`<<`) by the members they name, in one pass over a whole tree.
///
/// As in kubectl's reader, members are set in source order, those of a sequence of mappings from
/// its end to its beginning, and what is set later wins: a merge key after a member overrides it.
/// Nothing is copied twice, so the work is bounded by the number of nodes; the recursion by their
/// depth.
struct YAMLMerger: ~Copyable {
    let text: [UInt8]
    let nodes: NodeList
    let marks: [SourcePosition]
    /// The tree without merge keys.
    var merged = NodeList()
    /// Where its nodes began.
    private(set) var mergedMarks: [SourcePosition] = []

    init(text: [UInt8], nodes: consuming NodeList, marks: [SourcePosition]) {
        self.text = text
        self.nodes = nodes
        self.marks = marks
    }

    /// Makes `merged` of the whole tree.
    mutating func merge() throws(DocumentError) {
        if nodes.count > 0 { try emit(0) }
    }

    /// The members of one mapping: where the keys lie, the latest of equal ones.
    private struct Members {
        var keys: [Int] = []
        var places: [[UInt8]: Int] = [:]

        mutating func set(_ key: Int, named name: [UInt8]) {
            if let place = places[name] {
                keys[place] = key
            } else {
                places[name] = keys.count
                keys.append(key)
            }
        }
    }

    private mutating func append(_ index: Int) {
        merged.append(nodes[index])
        mergedMarks.append(marks[index])
    }

    private mutating func emit(_ index: Int) throws(DocumentError) {
        let place = merged.count
        append(index)
        switch nodes[index].kind {
        case .array:
            for element in elements(of: index) { try emit(element) }
        case .object:
            let keys = try self.keys(of: index)
            for key in keys {
                append(key)
                try emit(key + 1)
            }
            merged[place].length = UInt32(truncatingIfNeeded: keys.count)
        default:
            break
        }
        merged[place].next = UInt32(truncatingIfNeeded: merged.count)
    }

    /// The keys of a mapping, merge keys followed.
    private func keys(of mapping: Int) throws(DocumentError) -> [Int] {
        let own = ownKeys(of: mapping)
        guard own.contains(where: { nodes[$0].kind == .mergeKey }) else { return own }
        var members = Members()
        try collect(mapping, into: &members)
        return members.keys
    }

    private func collect(_ mapping: Int, into members: inout Members) throws(DocumentError) {
        for key in ownKeys(of: mapping) {
            guard nodes[key].kind == .mergeKey else {
                let start = Int(nodes[key].offset)
                members.set(key, named: Array(text[start..<start + Int(nodes[key].length)]))
                continue
            }
            let isSequence = nodes[key + 1].kind == .array
            let sources = isSequence ? elements(of: key + 1).reversed() : [key + 1]
            for source in sources {
                guard nodes[source].kind == .object else {
                    throw Self.sourceError(at: marks[source])
                }
                try collect(source, into: &members)
            }
        }
    }

    /// What is said of a `<<` that names no mapping.
    static func sourceError(at position: SourcePosition) -> DocumentError {
        DocumentError(
            .syntax, "expected a mapping or a sequence of mappings after '<<'", at: position)
    }

    private func ownKeys(of mapping: Int) -> [Int] {
        var keys: [Int] = []
        var key = mapping + 1
        for _ in 0..<nodes[mapping].length {
            keys.append(key)
            key = Int(nodes[key + 1].next)
        }
        return keys
    }

    private func elements(of sequence: Int) -> [Int] {
        var elements: [Int] = []
        var element = sequence + 1
        for _ in 0..<nodes[sequence].length {
            elements.append(element)
            element = Int(nodes[element].next)
        }
        return elements
    }
}
