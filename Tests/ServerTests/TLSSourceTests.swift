import Foundation
import Posix
import TLS
import Testing

@testable import Server

/// A folder with TLS files that are changed while they are watched.
private final class Material: Sendable {
    typealias Pair = (certificatePEM: [UInt8], privateKeyPEM: [UInt8])

    static let now = Int64(Date().timeIntervalSince1970)
    let path = FileManager.default.temporaryDirectory
        .appending(path: "tls-\(UUID().uuidString)/files").path

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent)
    }

    static func pair(
        _ host: String, days: Int = 1, unixSeconds: Int64 = Material.now
    ) throws -> Pair {
        try SelfSignedCertificate.make(hosts: [host], days: days, unixSeconds: unixSeconds)
    }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try File.write(bytes, to: "\(path)/\(name)", permissions: 0o600)
    }

    func write(_ pair: Pair) throws {
        try write(pair.certificatePEM, "tls.crt")
        try write(pair.privateKeyPEM, "tls.key")
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }

    func source(clientCA: Bool = false, byteLimit: Int = 1 << 20) -> TLSSource {
        TLSSource(
            files: TLSFiles(
                certificate: "\(path)/tls.crt", privateKey: "\(path)/tls.key",
                clientCA: clientCA ? "\(path)/ca.crt" : nil),
            byteLimit: byteLimit, ticketLifetimeSeconds: 3600)
    }

    /// A reloader of what is there now, which has read it once more, as it does at the start.
    func reloader(rescan: UInt64 = 3_600_000_000_000) throws -> Reloader<TLSSource> {
        let source = source()
        var times = ReloadTimes()
        times.quiet = 30_000_000
        times.rescan = rescan
        let reloader = Reloader(
            source, loaded: try source.load(source.read()), times: times,
            now: Clock.monotonicNanoseconds())
        #expect(reloader.reloadIfDue(Clock.monotonicNanoseconds()) == nil)
        return reloader
    }
}

extension Reloader<TLSSource> {
    /// Waits for the next outcome, as the thread that leads does: when the new certificate ends, or
    /// what is wrong, without the folder; nil when nothing comes.
    fileprivate func outcome(seconds: Double = 5) throws -> String? {
        let end = Clock.monotonicNanoseconds() + UInt64(seconds * 1e9)
        while true {
            let now = Clock.monotonicNanoseconds()
            switch reloadIfDue(now) {
            case .loaded(let loaded): return "\(loaded.context.certificateNotAfter)"
            case .refused(let problem):
                let file = problem.file.split(separator: "/").last ?? ""
                return "\(file): \(problem.reason)"
            case nil: break
            }
            if now >= end { return nil }
            let rest = min(deadline, end)
            try Poller.waitForAny(
                of: rawValue.map { [$0] } ?? [],
                timeoutMilliseconds: Int32(clamping: (rest > now ? rest - now : 0) / 1_000_000 + 1))
        }
    }
}

@Suite struct TLSSourceTests {
    private let material: Material

    init() throws {
        material = try Material()
        try material.write(Material.pair("first"))
    }

    private func end(days: Int) -> String { "\(Material.now + Int64(days) * 86400)" }

    @Test func aNewPairIsLoadedAndTheSameIsNot() throws {
        let reloader = try material.reloader()
        let next = try Material.pair("next", days: 2)
        try material.write(next)
        #expect(try reloader.outcome() == end(days: 2))
        try material.write(next)
        #expect(try reloader.outcome(seconds: 0.2) == nil)
    }

    @Test func aPairIsTakenWhenBothFilesAreThere() throws {
        let reloader = try material.reloader()
        let next = try Material.pair("next", days: 2)
        try material.write(next.certificatePEM, "tls.crt")
        #expect(reloader.reloadIfDue(Clock.monotonicNanoseconds()) == nil)
        try material.write(next.privateKeyPEM, "tls.key")
        #expect(try reloader.outcome() == end(days: 2))
    }

