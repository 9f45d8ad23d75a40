import Testing

@testable import TLS

struct TLSSessionTests {
    @Test(arguments: [(TLSVersion.tls12, "TLSv1.2"), (.tls13, "TLSv1.3")])
    func exchangesBytes(version: TLSVersion, name: String) throws {
        let client = try Endpoint.client(try clientContext(version))
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        #expect(client.protocolVersion == name)
        #expect(server.protocolVersion == name)
        #expect(server.peerSubject == nil)
        #expect(!server.isResumed)

        try client.write("request")
        try server.receive(client.output())
        #expect(try server.text() == "request")
        try server.write("answer")
        try client.receive(server.output())
        #expect(try client.text() == "answer")
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func takesOneByteAtATime(version: TLSVersion) throws {
        let client = try Endpoint.client(try clientContext(version))
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server, step: 1)
        try client.write("hello")
        var text = ""
        for byte in client.output(step: 1) {
            #expect(text.isEmpty)
            try server.receive([byte])
            text += try server.text()
        }
        #expect(text == "hello")
    }

    @Test(arguments: [1, 16384, 16385, 65536, 5_000_000])
    func carriesAnyAmount(count: Int) throws {
        let client = try Endpoint.client(try clientContext())
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        _ = try client.read()
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for _ in 0..<2 {
            try server.write(bytes)
            #expect(server.pendingOutputCount > count)
            try client.receive(server.output(step: 1000))
            #expect(server.pendingOutputCount == 0)
            #expect(try client.read().bytes == bytes)
        }
    }

    /// A read is worth its while as long as there is a record, or a part of one, that none has had.
    @Test(arguments: [TLSVersion.tls12, .tls13])
    func knowsWhetherThereIsMoreToRead(version: TLSVersion) throws {
        let client = try Endpoint.client(try clientContext(version))
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        #expect(try server.read().end == .wantsInput)
        #expect(!server.holdsInput)
        try client.write("first")
        try server.receive(client.output())
        #expect(server.holdsInput)
        #expect(try server.readOnce(atMost: 3) == "fir")
        #expect(server.holdsInput)
        #expect(try server.readOnce(atMost: 3) == "st")
        #expect(!server.holdsInput)
        try client.write("one")
        try client.write("two")
        try server.receive(client.output())
        #expect(try server.readOnce(atMost: 100) == "one")
        #expect(server.holdsInput)
        #expect(try server.readOnce(atMost: 100) == "two")
        #expect(!server.holdsInput)
    }

    @Test func keepsWhatWasNotTaken() throws {
        let client = try Endpoint.client(try clientContext())
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        try server.write("first")
        let total = server.pendingOutputCount
        var head: [UInt8] = []
        let taken = server.session.withOutput { span in
            for index in 0..<7 { head.append(span[index]) }
            return 7
        }
        #expect(taken == 7)
        #expect(server.pendingOutputCount == total - 7)
        try server.write("second")
        server.session.releaseIdleBuffers()
        try client.receive(head)
        try client.receive(server.output())
        #expect(try client.text() == "firstsecond")
    }

