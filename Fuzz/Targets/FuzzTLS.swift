import TLS

/// TLS: either somebody who knows no keys sends what the input says to a server or a client, or
/// somebody stands between a client and a server and cuts, holds back, drops, repeats, reorders,
/// reflects and forges what they send each other.
///
/// The first byte chooses the parties (see `Parties`); if its highest bit is set, the rest is sent
/// to one of them. Otherwise each byte of the rest is a step of `Conversation`.
func fuzzTLS(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let parties = Parties.all[Int(first & 0x7F) % Parties.all.count]
    if first & 0x80 == 0 {
        Conversation(parties).run(bytes.dropFirst())
    } else {
        let stranger = first & 1 == 0 ? parties.server() : parties.client()
        var rest = bytes.dropFirst()
        let size = 1 + Int(rest.popFirst() ?? 0)
        while !rest.isEmpty {
            stranger.receive(Array(rest.prefix(size)))
            stranger.advance()
            stranger.read(room: 1024)
            require(!stranger.isHandshakeComplete, "a handshake with somebody without keys")
            rest = rest.dropFirst(size)
        }
        _ = stranger.takeOutput(.max)
    }
}

/// Who talks to whom, made once: keys take time.
private struct Parties {
    let serverContext: TLSContext
    let clientContext: TLSClientContext
    let resumption: TLSResumption?
    /// Whether the two agree when nobody disturbs them.
    let agree: Bool
    let version: String
    let applicationProtocol: String?

    func server() -> Party {
        guard let session = try? TLSSession(serverContext) else { fatalError("no session") }
        return Party(session, key: 0x53)
    }

    func client() -> Party {
        guard
            let session = try? TLSSession(
                connectingTo: "localhost", clientContext, resuming: resumption)
        else { fatalError("no session") }
        return Party(session, key: 0xC1)
    }

    /// Both versions, first and resumed handshakes, with and without client certificates, with and
    /// without a common application protocol.
    static let all: [Parties] = {
        do {
            return try make()
        } catch {
            fatalError("no parties: \(error)")
        }
    }()

    private static func make() throws -> [Parties] {
        // 2026-01-01; valid for a century, so that what is found can be repeated.
        let begin: Int64 = 1_767_225_600
        let keys = try TicketKeys(lifetimeSeconds: 1 << 30) { begin }
        let (certificate, key) = try SelfSignedCertificate.make(
            hosts: ["localhost"], days: 36_500, unixSeconds: begin)
        let client = try SelfSignedCertificate.make(
            hosts: ["client"], days: 36_500, unixSeconds: begin, purpose: .client)
        let servers = try [nil, client.certificatePEM].map {
            try TLSContext(
                TLSConfiguration(
                    certificateChainPEM: certificate, privateKeyPEM: key, clientCAPEM: $0,
                    applicationProtocols: ["h2", "http/1.1"]),
                ticketKeys: keys, unixSeconds: begin)
        }
        var all: [Parties] = []
        for version in [TLSVersion.tls13, .tls12] {
            for (server, shown) in [(0, false), (1, true), (1, false)] {
                for name in ["h2", "unknown"] {
                    let context = try TLSClientContext(
                        trustedPEM: certificate, applicationProtocols: [name],
                        maximumVersion: version,
                        identity: shown
                            ? (client.certificatePEM, client.privateKeyPEM) : nil)
                    let first = Parties(
                        serverContext: servers[server], clientContext: context, resumption: nil,
                        agree: server == 0 || shown,
                        version: version == .tls13 ? "TLSv1.3" : "TLSv1.2",
                        applicationProtocol: name == "h2" ? name : nil)
                    all.append(first)
                    if first.agree { all.append(first.resuming()) }
                }
            }
        }
        return all
    }

    /// The same two on a ticket of the server.
    private func resuming() -> Parties {
        let conversation = Conversation(self)
        conversation.run([])
        guard let resumption = conversation.client.resumption else { fatalError("no ticket") }
        return Parties(
            serverContext: serverContext, clientContext: clientContext, resumption: resumption,
            agree: agree, version: version, applicationProtocol: applicationProtocol)
    }
}

/// One end of a connection, with what it said and heard.
private final class Party {
    private var session: TLSSession
    /// What tells this end's plaintext from the other's.
    private let key: UInt8
    private(set) var failure: TLSError?
    private(set) var hasClosed = false
    private(set) var hasHeardEnd = false
    private(set) var saidCount = 0
    private(set) var heardCount = 0
    /// The most ciphertext that may wait: a flight of a handshake, then what was written, with what
    /// its records add.
    private var mostOutput = 8192

    init(_ session: consuming TLSSession, key: UInt8) {
        self.session = session
        self.key = key
    }

