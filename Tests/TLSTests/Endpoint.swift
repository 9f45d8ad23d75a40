import Foundation
import Testing

@testable import TLS

/// The time of all tests: the machine's, because OpenSSL itself verifies certificates by it.
let now = Int64(Date().timeIntervalSince1970)

/// A session that can be held in variables and handed about, with plain arrays in and out.
final class Endpoint {
    var session: TLSSession

    init(_ session: consuming TLSSession) {
        self.session = session
    }

    static func server(_ context: TLSContext) throws -> Endpoint {
        Endpoint(try TLSSession(context))
    }

    static func client(
        _ context: TLSClientContext, host: String = "localhost", resuming: TLSResumption? = nil
    ) throws -> Endpoint {
        Endpoint(try TLSSession(connectingTo: host, context, resuming: resuming))
    }

    var isHandshakeComplete: Bool { session.isHandshakeComplete }
    var applicationProtocol: String? { session.applicationProtocol }
    var protocolVersion: String { session.protocolVersion }
    var isResumed: Bool { session.isResumed }
    var peerSubject: String? { session.peerSubject(byteLimit: 1024) }
    func peerSubject(byteLimit: Int) -> String? { session.peerSubject(byteLimit: byteLimit) }
    var resumption: TLSResumption? { session.resumption }
    var pendingOutputCount: Int { session.pendingOutputCount }
    var holdsInput: Bool { session.holdsInput }

    func handshake() throws(TLSError) -> Bool { try session.handshake() }

    func write(_ text: String) throws(TLSError) { try write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) throws(TLSError) { try session.write(bytes.span) }

    func receive(_ bytes: [UInt8]) throws(TLSError) { try session.receive(bytes.span) }

    /// All ciphertext that waits, taken at most `step` bytes at a time.
    func output(step: Int = .max) -> [UInt8] {
        var taken: [UInt8] = []
        while session.pendingOutputCount > 0 {
            session.withOutput { waiting in
                let count = min(step, waiting.count)
                for index in 0..<count { taken.append(waiting[index]) }
                return count
            }
        }
        return taken
    }

    /// All plaintext that has arrived, and how the last read ended.
    func read(room: Int = 4096) throws(TLSError) -> (bytes: [UInt8], end: TLSRead) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: room)
        while true {
            var span = buffer.mutableSpan
            let result = try session.read(into: &span)
            guard case .bytes(let count) = result else { return (bytes, result) }
            bytes += buffer[..<count]
        }
    }

    /// Reads at most so many bytes at once, as text.
    func readOnce(atMost room: Int) throws(TLSError) -> String {
        var buffer = [UInt8](repeating: 0, count: room)
        var span = buffer.mutableSpan
        guard case .bytes(let count) = try session.read(into: &span) else { return "" }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Reads what has arrived as text.
    func text() throws(TLSError) -> String {
        String(decoding: try read().bytes, as: UTF8.self)
    }
}

/// Carries out the handshake, `step` bytes at a time. Throws the first error of either side, the
/// server's before the client's.
func shakeHands(_ client: Endpoint, _ server: Endpoint, step: Int = .max) throws {
    for _ in 0..<8 {
        let clientDone = try client.handshake()
        for piece in pieces(client.output(), step) {
            try server.receive(piece)
            _ = try server.handshake()
        }
        let serverDone = try server.handshake()
        for piece in pieces(server.output(), step) {
            try client.receive(piece)
            _ = try client.handshake()
        }
        if clientDone && serverDone { return }
    }
    Issue.record("the handshake makes no progress")
}

func pieces(_ bytes: [UInt8], _ step: Int) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: max(1, min(step, bytes.count))).map {
        Array(bytes[$0..<min(bytes.count, $0 + min(step, bytes.count))])
    }
}

/// What a handshake between the two fails with.
func handshakeError(_ client: Endpoint, _ server: Endpoint) -> TLSError? {
    do {
        try shakeHands(client, server)
        return nil
    } catch {
        return error as? TLSError
    }
}

/// A certificate for localhost, made once: making one takes time.
let certificate: (certificatePEM: [UInt8], privateKeyPEM: [UInt8]) = {
    do {
        return try SelfSignedCertificate.make(
            hosts: ["localhost", "127.0.0.1"], days: 1, unixSeconds: now)
    } catch {
        fatalError("\(error)")
    }
}()

func ticketKeys() throws(TLSError) -> TicketKeys {
    let time = now
    return try TicketKeys(lifetimeSeconds: 3600) { time }
}

func serverContext(
    protocols: [String] = ["h2", "http/1.1"], clientCA: [UInt8]? = nil, keys: TicketKeys? = nil
) throws -> TLSContext {
    try TLSContext(
        TLSConfiguration(
            certificateChainPEM: certificate.certificatePEM,
            privateKeyPEM: certificate.privateKeyPEM, clientCAPEM: clientCA,
            applicationProtocols: protocols),
        ticketKeys: try keys ?? ticketKeys(), unixSeconds: now)
}

func clientContext(
    _ version: TLSVersion = .tls13, protocols: [String] = [],
    identity: (certificateChainPEM: [UInt8], privateKeyPEM: [UInt8])? = nil
) throws -> TLSClientContext {
    try TLSClientContext(
        trustedPEM: certificate.certificatePEM, applicationProtocols: protocols,
        maximumVersion: version, identity: identity)
}
