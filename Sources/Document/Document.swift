/// One tree for JSON and YAML: a flat array of nodes over the text they were read from.
///
/// A document is read, looked at and read again: its arrays keep their capacity, so that a loop
/// that judges one review after another allocates nothing for the tree. It belongs to one thread.
/// A `Node` is valid until the next `reset`.
package final class Document {
    private let address = TreeAddress.take()

    /// Makes an empty document.
    package init() {}

    deinit { address.giveBack() }

    /// The tree, for those who build it.
    var tree: Tree {
        @inline(__always)
        _read { yield address.tree }
        @inline(__always)
        _modify { yield &address.tree }
    }

    /// Forgets the tree and takes a text to read; the bytes are shared, not copied.
    /// `range` is where the document lies among them.
    package func reset(json text: [UInt8], range: Range<Int>? = nil) {
        let range = range ?? text.indices
        precondition(text.indices.contains(range) || range.isEmpty, "a range of the text")
        precondition(text.count <= UInt32.max, "a text of less than 4 GiB")
        forgetNodes()
        address.tree.text = text
        address.tree.range = range
        address.tree.positions = nil
        address.tree.isJSON = true
    }

    /// Forgets the tree, whose memory is kept for the next.
    func forgetNodes() {
        address.tree.nodes.removeAll()
        address.tree.marks.removeAll(keepingCapacity: true)
        address.tree.generation &+= 1
    }

    /// Lets go of the text and, where it grew beyond `keepingNodes`, of the tree's memory.
    package func release(keepingNodes: Int) {
        forgetNodes()
        address.tree.text = []
        address.tree.marks = []
        address.tree.positions = nil
        if address.tree.nodes.capacity > keepingNodes {
            address.tree.nodes = NodeList()
        }
    }

    /// The node at `index` of the tree.
    func node(at index: Int) -> Node {
        Node(address, index: index, generation: address.tree.generation)
    }

    /// The first node, or nil for an empty document.
    package var root: Node? { address.tree.nodes.count == 0 ? nil : node(at: 0) }
}

/// One value or key, 16 bytes.
struct RawNode {
    /// Where the value begins in the text: a string's first byte, a container's bracket.
    var offset: UInt32
    /// A scalar's length in bytes; a container's number of elements or members.
    var length: UInt32
    /// A value: the index after its subtree (while it is open: its parent). A key: its fingerprint.
    var next: UInt32
    /// What it is.
    var kind: RawKind
    /// Whether a JSON string holds escapes.
    var hasEscapes: Bool

    /// No parent: the mark of an open root.
    static let none = UInt32.max
}

/// What a raw node is.
enum RawKind: UInt8 {
    case object, array, key, string, number, `true`, `false`, null
    /// A YAML merge key, until the document is whole.
    case mergeKey
}

/// Three bytes and the length of a key in one word, so that a look-up compares words, not bytes.
enum KeyFingerprint {
    /// One of 64 bits, spread evenly over fingerprints.
    @inline(__always)
    static func bit(_ fingerprint: UInt32) -> UInt64 {
        1 << UInt64((fingerprint &* 0x9E37_79B1) >> 26)
    }

    /// The fingerprint of a key; one with escapes has none and is compared slowly.
    @inline(__always)
    static func of(_ key: Span<UInt8>) -> UInt32 {
        let count = key.count
        if count == 0 { return 0 }
        let first = UInt32(key[0])
        let middle = UInt32(key[count >> 1])
        let last = UInt32(key[count &- 1])
        return UInt32(truncatingIfNeeded: count & 0xFF) | first << 8 | middle << 16 | last << 24
    }
}
