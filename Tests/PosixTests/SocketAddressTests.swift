import Testing

@testable import Posix

@Suite struct PeerNetworkTests {
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1", true), ("10.0.0.1", "10.0.0.2", false),
        ("10.0.0.1", "::ffff:10.0.0.1", true), ("10.0.0.1", "::ffff:10.0.0.2", false),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true),
        ("2001:db8::1", "2001:db8:0:1::1", false), ("::1", "::ffff:0.0.0.1", false),
        ("::1", "0.0.0.0", false), ("::", "0.0.0.0", false),
    ])
    func addressesOfOneUserCountAsOne(_ first: String, _ second: String, _ isSame: Bool) throws {
        let networks = try [first, second].enumerated().map { offset, host in
            PeerNetwork(try #require(SocketAddress(host: host, port: UInt16(offset))))
        }
        #expect((networks[0] == networks[1]) == isSame)
    }
}