    @Test func showsNothingWhenNothingWaits() throws {
        let server = try Endpoint.server(try serverContext())
        let taken = server.session.withOutput { _ in
            Issue.record("called without output")
            return 0
        }
        #expect(taken == 0)
        try server.receive([])
        #expect(try !server.handshake())
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func goesOnAfterReleasingItsBuffers(version: TLSVersion) throws {
        let client = try Endpoint.client(try clientContext(version))
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        for round in 0..<3 {
            server.session.releaseIdleBuffers()
            client.session.releaseIdleBuffers()
            try client.write("question \(round)")
            let records = client.output()
            try server.receive(Array(records[..<9]))
            server.session.releaseIdleBuffers()
            try server.receive(Array(records[9...]))
            #expect(try server.text() == "question \(round)")
            try server.write("answer \(round)")
            try client.receive(server.output())
            #expect(try client.text() == "answer \(round)")
        }
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func closesInBothDirections(version: TLSVersion) throws {
        let client = try Endpoint.client(try clientContext(version))
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        try client.write("last")
        client.session.close()
        try server.receive(client.output())
        let received = try server.read()
        #expect(received.bytes == Array("last".utf8))
        #expect(received.end == .closed)
        #expect(try server.read().end == .closed)

        try server.write("still answering")
        server.session.close()
        try client.receive(server.output())
        let answer = try client.read()
        #expect(String(decoding: answer.bytes, as: UTF8.self) == "still answering")
        #expect(answer.end == .closed)
    }

    /// What the peer said before it heard of the end is read, however often the end was told.
    @Test(arguments: [TLSVersion.tls12, .tls13])
    func closesOnce(version: TLSVersion) throws {
        let client = try Endpoint.client(try clientContext(version))
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        try server.write("under way")
        try client.receive(server.output())
        client.session.close()
        let end = client.output()
        client.session.close()
        #expect(client.pendingOutputCount == 0)
        #expect(try client.text() == "under way")
        try server.receive(end)
        #expect(try server.read().end == .closed)
    }

    @Test func closesSilentlyBeforeTheHandshake() throws {
        let server = try Endpoint.server(try serverContext())
        server.session.close()
        #expect(server.pendingOutputCount == 0)
    }

    @Test func waitsForTheRestOfARecord() throws {
        let client = try Endpoint.client(try clientContext())
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        try client.write("cut in two")
        let records = client.output()
        for end in [1, 4, 5, 6, records.count - 1] {
            let fresh = try Endpoint.server(try serverContext())
            let other = try Endpoint.client(try clientContext())
            try shakeHands(other, fresh)
            try other.write("cut in two")
            let record = other.output()
            try fresh.receive(Array(record[..<end]))
            #expect(try fresh.read().end == .wantsInput)
            try fresh.receive(Array(record[end...]))
            #expect(try fresh.text() == "cut in two")
        }
    }

    /// Ciphertext that arrives together with the handshake's last message must not be lost.
    @Test func readsWhatCameWithTheHandshake() throws {
        let client = try Endpoint.client(try clientContext())
        let server = try Endpoint.server(try serverContext())
        #expect(try !client.handshake())
        try server.receive(client.output())
        #expect(try !server.handshake())
        try client.receive(server.output())
        #expect(try client.handshake())
        try client.write("at once")
        try server.receive(client.output())
        #expect(try server.handshake())
        #expect(try server.text() == "at once")
    }
}

/// Peers that are hostile or something else than TLS.
struct TLSSessionRefusalTests {
    /// A well-formed ClientHello of TLS 1.1 or older, without extensions.
    static func clientHello(minorVersion: UInt8) -> [UInt8] {
        let suites: [UInt8] = [0xC0, 0x13, 0xC0, 0x09, 0x00, 0x2F]
        let hello: [UInt8] =
            [3, minorVersion] + [UInt8](repeating: 7, count: 32) + [0]
            + [0, UInt8(suites.count)] + suites + [1, 0]
        let message = [1, 0, 0, UInt8(hello.count)] + hello
        return [22, 3, 1, 0, UInt8(message.count)] + message
    }

    static let garbage: [(bytes: [UInt8], reason: String)] = [
        (Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), "http request"),
        (Array("CONNECT a:443 HTTP/1.1\r\n\r\n".utf8), "https proxy request"),
        ([UInt8](repeating: 0, count: 64), "wrong version number"),
        ([UInt8](repeating: 0xFF, count: 64), "wrong version number"),
        ([22, 3, 1, 0xFF, 0xFF] + [UInt8](repeating: 1, count: 64), "packet length too long"),
        ([23, 3, 3, 0, 3, 1, 2, 3], "unexpected message"),
        (clientHello(minorVersion: 0), "version too low"),
        (clientHello(minorVersion: 1), "unsupported protocol"),
        (clientHello(minorVersion: 2), "unsupported protocol"),
    ]

    @Test(arguments: garbage)
    func refuses(bytes: [UInt8], reason: String) throws {
        let server = try Endpoint.server(try serverContext())
        try server.receive(bytes)
        let expected = TLSError("TLS handshake", reason)
        #expect(throws: expected) { try server.handshake() }
        let again = TLSError("TLS handshake", "the connection has failed before")
        #expect(throws: again) { try server.handshake() }
    }

    /// A peer must learn why it is refused: alert 70 is protocol_version (RFC 8446 §6.2).
    @Test func sendsAnAlertBeforeFailing() throws {
        let server = try Endpoint.server(try serverContext())
        try server.receive(Self.clientHello(minorVersion: 2))
        #expect(throws: TLSError.self) { try server.handshake() }
        #expect(Array(server.output().suffix(2)) == [2, 70])
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func refusesForgedRecords(version: TLSVersion) throws {
        let client = try Endpoint.client(try clientContext(version))
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        try client.write("authentic")
        var records = client.output()
        records[records.count - 1] ^= 1
        try server.receive(records)
        let expected = TLSError("reading from TLS", "decryption failed or bad record mac")
        #expect(throws: expected) { try server.read() }
        #expect(throws: TLSError("reading from TLS", "the connection has failed before")) {
            try server.read()
        }
        #expect(throws: TLSError("writing to TLS", "the connection has failed before")) {
            try server.write("no")
        }
        server.session.close()
        try client.receive(server.output())
        #expect(throws: TLSError.self) { try client.read() }
    }