    var isHandshakeComplete: Bool { session.isHandshakeComplete }
    var canWrite: Bool { isHandshakeComplete && failure == nil && !hasClosed }
    var applicationProtocol: String? { session.applicationProtocol }
    var protocolVersion: String { session.protocolVersion }
    var isResumed: Bool { session.isResumed }
    var resumption: TLSResumption? { session.resumption }

    /// The byte of plaintext that this end says at a place.
    private func word(_ place: Int) -> UInt8 {
        key ^ UInt8(truncatingIfNeeded: (place &+ 1) &* 0x9E37_79B1 >> 11)
    }

    func receive(_ ciphertext: [UInt8]) {
        do throws(TLSError) {
            try session.receive(ciphertext.span)
        } catch {
            fatalError("memory does not take ciphertext: \(error)")
        }
    }

    /// Goes on with the handshake, if there is something to go on with.
    func advance() {
        guard failure == nil, !isHandshakeComplete else { return }
        do throws(TLSError) {
            let isComplete = try session.handshake()
            require(isComplete == session.isHandshakeComplete, "complete, and not complete")
        } catch {
            fail(error)
        }
    }

    /// Reads all that has arrived from the other end, which must have said exactly that.
    func read(room: Int, from other: Party? = nil) {
        guard isHandshakeComplete, failure == nil else { return }
        var buffer = [UInt8](repeating: 0, count: room)
        do throws(TLSError) {
            while true {
                var span = buffer.mutableSpan
                let result = try session.read(into: &span)
                guard case .bytes(let count) = result else {
                    if hasHeardEnd { require(result == .closed, "the end was not the end") }
                    if result == .closed { hasHeardEnd = true }
                    return
                }
                require(!hasHeardEnd, "plaintext behind the end")
                require(count > 0 && count <= room, "\(count) bytes in \(room)")
                guard let other else { fatalError("plaintext from nobody") }
                for byte in buffer[..<count] {
                    require(heardCount < other.saidCount, "plaintext that nobody said")
                    require(byte == other.word(heardCount), "plaintext that was said otherwise")
                    heardCount += 1
                }
            }
        } catch {
            fail(error)
        }
    }

    func write(_ count: Int) {
        // Four full records find what a thousand would.
        guard canWrite, saidCount < 1 << 16 else { return }
        let plaintext = (0..<count).map { word(saidCount + $0) }
        do throws(TLSError) {
            try session.write(plaintext.span)
            saidCount += count
            mostOutput += count + 64 * (1 + count >> 14)
        } catch {
            fail(error)
        }
    }

    func close() {
        session.close()
        if isHandshakeComplete, failure == nil { hasClosed = true }
        mostOutput += 64
    }

    func releaseIdleBuffers() { session.releaseIdleBuffers() }

    /// Takes so many bytes of the ciphertext that waits, if there are so many.
    func takeOutput(_ limit: Int) -> [UInt8] {
        let waiting = session.pendingOutputCount
        require(waiting <= mostOutput, "\(waiting) bytes wait to be sent, not \(mostOutput)")
        var taken: [UInt8] = []
        session.withOutput { span in
            require(span.count == waiting, "\(waiting) bytes wait, and yet \(span.count)")
            let count = min(limit, span.count)
            taken.reserveCapacity(count)
            for index in 0..<count { taken.append(span[index]) }
            return count
        }
        require(session.pendingOutputCount == waiting - taken.count, "bytes appear or vanish")
        return taken
    }

    /// A failure has a reason, and nothing goes on after it.
    private func fail(_ error: TLSError) {
        require(!error.reason.isEmpty && !error.operation.isEmpty, "failed without a reason")
        failure = error
        let output = session.pendingOutputCount
        for _ in 0..<2 {
            do throws(TLSError) {
                if isHandshakeComplete {
                    var room: [UInt8] = [0]
                    var span = room.mutableSpan
                    _ = try session.read(into: &span)
                } else {
                    _ = try session.handshake()
                }
                fatalError("it goes on after \(error)")
            } catch {
                require(error.reason == "the connection has failed before", "\(error)")
            }
        }
        if isHandshakeComplete {
            do throws(TLSError) {
                try session.write([0].span)
                fatalError("it says more after \(error)")
            } catch {
                require(error.reason == "the connection has failed before", "\(error)")
            }
        }
        session.close()
        require(session.pendingOutputCount == output, "output after a failure")
    }
}

/// A client and a server, and the wire between them.
private final class Conversation {
    private let parties: Parties
    let client: Party
    let server: Party
    /// What is under way, to the server and to the client.
    private var wires: [[UInt8]] = [[], []]
    /// Whether what arrives is no longer what was sent.
    private var isDisturbed = false

    init(_ parties: Parties) {
        self.parties = parties
        client = parties.client()
        server = parties.server()
        client.advance()
    }

