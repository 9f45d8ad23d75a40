import HTTP
import Posix
import Testing

@testable import Server

@Suite struct ConnectionTableTests {
    private func connection(_ token: Poller.Token) throws -> Connection {
        let listener = try ListeningSocket.bind(
            host: "127.0.0.1", port: 0, reusePort: false, backlog: 1)
        let socket = try StreamSocket.connect(
            host: "127.0.0.1", port: listener.localPort, timeoutMilliseconds: 5_000)
        let peer = try #require(SocketAddress(host: "127.0.0.1", port: 1))
        return Connection(
            token: token, peer: PeerNetwork(peer), socket: socket,
            engine: Engine(
                mode: .http1, limits: Limits(), budget: ByteBudget(capacity: 0),
                pool: BufferPool()))
    }

    @Test func aTokenReachesItsOwnConnectionAlone() throws {
        var table = ConnectionTable()
        #expect(table.isEmpty)
        let token = table.reserve()
        #expect(table[token] == nil)
        let first = try connection(token)
        table.insert(first)
        #expect(table[token] === first)
        #expect(table.all.count == 1 && !table.isEmpty)
        let removals = [table.remove(first), table.remove(first)]
        #expect(removals == [true, false])
        #expect(table[token] == nil && table.isEmpty)

        let next = table.reserve()
        #expect(next.slot == token.slot && next.generation == token.generation + 1)
        let second = try connection(next)
        table.insert(second)
        #expect(table[token] == nil)
        #expect(table[next] === second)
    }

    @Test func aSlotThatIsGivenBackIsGivenAgain() {
        var table = ConnectionTable()
        let token = table.reserve()
        let other = table.reserve()
        #expect(other.slot == token.slot + 1)
        table.giveBack(token)
        let again = table.reserve()
        #expect(again == token)
        #expect(table[Poller.Token(slot: 7, generation: 0)] == nil)
    }
}
