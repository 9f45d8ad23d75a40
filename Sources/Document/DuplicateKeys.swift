/// Finds an object's member that stands twice. Go's decoder keeps the last, others the first: what
/// two readers read differently must not pass a gate.
enum DuplicateKeys {
    /// The index of the second of two equal keys of a closed object, or nil.
    ///
    /// A filter of 64 bits settles nearly every small object in one pass; what it cannot settle is
    /// sorted, so that a million keys cost n log n.
    static func find(in nodes: [RawNode], object: Int, _ bytes: Span<UInt8>) -> Int? {
        let count = Int(nodes[object].length)
        guard count > 1 else { return nil }
        var seen: UInt64 = 0
        var key = object + 1
        var isUnsettled = false
        for _ in 0..<count {
            let raw = nodes[key]
            let bit = KeyFingerprint.bit(raw.next)
            if raw.hasEscapes || seen & bit != 0 {
                isUnsettled = true
                break
            }
            seen |= bit
            key = Int(nodes[key + 1].next)
        }
        if !isUnsettled { return nil }
        if count <= fewKeys, !hasEqualFingerprints(nodes, object: object) { return nil }
        return findBySorting(in: nodes, object: object, bytes)
    }

    /// Up to how many keys are compared each with each: no memory is taken for them.
    private static let fewKeys = 32

    /// Whether two of a few keys may be equal. A key with escapes may be equal to any.
    private static func hasEqualFingerprints(_ nodes: [RawNode], object: Int) -> Bool {
        var fingerprints = InlineArray<32, UInt32>(repeating: 0)
        var key = object + 1
        for count in 0..<Int(nodes[object].length) {
            let raw = nodes[key]
            if raw.hasEscapes { return true }
            for index in 0..<count where fingerprints[index] == raw.next { return true }
            fingerprints[count] = raw.next
            key = Int(nodes[key + 1].next)
        }
        return false
    }

    private static func findBySorting(
        in nodes: [RawNode], object: Int, _ bytes: Span<UInt8>
    ) -> Int? {
        let count = Int(nodes[object].length)
        var keys: [Int] = []
        keys.reserveCapacity(count)
        var key = object + 1
        for _ in 0..<count {
            keys.append(key)
            key = Int(nodes[key + 1].next)
        }
        if keys.contains(where: { nodes[$0].hasEscapes }) {
            return findDecoded(in: nodes, keys: keys, bytes)
        }
        // Spans cannot be captured by an escaping closure, so the sort is over decoded-free ranges
        // compared by hand.
        var sorter = KeySorter(nodes: nodes, keys: keys)
        return sorter.firstDuplicate(bytes)
    }

    /// Where a key has escapes, its characters are compared: rare, so they are decoded. As bytes,
    /// for Swift takes strings for equal that differ in their scalars, "é" and "e\u{301}".
    private static func findDecoded(
        in nodes: [RawNode], keys: [Int], _ bytes: Span<UInt8>
    ) -> Int? {
        var seen: Set<[UInt8]> = []
        for key in keys {
            let range = Int(nodes[key].offset)..<Int(nodes[key].offset) + Int(nodes[key].length)
            if !seen.insert(Array(JSONEscapes.decode(bytes, range).utf8)).inserted { return key }
        }
        return nil
    }
}

/// Sorts keys by fingerprint, then by bytes, and looks for equal neighbours.
private struct KeySorter {
    let nodes: [RawNode]
    var keys: [Int]

    mutating func firstDuplicate(_ bytes: Span<UInt8>) -> Int? {
        let nodes = nodes
        keys.sort { (nodes[$0].next, $0) < (nodes[$1].next, $1) }
        var first: Int?
        var start = 0
        while start < keys.count {
            var end = start + 1
            while end < keys.count, nodes[keys[end]].next == nodes[keys[start]].next { end += 1 }
            if end - start > 1, let key = duplicate(among: keys[start..<end], bytes) {
                first = min(first ?? key, key)
            }
            start = end
        }
        return first
    }

    /// Keys of one fingerprint: few by nature, many only where somebody made them so.
    private func duplicate(among run: ArraySlice<Int>, _ bytes: Span<UInt8>) -> Int? {
        var seen: Set<[UInt8]> = []
        for key in run {
            let start = Int(nodes[key].offset)
            var text: [UInt8] = []
            text.reserveCapacity(Int(nodes[key].length))
            for index in start..<start + Int(nodes[key].length) { text.append(bytes[index]) }
            if !seen.insert(text).inserted { return key }
        }
        return nil
    }
}
