import TLS
import Testing

@testable import Server

@Suite struct TLSStatusTests {
    private func status(_ problem: TLSProblem? = nil, days: Int = 1) throws -> TLSStatus {
        let pair = try SelfSignedCertificate.make(hosts: ["a"], days: days, unixSeconds: 0)
        let keys = try TicketKeys(lifetimeSeconds: 1) { 0 }
        let context = try TLSContext(
            TLSConfiguration(
                certificateChainPEM: pair.certificatePEM, privateKeyPEM: pair.privateKeyPEM,
                applicationProtocols: []), ticketKeys: keys, unixSeconds: 0)
        let files = TLSFileContents(certificate: [], privateKey: [], clientCA: nil)
        var status = TLSStatus(
            LoadedTLS(files: files, context: context, ticketKeys: keys), now: 1_000_000_000)
        status.refusal = problem.map { TLSStatus.Refusal($0, moment: 2_000_000_000) }
        return status
    }

    @Test func itSaysWhatIsWrongAndWhatIsInUse() throws {
        #expect(try status().warning == nil)
        #expect(
            try status(TLSProblem(file: "tls.crt", reason: "wrong")).warning
                == "ready, but not by the TLS files that are there: at "
                + "1970-01-01T00:00:02.000000Z they were refused, and the certificate of "
                + "1970-01-01T00:00:01.000000Z, which expires at 1970-01-02T00:00:00.000000Z, "
                + "stays in use\ntls.crt: wrong\n")
    }

    @Test func aProblemIsALineOfBoundedLength() throws {
        let long = String(repeating: "x", count: 600)
        let whole = try status(TLSProblem(file: "a", reason: long)).warning
        #expect(whole?.hasSuffix("\na: \(long)\n") == true)
        let cut = try status(TLSProblem(file: "a", reason: "\n\(long)")).warning
        #expect(cut?.hasSuffix("x…\n") == true)
        #expect(cut?.split(separator: "\n").count == 2)
    }

    @Test func anEndBeyondAllNanosecondsIsTold() throws {
        // 300 years.
        let warning = try status(TLSProblem(file: "a", reason: "b"), days: 109_573).warning
        #expect(warning?.contains("expires at 2262-04-11T23:47:16.854775Z") == true)
    }
}