    @Test func aKeyThatIsLateIsToldAndTaken() throws {
        let reloader = try material.reloader()
        let next = try Material.pair("next", days: 2)
        try material.write(next.certificatePEM, "tls.crt")
        let mismatch = "matching the private key with the certificate: key values mismatch"
        #expect(try reloader.outcome() == "tls.key: \(mismatch)")
        try material.write(next.privateKeyPEM, "tls.key")
        #expect(try reloader.outcome() == end(days: 2))
    }

    @Test func whatCannotBeUsedIsNamedWithItsFile() throws {
        let reloader = try material.reloader()
        let first = try material.source().read()
        let expired = try Material.pair("old", unixSeconds: 0)
        let certificate = "tls.crt: reading the certificate chain: "
        let cases: [(name: String, bytes: [UInt8], outcome: String)] = [
            (
                "tls.crt", expired.certificatePEM,
                "tls.crt: checking the certificate: it expired on Jan  2 00:00:00 1970 GMT"
            ),
            ("tls.crt", [], certificate + "not PEM: there is no BEGIN line"),
            ("tls.crt", Array(first.certificate.dropLast(30)), certificate + "bad end line"),
            ("tls.crt", first.privateKey, certificate + "no certificate in the PEM text"),
            (
                "tls.key", first.certificate,
                "tls.key: reading the private key: no usable key in the PEM text"
            ),
        ]
        for (name, bytes, outcome) in cases {
            try material.write(bytes, name)
            #expect(try reloader.outcome() == outcome)
            try material.write(name == "tls.crt" ? first.certificate : first.privateKey, name)
            #expect(try reloader.outcome() == end(days: 1))
        }
        try material.remove("tls.key")
        #expect(try reloader.outcome() == "tls.key: cannot be read: No such file or directory")
    }

    @Test func whatTimeMendsIsTakenWithoutAChange() throws {
        let reloader = try material.reloader(rescan: 50_000_000)
        // Valid two seconds from now: from an hour before its making, with five minutes to spare.
        let moment = Int64(Date().timeIntervalSince1970) + 3600 + TLSContext.clockSkewSeconds + 2
        try material.write(Material.pair("next", unixSeconds: moment))
        let refusal = try reloader.outcome()
        #expect(
            refusal?.hasPrefix("tls.crt: checking the certificate: it is not valid before") == true)
        #expect(try reloader.outcome() == "\(moment + 86400)")
    }

    @Test func theLimitOfAFileHolds() throws {
        let count = try material.source().read().certificate.count
        #expect(try material.source(byteLimit: count).readAgain().certificate.count == count)
        #expect(throws: SystemError.self) { try material.source(byteLimit: count - 1).readAgain() }
        #expect(throws: SystemError.self) { try material.source(byteLimit: count - 1).read() }
    }

    @Test func ticketKeysGoWithTheClientAuthorities() throws {
        let source = material.source(clientCA: true)
        let (one, two) = try (Material.pair("one"), Material.pair("two"))
        try material.write(one.certificatePEM, "ca.crt")
        let first = try source.load(source.read())
        try material.write(Material.pair("next", days: 2))
        let renewed = try source.load(source.readAgain(), replacing: first)
        #expect(renewed.ticketKeys === first.ticketKeys)
        try material.write(two.certificatePEM, "ca.crt")
        let other = try source.load(source.readAgain(), replacing: renewed)
        #expect(other.ticketKeys !== first.ticketKeys)
        try material.write([], "ca.crt")
        #expect(
            throws: TLSProblem(
                file: "\(material.path)/ca.crt",
                reason: "reading the client authorities: not PEM: there is no BEGIN line")
        ) { try source.load(source.readAgain(), replacing: other) }
    }

    @Test func foldersOfAllFilesAreWatched() {
        let source = TLSSource(
            files: TLSFiles(
                certificate: "/a/b/tls.crt", privateKey: "/a/c/tls.key", clientCA: "ca"),
            byteLimit: 1, ticketLifetimeSeconds: 1)
        #expect(source.watchedFolders == ["/a/b", "/a", "/a/c", "."])
    }
}
