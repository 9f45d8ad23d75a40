import Posix
import Testing

@testable import Server

@Suite struct PeerLimitTests {
    private func peer(_ host: String, port: UInt16 = 1) throws -> PeerNetwork {
        PeerNetwork(try #require(SocketAddress(host: host, port: port)))
    }

    @Test func eachPeerHasItsShare() throws {
        let limit = PeerLimit(capacity: 2)
        let (first, second) = (try peer("10.0.0.1"), try peer("10.0.0.2"))
        #expect(limit.acquire(first))
        #expect(limit.acquire(first))
        #expect(!limit.acquire(first))
        #expect(limit.acquire(second))
        limit.release(first)
        #expect(limit.acquire(first))
        #expect(!limit.acquire(first))
    }

    @Test func peersThatHoldNothingAreForgotten() throws {
        let limit = PeerLimit(capacity: 2)
        for number in 0..<200 {
            let peer = try peer("10.0.0.\(number)")
            #expect(limit.acquire(peer))
            #expect(limit.acquire(peer))
            #expect(!limit.acquire(peer))
            limit.release(peer)
            #expect(limit.peerCount == 1)
            limit.release(peer)
        }
        #expect(limit.peerCount == 0)
    }
}
