internal import Posix

/// A loop's connections, each in a slot.
///
/// A slot is given to one connection after the other; its generation tells them apart, so that
/// what was meant for one that is gone does not reach the next.
struct ConnectionTable {
    private var connections: [Connection?] = []
    private var generations: [UInt32] = []
    private var freeSlots: [Int] = []

    /// Whether there is no connection.
    var isEmpty: Bool { freeSlots.count == connections.count }

    /// Every connection there is.
    var all: [Connection] { connections.compactMap(\.self) }

    /// The connection in a slot that has been given away at least once.
    subscript(slot: Int) -> Connection? { connections[slot] }

    /// The connection that a token names, unless its slot has been given away since.
    subscript(token: Poller.Token) -> Connection? {
        let slot = Int(token.slot)
        guard slot < connections.count, generations[slot] == token.generation else { return nil }
        return connections[slot]
    }

    /// Takes a slot for a connection that is to be made; insert it or give the slot back.
    mutating func reserve() -> Poller.Token {
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = connections.count
            connections.append(nil)
            generations.append(0)
        }
        return Poller.Token(slot: UInt32(slot), generation: generations[slot])
    }

    /// Gives back a slot for which no connection was made.
    mutating func giveBack(_ token: Poller.Token) { freeSlots.append(Int(token.slot)) }

    /// Puts a connection into the slot that was reserved for it.
    mutating func insert(_ connection: Connection) {
        connections[Int(connection.token.slot)] = connection
    }

    /// Takes a connection out and frees its slot.
    ///
    /// - Returns: False if it was not there any more.
    mutating func remove(_ connection: Connection) -> Bool {
        let slot = Int(connection.token.slot)
        guard connections[slot] === connection else { return false }
        connections[slot] = nil
        generations[slot] &+= 1
        freeSlots.append(slot)
        return true
    }
}