    @Test func refusesRenegotiation() throws {
        let client = try Endpoint.client(try clientContext(.tls12))
        let server = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        client.session.requestRenegotiation()
        let request = client.output()
        #expect(request.first == 22)
        try server.receive(request)
        // The server says no (a warning) and goes on; it never begins a handshake.
        #expect(try server.read().end == .wantsInput)
        let answer = server.output()
        #expect(answer.first == 21)
        try client.receive(answer)
        #expect(throws: TLSError("reading from TLS", "no renegotiation")) { try client.read() }
    }

    /// Whatever byte of the client's two flights is wrong: an error or a wait for more, and never a
    /// handshake that both sides hold for complete.
    @Test(arguments: [TLSVersion.tls12, .tls13])
    func survivesAnyWrongByte(version: TLSVersion) throws {
        let (clients, servers) = (try clientContext(version), try serverContext())
        for flight in 0..<2 {
            var position = 0
            while true {
                let client = try Endpoint.client(clients)
                let server = try Endpoint.server(servers)
                if flight == 1 {
                    _ = try client.handshake()
                    try server.receive(client.output())
                    _ = try server.handshake()
                    try client.receive(server.output())
                }
                _ = try client.handshake()
                var bytes = client.output()
                if position >= bytes.count { break }
                bytes[position] ^= 0x80
                try server.receive(bytes)
                let isComplete = (try? server.handshake()) ?? false
                if isComplete {
                    // What is not authenticated: a record header's version, or the dummy
                    // change_cipher_spec of TLS 1.3 (RFC 8446 §5, Appendix D.4).
                    #expect(flight == 1 && version == .tls13 && position < 6)
                }
                position += 1
            }
        }
    }

    /// One bad connection must not leave anything behind that another one in the thread trips on.
    @Test func failsAlone() throws {
        let client = try Endpoint.client(try clientContext())
        let server = try Endpoint.server(try serverContext())
        let bad = try Endpoint.server(try serverContext())
        try shakeHands(client, server)
        try bad.receive([UInt8](repeating: 0, count: 64))
        #expect(throws: TLSError.self) { try bad.handshake() }
        #expect(try server.read().end == .wantsInput)
    }

    @Test(arguments: [("localhost", true), ("127.0.0.1", true), ("example.org", false)])
    func verifiesTheServersName(host: String, isAccepted: Bool) throws {
        let client = try Endpoint.client(try clientContext(), host: host)
        let server = try Endpoint.server(try serverContext())
        let reason = "certificate verify failed: hostname mismatch"
        let expected = isAccepted ? nil : TLSError("TLS handshake", reason)
        #expect(handshakeError(client, server) == expected)
    }
}
