internal import Posix
internal import Synchronization

/// A listening socket on its way to the loop that will own it: closed when the last holder drops
/// it.
final class Listener: Sendable {
    let socket: ListeningSocket

    private init(_ socket: consuming ListeningSocket) { self.socket = socket }

    /// Binds so many sockets to one address, which share its port (SO_REUSEPORT).
    static func bind(
        _ address: ListenerAddress, count: Int, backlog: Int32
    ) throws(SystemError) -> [Listener] {
        var listeners: [Listener] = []
        var port = address.port
        if count > 1, port != 0 {
            // Sharing would also let a second process in beside one that is there already, and each
            // would get some of the connections: a socket that does not share is refused.
            _ = try ListeningSocket.bind(
                host: address.host, port: port, reusePort: false, backlog: backlog)
        }
        for _ in 0..<count {
            let socket = try ListeningSocket.bind(
                host: address.host, port: port, reusePort: count > 1, backlog: backlog)
            port = socket.localPort
            listeners.append(Listener(socket))
        }
        return listeners
    }
}

/// How many connections all loops of one listener may hold together.
final class ConnectionLimit: Sendable {
    private let capacity: Int
    private let held = Atomic<Int>(0)

    init(capacity: Int) { self.capacity = capacity }

    /// Takes a place; false when there is none.
    func acquire() -> Bool {
        if held.add(1, ordering: .relaxed).newValue <= capacity { return true }
        release()
        return false
    }

    /// Gives a place back.
    func release() { held.subtract(1, ordering: .relaxed) }
}
