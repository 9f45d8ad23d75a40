import Foundation
import Testing

@testable import TLS

struct SelfSignedCertificateTests {
    @Test func isPEMThatTheOpenSSLCommandReads() throws {
        let made = try SelfSignedCertificate.make(
            hosts: ["gate.cattleguard.svc", "*.example.org", "10.0.0.1", "::1"], days: 2,
            unixSeconds: 1_700_000_000)
        let text = try openssl(
            ["x509", "-noout", "-text", "-certopt", "no_sigdump,no_pubkey"], made.certificatePEM)
        for line in [
            "Subject: CN = gate.cattleguard.svc", "Not Before: Nov 14 21:13:20 2023 GMT",
            "Not After : Nov 16 22:13:20 2023 GMT", "CA:FALSE", "Digital Signature",
            "TLS Web Server Authentication",
            "DNS:gate.cattleguard.svc, DNS:*.example.org, IP Address:10.0.0.1, "
                + "IP Address:0:0:0:0:0:0:0:1",
        ] { #expect(text.contains(line)) }
        #expect(made.privateKeyPEM.starts(with: Array("-----BEGIN PRIVATE KEY-----".utf8)))
        #expect(try openssl(["pkey", "-noout", "-text"], made.privateKeyPEM).contains("P-256"))
    }

    @Test func neverMakesTheSameTwice() throws {
        let first = try SelfSignedCertificate.make(hosts: ["a"], days: 1, unixSeconds: 0)
        let second = try SelfSignedCertificate.make(hosts: ["a"], days: 1, unixSeconds: 0)
        #expect(first.certificatePEM != second.certificatePEM)
        #expect(first.privateKeyPEM != second.privateKeyPEM)
    }

    @Test(arguments: [64, 65, 253])
    func takesLongNames(count: Int) throws {
        let host = String(repeating: "a", count: count)
        _ = try SelfSignedCertificate.make(hosts: [host], days: 1, unixSeconds: 0)
    }

    @Test(arguments: [
        "", "a,DNS:b", "a b", "a\nb", "a;b", "ü.example", "1:2", String(repeating: "a", count: 254),
    ])
    func refusesWhatIsNoHost(host: String) {
        let reason = "'\(host)' is neither a DNS name nor an IP address"
        #expect(throws: TLSError("making a certificate", reason)) {
            try SelfSignedCertificate.make(hosts: ["good", host], days: 1, unixSeconds: 0)
        }
    }

    @Test func needsAHost() {
        #expect(throws: TLSError("making a certificate", "it needs at least one host")) {
            try SelfSignedCertificate.make(hosts: [], days: 1, unixSeconds: 0)
        }
    }

    private func openssl(_ arguments: [String], _ input: [UInt8]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let (standardInput, standardOutput) = (Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input))
        try standardInput.fileHandleForWriting.close()
        let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }
}
