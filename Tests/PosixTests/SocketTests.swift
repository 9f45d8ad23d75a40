import Glibc
import Testing

@testable import Posix

/// A listener on the loopback address and a client connected to it.
struct Loopback: ~Copyable {
    let listener: ListeningSocket
    var client: StreamSocket
    var server: StreamSocket

    init() throws {
        let listener = try ListeningSocket.bind(
            host: "127.0.0.1", port: 0, reusePort: false, backlog: 16)
        let client = try StreamSocket.connect(
            host: "127.0.0.1", port: listener.localPort, timeoutMilliseconds: 5000)
        server = try acceptSoon(listener)
        self.listener = listener
        self.client = client
    }
}

/// Accepts a connection that has been made but may not yet have arrived.
func acceptSoon(_ listener: borrowing ListeningSocket) throws -> StreamSocket {
    for _ in 0..<5000 {
        if let accepted = try listener.accept() { return accepted.takeSocket() }
        usleep(1000)
    }
    throw SystemError(call: "accept", code: ETIMEDOUT)
}

extension StreamSocket {
    mutating func readBytes(room: Int = 1024) throws(SystemError) -> (ReadResult, [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: room)
        var span = buffer.mutableSpan
        let result = try read(into: &span)
        guard case .bytes(let count) = result else { return (result, []) }
        return (result, Array(buffer[..<count]))
    }

    /// Reads when something has arrived.
    mutating func readSoon(room: Int = 1024) throws -> (ReadResult, [UInt8]) {
        for _ in 0..<5000 {
            let (result, bytes) = try readBytes(room: room)
            if result != .wouldBlock { return (result, bytes) }
            usleep(1000)
        }
        return (.wouldBlock, [])
    }
}

struct SocketTests {
    @Test func exchangesBytes() throws {
        var pair = try Loopback()
        #expect(try pair.server.readBytes().0 == .wouldBlock)
        #expect(try pair.client.write([1, 2, 3].span) == .bytes(3))
        var (result, bytes) = try pair.server.readSoon(room: 2)
        #expect(result == .bytes(2))
        #expect(bytes == [1, 2])
        (result, bytes) = try pair.server.readBytes()
        #expect(bytes == [3])
        #expect(try pair.server.readBytes().0 == .wouldBlock)
    }

    @Test func seesTheEndAndStillAnswers() throws {
        var pair = try Loopback()
        _ = try pair.client.write([9].span)
        pair.client.shutdownWrite()
        #expect(try pair.server.readSoon().1 == [9])
        #expect(try pair.server.readSoon().0 == .end)
        #expect(try pair.server.readBytes().0 == .end)
        #expect(try pair.server.write([7].span) == .bytes(1))
        #expect(try pair.client.readBytes().1 == [7])
    }

    @Test func stopsWritingWhenTheKernelIsFull() throws {
        var pair = try Loopback()
        let bytes = [UInt8](repeating: 1, count: 1 << 20)
        var sent = 0
        while case .bytes(let count) = try pair.server.write(bytes.span) { sent += count }
        #expect(sent > 0)
        var received = 0
        while received < sent {
            guard case .bytes(let count) = try pair.client.readBytes(room: 1 << 20).0 else { break }
            received += count
        }
        #expect(received == sent)
    }

    @Test func failsWithoutASignalWhenThePeerIsGone() throws {
        let listener = try ListeningSocket.bind(
            host: "127.0.0.1", port: 0, reusePort: false, backlog: 1)
        var server: StreamSocket
        do {
            let client = try StreamSocket.connect(
                host: "127.0.0.1", port: listener.localPort, timeoutMilliseconds: 5000)
            server = try acceptSoon(listener)
            // Unread when the client closes, which makes that a reset.
            _ = try server.write([1].span)
            _ = client.rawValue
        }
        #expect(throws: SystemError(call: "read", code: ECONNRESET)) { try server.readSoon() }
        #expect(throws: SystemError(call: "write", code: EPIPE)) { try server.write([1].span) }
    }

    @Test func timesOutWhereItBlocks() throws {
        let listener = try ListeningSocket.bind(
            host: "127.0.0.1", port: 0, reusePort: false, backlog: 1)
        var client = try StreamSocket.connect(
            host: "localhost", port: listener.localPort, timeoutMilliseconds: 20)
        #expect(try client.readBytes().0 == .wouldBlock)
    }

