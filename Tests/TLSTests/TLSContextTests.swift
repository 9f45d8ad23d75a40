import Testing

@testable import TLS

struct TLSContextTests {
    static let negotiations: [(offered: [String], spoken: [String], agreed: String?)] = [
        (["h2", "http/1.1"], ["h2", "http/1.1"], "h2"),
        (["http/1.1", "h2"], ["h2", "http/1.1"], "h2"),
        (["http/1.1"], ["h2", "http/1.1"], "http/1.1"),
        (["h2"], ["http/1.1"], nil),
        (["spdy/3", "h2c", "h"], ["h2", "http/1.1"], nil),
        ([], ["h2", "http/1.1"], nil),
        (["h2"], [], nil),
    ]

    @Test(arguments: negotiations)
    func agrees(offered: [String], spoken: [String], agreed: String?) throws {
        let client = try Endpoint.client(try clientContext(protocols: offered))
        let server = try Endpoint.server(try serverContext(protocols: spoken))
        try shakeHands(client, server)
        #expect(server.applicationProtocol == agreed)
        #expect(client.applicationProtocol == agreed)
    }

    @Test func refusesAClientThatDoesNotSpeakItsOnlyProtocol() throws {
        let client = try Endpoint.client(try clientContext(protocols: ["http/1.1"]))
        let server = try Endpoint.server(try serverContext(protocols: ["h2"]))
        #expect(
            handshakeError(client, server)
                == TLSError("TLS handshake", "no application protocol"))
        // Alert 120 is no_application_protocol (RFC 7301 §3.2).
        #expect(Array(server.output().suffix(2)) == [2, 120])
    }

    @Test func knowsWhenItsCertificateEnds() throws {
        #expect(try serverContext().certificateNotAfter == now + 86400)
    }

    struct Material: Sendable, CustomTestStringConvertible {
        var certificate = certificatePair.certificatePEM
        var key = certificatePair.privateKeyPEM
        var clientCA: [UInt8]?

        var testDescription: String { "material" }
    }

    static let certificatePair = certificate
    static let encryptedKey = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiQ
        -----END ENCRYPTED PRIVATE KEY-----
        """
    static let noDER = """
        -----BEGIN CERTIFICATE-----
        AAAA
        -----END CERTIFICATE-----
        """

    static let refusals: [(material: Material, error: String)] = [
        (
            Material(certificate: Array("no PEM".utf8)),
            "reading the certificate chain: not PEM: there is no BEGIN line"
        ),
        (
            Material(certificate: []),
            "reading the certificate chain: not PEM: there is no BEGIN line"
        ),
        (
            Material(certificate: certificatePair.privateKeyPEM),
            "reading the certificate chain: no certificate in the PEM text"
        ),
        (
            Material(certificate: Array(noDER.utf8)),
            "reading the certificate chain: wrong tag"
        ),
        (
            Material(certificate: Array(certificatePair.certificatePEM.dropLast(40))),
            "reading the certificate chain: bad end line"
        ),
        (
            Material(certificate: certificatePair.certificatePEM + Array(noDER.utf8)),
            "reading the certificate chain: wrong tag"
        ),
        (
            Material(key: Array("no PEM".utf8)),
            "reading the private key: not PEM: there is no BEGIN line"
        ),
        (
            Material(key: certificatePair.certificatePEM),
            "reading the private key: no usable key in the PEM text"
        ),
        (
            Material(key: Array(encryptedKey.utf8)),
            "reading the private key: it is encrypted with a passphrase"
        ),
        (
            Material(clientCA: Array("no PEM".utf8)),
            "reading the client authorities: not PEM: there is no BEGIN line"
        ),
        (
            Material(clientCA: Array(noDER.utf8)),
            "reading the client authorities: wrong tag"
        ),
    ]

    @Test(arguments: refusals)
    func refuses(material: Material, error: String) throws {
        #expect(configurationError(material) == error)
    }

    @Test func refusesAKeyOfAnotherCertificate() throws {
        let other = try SelfSignedCertificate.make(hosts: ["other"], days: 1, unixSeconds: now)
        let expected = "matching the private key with the certificate: key values mismatch"
        #expect(configurationError(Material(key: other.privateKeyPEM)) == expected)
    }

    @Test func refusesAnExpiredCertificate() throws {
        let old = try SelfSignedCertificate.make(hosts: ["old"], days: 1, unixSeconds: 0)
        let material = Material(certificate: old.certificatePEM, key: old.privateKeyPEM)
        let expected = "checking the certificate: it expired on Jan  2 00:00:00 1970 GMT"
        #expect(configurationError(material, unixSeconds: 86399) == nil)
        #expect(configurationError(material, unixSeconds: 86400) == expected)
    }

    @Test func refusesACertificateThatIsNotValidYet() throws {
        // Valid from an hour before the time of its making; clocks may differ by five minutes.
        let next = try SelfSignedCertificate.make(hosts: ["next"], days: 1, unixSeconds: 7200)
        let material = Material(certificate: next.certificatePEM, key: next.privateKeyPEM)
        let expected = "checking the certificate: it is not valid before Jan  1 01:00:00 1970 GMT"
        #expect(configurationError(material, unixSeconds: 3300) == nil)
        #expect(configurationError(material, unixSeconds: 3299) == expected)
    }

    @Test func refusesACertificateForClients() throws {
        let other = try SelfSignedCertificate.make(
            hosts: ["other"], days: 1, unixSeconds: now, purpose: .client)
        let material = Material(certificate: other.certificatePEM, key: other.privateKeyPEM)
        let expected =
            "checking the certificate: it is not for servers: its extended key usage says so"
        #expect(configurationError(material) == expected)
    }

    @Test func refusesAuthoritiesOfWhichAllHaveExpired() throws {
        let old = try SelfSignedCertificate.make(hosts: ["old"], days: 1, unixSeconds: 0)
        let reason = "all have expired, the last on Jan  2 00:00:00 1970 GMT"
        #expect(
            configurationError(Material(clientCA: old.certificatePEM))
                == "checking the client authorities: \(reason)")
        let both = old.certificatePEM + certificate.certificatePEM
        #expect(configurationError(Material(clientCA: both)) == nil)
    }

    @Test func namesThePartAtFault() throws {
        let noPEM = Array("no PEM".utf8)
        let parts: [(Material, TLSError.Part)] = [
            (Material(certificate: noPEM), .certificate), (Material(key: noPEM), .privateKey),
            (Material(clientCA: noPEM), .clientAuthorities),
            (Material(certificate: certificate.privateKeyPEM), .certificate),
            (Material(key: certificate.certificatePEM), .privateKey),
        ]
        for (material, part) in parts {
            #expect(throws: TLSError.self) { try configure(material) }
            do { try configure(material) } catch { #expect(error.part == part) }
        }
        #expect(TLSError("TLS handshake", "no application protocol").part == nil)
    }

    @Test func takesAChain() throws {
        let other = try SelfSignedCertificate.make(hosts: ["other"], days: 1, unixSeconds: now)
        let chain = certificate.certificatePEM + other.certificatePEM
        #expect(configurationError(Material(certificate: chain)) == nil)
    }

    private func configurationError(_ material: Material, unixSeconds: Int64 = now) -> String? {
        do throws(TLSError) {
            try configure(material, unixSeconds: unixSeconds)
            return nil
        } catch {
            return error.description
        }
    }

    private func configure(
        _ material: Material, unixSeconds: Int64 = now
    ) throws(TLSError) {
        _ = try TLSContext(
            TLSConfiguration(
                certificateChainPEM: material.certificate, privateKeyPEM: material.key,
                clientCAPEM: material.clientCA, applicationProtocols: ["http/1.1"]),
            ticketKeys: try ticketKeys(), unixSeconds: unixSeconds)
    }
}

/// Servers that ask for client certificates.
struct ClientCertificateTests {
    @Test(arguments: [TLSVersion.tls12, .tls13])
    func acceptsItsOwn(version: TLSVersion) throws {
        let identity = try SelfSignedCertificate.make(
            hosts: ["kube-apiserver"], days: 1, unixSeconds: now, purpose: .client)
        let client = try Endpoint.client(
            try clientContext(
                version, identity: (identity.certificatePEM, identity.privateKeyPEM)))
        let server = try Endpoint.server(try serverContext(clientCA: identity.certificatePEM))
        try shakeHands(client, server)
        #expect(server.peerSubject == "CN=kube-apiserver")
        #expect(server.peerSubject(byteLimit: 17) == "CN=kube-apiserver")
        #expect(server.peerSubject(byteLimit: 16) == "(17 bytes)")
        // The client, in its turn, has verified the server.
        #expect(client.peerSubject == "CN=localhost")
    }

    @Test func aSubjectThatNobodyVerifiedIsNotTold() throws {
        let trusting = try Endpoint.client(try TLSClientContext(trustedPEM: nil))
        let server = try Endpoint.server(try serverContext())
        try shakeHands(trusting, server)
        #expect(trusting.peerSubject == nil)
        #expect(server.peerSubject == nil)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func refusesAClientWithout(version: TLSVersion) throws {
        let server = try Endpoint.server(
            try serverContext(clientCA: certificate.certificatePEM))
        let client = try Endpoint.client(try clientContext(version))
        #expect(
            handshakeError(client, server)
                == TLSError("TLS handshake", "peer did not return a certificate"))
    }

    @Test(arguments: [
        (SelfSignedCertificate.Purpose.client, 1, "self-signed certificate"),
        (.server, 1, "self-signed certificate"), (.client, -1, "self-signed certificate"),
    ])
    func refusesAStranger(
        purpose: SelfSignedCertificate.Purpose, days: Int, reason: String
    ) throws {
        let authority = try SelfSignedCertificate.make(
            hosts: ["kube-apiserver"], days: 1, unixSeconds: now, purpose: .client)
        let stranger = try SelfSignedCertificate.make(
            hosts: ["stranger"], days: days, unixSeconds: now, purpose: purpose)
        #expect(try error(of: stranger, trusting: authority.certificatePEM) == reason)
    }

    @Test func refusesAnExpiredOne() throws {
        let expired = try SelfSignedCertificate.make(
            hosts: ["kube-apiserver"], days: 1, unixSeconds: now - 200_000, purpose: .client)
        let reason = "certificate has expired"
        // Authorities of which all have expired would be refused before.
        let authorities = expired.certificatePEM + certificate.certificatePEM
        #expect(try error(of: expired, trusting: authorities) == reason)
    }

    @Test func refusesAServersCertificate() throws {
        let server = try SelfSignedCertificate.make(hosts: ["web"], days: 1, unixSeconds: now)
        let reason = "unsuitable certificate purpose"
        #expect(try error(of: server, trusting: server.certificatePEM) == reason)
    }

    private func error(
        of identity: (certificatePEM: [UInt8], privateKeyPEM: [UInt8]), trusting authority: [UInt8]
    ) throws -> String? {
        let server = try Endpoint.server(try serverContext(clientCA: authority))
        let client = try Endpoint.client(
            try clientContext(identity: (identity.certificatePEM, identity.privateKeyPEM)))
        let error = handshakeError(client, server)
        return error?.reason.replacing("certificate verify failed: ", with: "")
    }
}
