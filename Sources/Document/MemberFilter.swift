/// Members that a reader asks about, each by the keys that lead to it.
package struct MemberFilter: Sendable {
    /// The keys that lead to each member, its own last.
    private let paths: [[Name]]
    /// The fingerprints of the members' own keys.
    private let fingerprints: [UInt32]
    /// For each number of open containers, a bit for each fingerprint of a member that lies so
    /// deep: what nearly every key is told apart by.
    private let bits: [UInt64]

    private struct Name {
        let bytes: [UInt8]
        let fingerprint: UInt32

        init(_ name: String) {
            bytes = Array(name.utf8)
            fingerprint = KeyFingerprint.of(name.utf8.span)
        }
    }

    /// Asks about nothing.
    package static let none = MemberFilter([])

    /// Takes the ways to the members: `["request", "object"]`.
    package init(_ paths: [[String]]) {
        let paths = paths.map { keys in keys.map(Name.init) }
        self.paths = paths
        fingerprints = paths.map { $0.last?.fingerprint ?? 0 }
        var bits = [UInt64](repeating: 0, count: (paths.map(\.count).max() ?? 0) + 1)
        for (path, fingerprint) in zip(paths, fingerprints) {
            bits[path.count] |= KeyFingerprint.bit(fingerprint)
        }
        self.bits = bits
    }

    /// Whether a key inside `depth` open containers may be one that is asked about.
    @inline(__always)
    func mayName(_ key: RawNode, depth: Int) -> Bool {
        depth < bits.count && bits[depth] & KeyFingerprint.bit(key.next) != 0
    }

    /// Which member lies at `key` inside the `depth` open containers of which the innermost is
    /// `container`.
    func index(
        of key: RawNode, in container: UInt32, depth: Int, _ nodes: borrowing NodeList,
        _ bytes: Span<UInt8>
    ) -> Int? {
        for index in fingerprints.indices
        where fingerprints[index] == key.next && paths[index].count == depth {
            if leads(index, to: key, in: container, nodes, bytes) { return index }
        }
        return nil
    }

    /// Whether the keys of the open containers and `key` are those of a path.
    private func leads(
        _ index: Int, to key: RawNode, in container: UInt32, _ nodes: borrowing NodeList,
        _ bytes: Span<UInt8>
    ) -> Bool {
        var current = key
        var container = container
        for name in paths[index].reversed() {
            let range = Int(current.offset)..<Int(current.offset) + Int(current.length)
            guard current.kind == .key, !current.hasEscapes,
                current.next == name.fingerprint,
                WordScan.areEqual(bytes.extracting(range), name.bytes.span)
            else { return false }
            // A member's key stands right before its value; the root has none.
            if container > 0 { current = nodes[Int(container) - 1] }
            container = nodes[Int(container)].next
        }
        return true
    }
}