    @Test func tellsWhoConnected() throws {
        let listener = try ListeningSocket.bind(
            host: "127.0.0.1", port: 0, reusePort: false, backlog: 1)
        #expect(try listener.accept() == nil)
        let client = try StreamSocket.connect(
            host: "127.0.0.1", port: listener.localPort, timeoutMilliseconds: 5000)
        var peer: String?
        while peer == nil {
            if let accepted = try listener.accept() {
                peer = accepted.peer.host
                #expect(accepted.peer.port > 0)
                #expect(accepted.peer.description == "127.0.0.1:\(accepted.peer.port)")
                let number = accepted.socket.rawValue
                #expect(option(number, Int32(IPPROTO_TCP), TCP_NODELAY) == 1)
                #expect(fcntl(number, F_GETFL) & O_NONBLOCK != 0)
                #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
            }
        }
        #expect(peer == "127.0.0.1")
        _ = client.rawValue
    }

    @Test func sharesAPort() throws {
        let first = try ListeningSocket.bind(
            host: "127.0.0.1", port: 0, reusePort: true, backlog: 16)
        let second = try ListeningSocket.bind(
            host: "127.0.0.1", port: first.localPort, reusePort: true, backlog: 16)
        #expect(second.localPort == first.localPort)
        let subject = "127.0.0.1:\(first.localPort)"
        let expected = SystemError(call: "bind", subject: subject, code: EADDRINUSE)
        #expect(throws: expected) {
            _ = try ListeningSocket.bind(
                host: "127.0.0.1", port: first.localPort, reusePort: false, backlog: 16)
        }
        #expect(expected.description == "bind \(subject): Address already in use")
    }

    @Test(arguments: ["example.org", "", "256.0.0.1", "1.2.3", "[::1]"])
    func looksUpNoNames(host: String) {
        #expect(SocketAddress(host: host, port: 1) == nil)
        #expect(throws: SystemError.self) {
            _ = try ListeningSocket.bind(host: host, port: 0, reusePort: false, backlog: 1)
        }
        #expect(throws: SystemError(call: "connect", subject: host, code: EADDRNOTAVAIL)) {
            _ = try StreamSocket.connect(host: host, port: 1, timeoutMilliseconds: 1)
        }
    }

    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0:8443"), ("::", "[::]:8443"), ("::1", "[::1]:8443"),
        ("10.1.2.3", "10.1.2.3:8443"), ("localhost", "127.0.0.1:8443"),
        ("::ffff:10.1.2.3", "10.1.2.3:8443"),
    ])
    func describesAddresses(host: String, description: String) {
        #expect(SocketAddress(host: host, port: 8443)?.description == description)
    }

    /// On a machine without IPv6 there is nothing to show.
    @Test(.enabled(if: hasIPv6()))
    func acceptsIPv4OnItsIPv6Listener() throws {
        let listener = try ListeningSocket.bind(
            host: "::", port: 0, reusePort: false, backlog: 1)
        let client = try StreamSocket.connect(
            host: "127.0.0.1", port: listener.localPort, timeoutMilliseconds: 5000)
        _ = try acceptSoon(listener)
        _ = client.rawValue
    }

    private static func hasIPv6() -> Bool {
        do {
            _ = try ListeningSocket.bind(host: "::1", port: 0, reusePort: false, backlog: 1)
            return true
        } catch {
            return false
        }
    }

    @Test func refusedConnectionsSaySo() throws {
        let port: UInt16
        do {
            let listener = try ListeningSocket.bind(
                host: "127.0.0.1", port: 0, reusePort: false, backlog: 1)
            port = listener.localPort
        }
        let error = SystemError(call: "connect", subject: "127.0.0.1:\(port)", code: ECONNREFUSED)
        #expect(throws: error) {
            _ = try StreamSocket.connect(
                host: "127.0.0.1", port: port, timeoutMilliseconds: 1000)
        }
    }

    private func option(_ socket: Int32, _ level: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        // Sound: the call writes at most `size` bytes.
        unsafe getsockopt(socket, level, name, &value, &size)
        return value
    }
}

struct SystemErrorTests {
    @Test func knowsKinds() {
        #expect(SystemError(call: "accept", code: EMFILE).isExhaustion)
        #expect(!SystemError(call: "accept", code: EINVAL).isExhaustion)
        #expect(SystemError(call: "read", code: 9999).description == "read: error 9999")
    }
}
