/// A bounded queue whose owners take turns: however much one of them brings, another's first entry
/// waits for one of his at most.
struct FairQueue<Owner: Equatable & Sendable, Element: Sendable>: Sendable {
    /// What came of bringing something.
    enum Outcome {
        case taken
        /// The queue is full.
        case isFull
        /// The owner has its share of the queue.
        case ownerHasItsShare
    }

    private struct Entry: Sendable {
        let owner: Owner
        /// An owner's entries are of rounds one after another, and rounds are gone through in turn.
        let round: Int
        let element: Element
    }

    private let capacity: Int
    private let share: Int
    private var entries: [Entry] = []
    private var round = 0
    /// Who has had a turn in this round.
    private var served: [Owner] = []

    /// A queue for `capacity` entries in all, of each owner at most `share`.
    init(capacity: Int, share: Int) {
        self.capacity = capacity
        self.share = share
    }

    /// How many wait.
    var count: Int { entries.count }

    /// Puts something into the queue, if there is room.
    mutating func append(_ element: Element, of owner: Owner) -> Outcome {
        let own = entries.filter { $0.owner == owner }
        guard own.count < share else { return .ownerHasItsShare }
        guard entries.count < capacity else { return .isFull }
        let hadItsTurn = served.contains(owner) || served.count >= capacity
        let next = own.last.map { $0.round + 1 } ?? (hadItsTurn ? round + 1 : round)
        let place = entries.firstIndex { $0.round > next } ?? entries.endIndex
        entries.insert(Entry(owner: owner, round: next, element: element), at: place)
        return .taken
    }

    /// Takes out what is next.
    mutating func popFirst() -> Element? {
        guard !entries.isEmpty else { return nil }
        let entry = entries.removeFirst()
        if entry.round != round { served = [] }
        round = entry.round
        served.append(entry.owner)
        // Where nobody waits, nobody is passed over.
        if entries.isEmpty { served = [] }
        return entry.element
    }

    /// Forgets everything.
    mutating func removeAll() {
        entries = []
        served = []
    }
}
