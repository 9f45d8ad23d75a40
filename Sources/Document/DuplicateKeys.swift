/// Finds an object's member that stands twice. Go's decoder keeps the last, others the first: what
/// two readers read differently must not pass a gate.
enum DuplicateKeys {
    /// The index of the second of two equal keys of a closed object, or nil.
    ///
    /// A filter of 64 bits settles nearly every small object in one pass; what it cannot settle is
    /// sorted, so that a million keys cost n log n.
    static func find(in nodes: borrowing NodeList, object: Int, _ bytes: Span<UInt8>) -> Int? {
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
    private static func hasEqualFingerprints(_ nodes: borrowing NodeList, object: Int) -> Bool {
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

    /// Keys as hashes, sorted, so that equal ones are neighbours: sixteen bytes a key, whatever the
    /// keys are, for who sends many of them decides what they are.
    private static func findBySorting(
        in nodes: borrowing NodeList, object: Int, _ bytes: Span<UInt8>
    ) -> Int? {
        let count = Int(nodes[object].length)
        var keys: [HashedKey] = []
        keys.reserveCapacity(count)
        var isEscaped = false
        var key = object + 1
        for _ in 0..<count {
            if nodes[key].hasEscapes { isEscaped = true }
            keys.append(HashedKey(hash: 0, index: key))
            key = Int(nodes[key + 1].next)
        }
        for position in keys.indices {
            keys[position].hash = hash(nodes[keys[position].index], bytes, isEscaped: isEscaped)
        }
        keys.sort { ($0.hash, $0.index) < ($1.hash, $1.index) }
        var first: Int?
        var start = 0
        while start < keys.count {
            var end = start + 1
            while end < keys.count, keys[end].hash == keys[start].hash { end += 1 }
            // More than one is a duplicate, but for one chance in 2^64 for each pair.
            if end - start > 1, let key = duplicate(among: keys[start..<end], nodes, bytes) {
                first = min(first ?? key, key)
            }
            start = end
        }
        return first
    }

    /// Where a key of the object has escapes, what they stand for is what counts.
    private static func hash(_ key: RawNode, _ bytes: Span<UInt8>, isEscaped: Bool) -> Int {
        var hasher = Hasher()
        if isEscaped {
            for byte in text(key, bytes) { hasher.combine(byte) }
        } else {
            let start = Int(key.offset)
            for index in start..<start + Int(key.length) { hasher.combine(bytes[index]) }
        }
        return hasher.finalize()
    }

    /// The key's text without its escapes.
    private static func text(_ key: RawNode, _ bytes: Span<UInt8>) -> [UInt8] {
        let range = Int(key.offset)..<Int(key.offset) + Int(key.length)
        if key.hasEscapes { return Array(JSONEscapes.decode(bytes, range).utf8) }
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        for index in range { text.append(bytes[index]) }
        return text
    }

    /// The second of the first two that are equal.
    private static func duplicate(
        among run: ArraySlice<HashedKey>, _ nodes: borrowing NodeList, _ bytes: Span<UInt8>
    ) -> Int? {
        var seen: Set<[UInt8]> = []
        for key in run where !seen.insert(text(nodes[key.index], bytes)).inserted {
            return key.index
        }
        return nil
    }
}

/// A key's hash and where it stands among the nodes.
private struct HashedKey {
    var hash: Int
    let index: Int
}