    /// The steps, by the lower half of their byte; the upper half says how much.
    private enum Step: UInt8, CaseIterable {
        case carryToServer, carryToClient, clientWrites, serverWrites, clientReads, serverReads
        case clientCloses, serverCloses, settle, release
        /// From here on it is disturbed. A byte says where, its highest bit on which wire.
        case flip, drop, `repeat`, insert, reflect, delay
    }

    /// Takes every step, then lets the two finish, and looks at what came of it.
    func run(_ steps: ArraySlice<UInt8>) {
        var rest = steps
        while let byte = rest.popFirst() {
            guard let step = Step(rawValue: byte & 0x0F) else { continue }
            let weight = Int(byte >> 4)
            switch step {
            case .carryToServer: carry(0, amount(weight))
            case .carryToClient: carry(1, amount(weight))
            case .clientWrites: client.write(1 << weight)
            case .serverWrites: server.write(1 << weight)
            case .clientReads: client.read(room: 1 << weight, from: server)
            case .serverReads: server.read(room: 1 << weight, from: client)
            case .clientCloses: client.close()
            case .serverCloses: server.close()
            case .settle: settle()
            case .release:
                client.releaseIdleBuffers()
                server.releaseIdleBuffers()
            case .flip, .drop, .repeat, .insert, .reflect, .delay:
                disturb(step, weight, at: rest.popFirst() ?? 0, &rest)
            }
        }
        settle()
        judge()
    }

    private func amount(_ weight: Int) -> Int { weight == 0 ? .max : 1 << (weight - 1) }

    /// Brings so many bytes to their end, which does with them what it can.
    private func carry(_ wire: Int, _ count: Int) {
        let (from, to) = wire == 0 ? (client, server) : (server, client)
        if wires[wire].count < count {
            let more = count == .max ? .max : count - wires[wire].count
            wires[wire] += from.takeOutput(more)
        }
        let piece = Array(wires[wire].prefix(count))
        wires[wire].removeFirst(piece.count)
        to.receive(piece)
        to.advance()
    }

    /// Until nobody has anything more to say.
    private func settle() {
        var turns = 0
        var isMoving = true
        while isMoving {
            turns += 1
            require(turns < 32, "they talk without end")
            isMoving = false
            for wire in 0..<2 {
                let (from, to) = wire == 0 ? (client, server) : (server, client)
                wires[wire] += from.takeOutput(.max)
                isMoving = isMoving || !wires[wire].isEmpty
                carry(wire, .max)
                to.read(room: 4096, from: from)
            }
        }
    }

    private func disturb(
        _ step: Step, _ weight: Int, at place: UInt8, _ rest: inout ArraySlice<UInt8>
    ) {
        let wire = Int(place >> 7)
        wires[0] += client.takeOutput(.max)
        wires[1] += server.takeOutput(.max)
        let before = wires
        let count = wires[wire].count
        let start = count * Int(place & 0x7F) / 128
        let end = min(count, start + 1 << weight)
        let piece = Array(wires[wire][start..<end])
        switch step {
        case .flip: if start < count { wires[wire][start] ^= 1 << (weight & 7) }
        case .drop: wires[wire].removeSubrange(start..<end)
        case .repeat: wires[wire].insert(contentsOf: piece, at: end)
        case .insert:
            let forged = Array(rest.prefix(1 + weight))
            rest = rest.dropFirst(forged.count)
            wires[wire].insert(contentsOf: forged, at: start)
        case .reflect: wires[1 - wire].insert(contentsOf: piece, at: 0)
        case .delay:
            wires[wire].removeSubrange(start..<end)
            wires[wire] += piece
        default: return
        }
        if wires != before { isDisturbed = true }
    }

    private func judge() {
        if client.isHandshakeComplete && server.isHandshakeComplete {
            // Whatever was done to the handshake: two that complete it have agreed.
            require(parties.agree, "a client without a certificate was let in")
            require(client.applicationProtocol == parties.applicationProtocol, "another protocol")
            require(server.applicationProtocol == parties.applicationProtocol, "another protocol")
            require(client.protocolVersion == parties.version, "another version of TLS")
            require(server.protocolVersion == parties.version, "another version of TLS")
            require(client.isResumed == server.isResumed, "one resumes, the other does not")
        }
        guard !isDisturbed else { return }
        guard parties.agree else {
            require(server.failure != nil, "a client without a certificate was not refused")
            return
        }
        for (party, other) in [(client, server), (server, client)] {
            require(
                party.failure == nil, "failed undisturbed: \(String(describing: party.failure))")
            require(party.isHandshakeComplete, "the handshake does not end")
            require(party.heardCount == other.saidCount, "plaintext is lost")
            require(party.hasHeardEnd == other.hasClosed, "the end is lost, or made up")
        }
    }
}
