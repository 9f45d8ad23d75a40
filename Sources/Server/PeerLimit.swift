internal import Posix

/// How many connections each peer may hold on all loops of a listener, so that no one of them can
/// take every place.
final class PeerLimit: Sendable {
    private let capacity: Int
    /// Peers that hold none are not listed: there are never more of them than connections.
    private let held = Lock<[PeerNetwork: Int]>([:])

    /// A limit of so many for each peer.
    init(capacity: Int) { self.capacity = capacity }

    /// Takes a place; false when the peer has its share.
    func acquire(_ peer: PeerNetwork) -> Bool {
        held.withLock { held in
            let count = held[peer, default: 0]
            guard count < capacity else { return false }
            held[peer] = count + 1
            return true
        }
    }

    /// Gives a place back.
    func release(_ peer: PeerNetwork) {
        held.withLock { held in
            let count = held[peer, default: 0] - 1
            held[peer] = count > 0 ? count : nil
        }
    }

    /// How many peers hold a place.
    var peerCount: Int { held.withLock { $0.count } }
}
