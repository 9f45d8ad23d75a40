internal import Synchronization

/// What a document holds: its text, its tree and where that lies. Not to be copied: three
/// references would be counted each time somebody looks at a value.
struct Tree: ~Copyable {
    /// The source of a JSON document; the decoded scalars of a YAML document.
    var text: [UInt8] = []
    /// Where in `text` a JSON document lies.
    var range = 0..<0
    /// The tree in source order: a container, then its members, each key before its value.
    var nodes = NodeList()
    /// YAML only: where each node began, parallel to `nodes`. A JSON node's offset tells it.
    var marks: [SourcePosition] = []
    /// JSON only: made when the first position is asked for.
    var positions: PositionIndex?
    /// Whether `text` is JSON source, whose strings may hold escapes.
    var isJSON = true
    /// How often the tree was forgotten: a node of another generation is stale.
    var generation: UInt32 = 0

    /// Forgets everything, so that no node made so far may be looked at again.
    mutating func clear() {
        text = []
        range = 0..<0
        nodes = NodeList()
        marks = []
        positions = nil
        generation &+= 1
    }
}

/// The nodes of a tree: an array with one owner. `Array` asks for each node that it takes or
/// changes whether somebody shares its memory, which took a tenth of a review's reading.
///
/// Sound: the memory is this list's alone, each index is checked against `count`, and as many nodes
/// are initialized.
@safe struct NodeList: ~Copyable {
    private var memory = unsafe UnsafeMutableBufferPointer<RawNode>(start: nil, count: 0)
    /// How many nodes there are.
    private(set) var count = 0

    /// How many nodes there is room for.
    var capacity: Int { unsafe memory.count }

    deinit { unsafe memory.deallocate() }

    /// The node at an index below `count`.
    subscript(index: Int) -> RawNode {
        @inline(__always)
        unsafeAddress {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "a node of the list")
            return unsafe UnsafePointer(memory.baseAddress.unsafelyUnwrapped + index)
        }
        @inline(__always)
        unsafeMutableAddress {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "a node of the list")
            return unsafe memory.baseAddress.unsafelyUnwrapped + index
        }
    }

    /// Adds a node at the end.
    @inline(__always)
    mutating func append(_ node: RawNode) {
        if count == capacity { grow() }
        unsafe memory.initializeElement(at: count, to: node)
        count &+= 1
    }

    /// Makes room for twice as many.
    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutableBufferPointer<RawNode>.allocate(capacity: max(64, 2 * capacity))
        _ = unsafe larger.moveInitialize(fromContentsOf: memory[..<count])
        unsafe memory.deallocate()
        unsafe memory = larger
    }

    /// Forgets the nodes and keeps their memory.
    mutating func removeAll() { count = 0 }

    /// Hands over what the list holds and leaves it empty.
    mutating func take() -> NodeList {
        var taken = NodeList()
        swap(&taken, &self)
        return taken
    }
}

/// The address of a tree: plain bits, so that a node is copied without counting a reference. A
/// review passes nodes round a thousand times; counting them took a quarter of its time.
///
/// Sound: a tree's memory is never given back to the system, only used again by the next document,
/// so the address is valid for ever; and whoever comes through a node proves first that the tree
/// still is of the node's generation.
@safe struct TreeAddress {
    /// The address as a number. Held as a pointer, which can't be null, other modules' debug builds
    /// take a `Node?` for a node that is none: Swift 6.3.1 writes nil's first word in the one place
    /// and looks at all words in the other.
    private let bits: UInt

    private init(allocating: Void) {
        let pointer = UnsafeMutablePointer<Tree>.allocate(capacity: 1)
        unsafe pointer.initialize(to: Tree())
        bits = UInt(bitPattern: pointer)
    }

    private var pointer: UnsafeMutablePointer<Tree> {
        @inline(__always)
        get { unsafe UnsafeMutablePointer(bitPattern: bits).unsafelyUnwrapped }
    }

    /// The tree that stands here, for the document that owns it.
    var tree: Tree {
        @inline(__always)
        unsafeAddress { unsafe UnsafePointer(pointer) }
        @inline(__always)
        nonmutating unsafeMutableAddress { unsafe pointer }
    }

    /// The tree that stands here, for a node that was made in that generation of it.
    subscript(generation: UInt32) -> Tree {
        @inline(__always)
        unsafeAddress {
            let isCurrent = unsafe pointer.pointee.generation == generation
            precondition(isCurrent, "a node outlived its document")
            return unsafe UnsafePointer(pointer)
        }
        @inline(__always)
        nonmutating unsafeMutableAddress {
            let isCurrent = unsafe pointer.pointee.generation == generation
            precondition(isCurrent, "a node outlived its document")
            return unsafe pointer
        }
    }

    /// An empty tree that nobody uses.
    static func take() -> TreeAddress { spare.take() ?? TreeAddress(allocating: ()) }

    /// Empties the tree and keeps it for the next who asks.
    func giveBack() {
        tree.clear()
        Self.spare.add(self)
    }

    private static let spare = SpareTrees()

    /// Trees that nobody uses. There are never more trees than documents lived at once.
    ///
    /// Sound as `Sendable`: the flag lets one thread at a time at the list. It spins, since it is
    /// held for the time of an append only, and only where a document is made or dies.
    private final class SpareTrees: @unchecked Sendable {
        private let isHeld = Atomic(false)
        private var addresses: [TreeAddress] = []

        func take() -> TreeAddress? {
            hold()
            defer { isHeld.store(false, ordering: .releasing) }
            return addresses.popLast()
        }

        func add(_ address: TreeAddress) {
            hold()
            defer { isHeld.store(false, ordering: .releasing) }
            addresses.append(address)
        }

        private func hold() {
            while isHeld.exchange(true, ordering: .acquiring) {}
        }
    }
}
