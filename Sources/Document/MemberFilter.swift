/// Members that a reader asks about, each by the keys that lead to it.
package struct MemberFilter: Sendable {
    /// A member that is asked about: the keys that lead to it, its own last.
    private struct Path {
        /// Where the keys stand among all.
        let keys: Range<Int>
        /// The fingerprint of the member's own key.
        let fingerprint: UInt32
    }

    /// A key of a path: where it lies in `text`.
    private struct Key {
        let range: Range<Int>
        let fingerprint: UInt32
    }

    private let paths: [Path]
    private let keys: [Key]
    /// The keys' bytes, one after another: an array for each would be counted for each look at it.
    private let text: [UInt8]
    /// For each number of open containers, a bit for each fingerprint of a member that lies so
    /// deep: what nearly every key is told apart by.
    private let bits: [UInt64]

    /// Asks about nothing.
    package static let none = MemberFilter([])

    /// Takes the ways to the members: `["request", "object"]`.
    package init(_ ways: [[String]]) {
        var (paths, keys, text): ([Path], [Key], [UInt8]) = ([], [], [])
        var bits = [UInt64](repeating: 0, count: (ways.map(\.count).max() ?? 0) + 1)
        for way in ways {
            let first = keys.count
            var fingerprint: UInt32 = 0
            for name in way {
                fingerprint = KeyFingerprint.of(name.utf8.span)
                let start = text.count
                text.append(utf8: name)
                keys.append(Key(range: start..<text.count, fingerprint: fingerprint))
            }
            paths.append(Path(keys: first..<keys.count, fingerprint: fingerprint))
            bits[way.count] |= KeyFingerprint.bit(fingerprint)
        }
        (self.paths, self.keys, self.text, self.bits) = (paths, keys, text, bits)
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
        for (index, path) in paths.enumerated()
        where path.fingerprint == key.next && path.keys.count == depth {
            if leads(path, to: key, in: container, nodes, bytes) { return index }
        }
        return nil
    }

    /// Whether the keys of the open containers and `key` are those of a path.
    private func leads(
        _ path: Path, to key: RawNode, in container: UInt32, _ nodes: borrowing NodeList,
        _ bytes: Span<UInt8>
    ) -> Bool {
        var current = key
        var container = container
        for index in path.keys.reversed() {
            let wanted = keys[index]
            let range = Int(current.offset)..<Int(current.offset) + Int(current.length)
            guard current.kind == .key, !current.hasEscapes, current.next == wanted.fingerprint,
                WordScan.areEqual(bytes.extracting(range), text.span.extracting(wanted.range))
            else { return false }
            // A member's key stands right before its value; the root has none.
            if container > 0 { current = nodes[Int(container) - 1] }
            container = nodes[Int(container)].next
        }
        return true
    }
}
