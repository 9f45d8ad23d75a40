import Foundation
import Synchronization
import Testing

@testable import TLS

struct TicketKeysTests {
    /// A clock for tests to set.
    final class TestClock: Sendable {
        let seconds = Atomic<Int64>(0)
    }

    /// Whether a session begun with one server context is resumed by another, each in its turn.
    private func resumes(
        _ version: TLSVersion, from first: TLSContext, at second: TLSContext,
        identity: (certificateChainPEM: [UInt8], privateKeyPEM: [UInt8])? = nil,
        meanwhile: () -> Void = {}
    ) throws -> Bool {
        let context = try clientContext(version, identity: identity)
        let client = try Endpoint.client(context)
        let server = try Endpoint.server(first)
        try shakeHands(client, server)
        _ = try client.read()
        let resumption = try #require(client.resumption)
        meanwhile()
        let again = try Endpoint.client(context, resuming: resumption)
        let other = try Endpoint.server(second)
        try shakeHands(again, other)
        #expect(again.isResumed == other.isResumed)
        if identity != nil { #expect(other.peerSubject == "CN=kube-apiserver") }
        return other.isResumed
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func resumesAtAnotherContextWithTheSameKeys(version: TLSVersion) throws {
        let keys = try ticketKeys()
        let contexts = try (serverContext(keys: keys), serverContext(keys: keys))
        #expect(try resumes(version, from: contexts.0, at: contexts.1))
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func beginsAnewAtAContextWithOtherKeys(version: TLSVersion) throws {
        #expect(try !resumes(version, from: try serverContext(), at: try serverContext()))
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func resumesClientsWithCertificates(version: TLSVersion) throws {
        let identity = try SelfSignedCertificate.make(
            hosts: ["kube-apiserver"], days: 1, unixSeconds: now, purpose: .client)
        let pair = (identity.certificatePEM, identity.privateKeyPEM)
        let keys = try ticketKeys()
        let context = try serverContext(clientCA: identity.certificatePEM, keys: keys)
        #expect(try resumes(version, from: context, at: context, identity: pair))

        let others = try serverContext(
            clientCA: identity.certificatePEM + certificate.certificatePEM, keys: keys)
        #expect(try !resumes(version, from: context, at: others, identity: pair))
        #expect(
            try !resumes(version, from: try serverContext(keys: keys), at: context, identity: pair))
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func aClientDoesNotOutliveItsCertificate(version: TLSVersion) throws {
        let end = Int64(Date().timeIntervalSince1970) + 4
        let identity = try SelfSignedCertificate.make(
            hosts: ["kube-apiserver"], days: 0, unixSeconds: end, purpose: .client)
        let pair = (identity.certificatePEM, identity.privateKeyPEM)
        let server = try serverContext(clientCA: identity.certificatePEM)
        let client = try clientContext(version, identity: pair)
        // OpenSSL spoils the session of a connection that is freed before it is closed.
        let first = try Endpoint.client(client)
        defer { withExtendedLifetime(first) {} }
        try shakeHands(first, try Endpoint.server(server))
        _ = try first.read()
        let resumption = try #require(first.resumption)
        let again = try Endpoint.client(client, resuming: resumption)
        let error = handshakeError(again, try Endpoint.server(server))
        // Four seconds are enough for all of this, but nobody promises them.
        try #require(Int64(Date().timeIntervalSince1970) < end)
        #expect(error == nil && again.isResumed)

        while Int64(Date().timeIntervalSince1970) <= end { usleep(100_000) }
        let late = try Endpoint.client(client, resuming: resumption)
        #expect(
            handshakeError(late, try Endpoint.server(server))?.reason
                == "certificate verify failed: certificate has expired")
    }

    /// The first key, made at 0 with a lifetime of 100, seals until 99 and opens until 199.
    @Test(arguments: [
        (Int64(0), Int64(99), true), (0, 100, true), (0, 199, true), (0, 200, false),
        (99, 199, true), (99, 200, false), (100, 299, true), (100, 300, false), (0, 10_000, false),
    ])
    func changesKeys(sealed: Int64, opened: Int64, isResumed: Bool) throws {
        for version in [TLSVersion.tls12, .tls13] {
            let clock = TestClock()
            let keys = try TicketKeys(lifetimeSeconds: 100) {
                clock.seconds.load(ordering: .relaxed)
            }
            let context = try serverContext(keys: keys)
            clock.seconds.store(sealed, ordering: .relaxed)
            let answer = try resumes(version, from: context, at: context) {
                clock.seconds.store(opened, ordering: .relaxed)
            }
            #expect(answer == isResumed)
        }
    }

    @Test func servesManyThreads() async throws {
        let clock = TestClock()
        let keys = try TicketKeys(lifetimeSeconds: 2) {
            clock.seconds.add(1, ordering: .relaxed).newValue
        }
        let context = try serverContext(keys: keys)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<5 { _ = try resumes(.tls13, from: context, at: context) }
                }
            }
            try await group.waitForAll()
        }
    }
}
