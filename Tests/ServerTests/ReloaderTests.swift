import Document
import Foundation
import Policy
import Posix
import Testing

@testable import Server

/// Renames over what is there, which Foundation refuses.
private func move(_ path: String, to target: String) throws {
    try #require(unsafe rename(path, target) == 0)
}

private func makeLink(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
}

/// A folder of policies that is changed while it is watched.
private final class Policies: Sendable {
    let path: String
    private var files: FileManager { FileManager.default }

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "reload-\(UUID().uuidString)/policies").path
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? files.removeItem(atPath: (path as NSString).deletingLastPathComponent) }

    static func text(_ name: String, rule: String = "no-exec") -> String {
        """
        apiVersion: cattleguard.dev/v1
        kind: Policy
        metadata: {name: \(name)}
        spec: {rule: \(rule), validationActions: [Deny]}

        """
    }

    /// Writes a file in place, as a shell does.
    func write(_ text: String, _ name: String = "a.yaml") throws {
        try File.write(Array(text.utf8), to: "\(path)/\(name)", permissions: 0o600)
    }

    /// Writes beside the file and renames over it, as editors do.
    func save(_ text: String, _ name: String = "a.yaml") throws {
        try write(text, ".\(name).swp")
        try move("\(path)/.\(name).swp", to: "\(path)/\(name)")
    }

    /// Publishes a version of a mounted ConfigMap, as the kubelet does.
    func publish(_ version: String, _ texts: [String: String]) throws {
        let former = try? files.destinationOfSymbolicLink(atPath: "\(path)/..data")
        try files.createDirectory(
            atPath: "\(path)/..2026_\(version)", withIntermediateDirectories: false)
        for (name, text) in texts { try write(text, "..2026_\(version)/\(name)") }
        try files.createSymbolicLink(
            atPath: "\(path)/..data_tmp", withDestinationPath: "..2026_\(version)")
        try move("\(path)/..data_tmp", to: "\(path)/..data")
        for name in texts.keys where !files.fileExists(atPath: "\(path)/\(name)") {
            try files.createSymbolicLink(
                atPath: "\(path)/\(name)", withDestinationPath: "..data/\(name)")
        }
        if let former { try files.removeItem(atPath: "\(path)/\(former)") }
    }

    func remove(_ name: String) throws { try files.removeItem(atPath: "\(path)/\(name)") }
    func removeAll() throws { try files.removeItem(atPath: path) }
    func create() throws {
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func source(_ file: String? = nil, allowEmpty: Bool = false) -> PolicySource {
        PolicySource(
            path: file.map { "\(path)/\($0)" } ?? path, enforcement: .declared,
            allowEmpty: allowEmpty)
    }

    /// A reloader of what is there now, which has read it once more, as it does at the start.
    func reloader(
        _ source: PolicySource, rescan: UInt64 = 3_600_000_000_000,
        longest: UInt64 = 1_000_000_000
    ) throws -> Reloader<PolicySource> {
        let files = try PolicyFolder.read(source.path)
        var times = ReloadTimes()
        times.quiet = 10_000_000
        times.longest = longest
        times.rescan = rescan
        times.blindRescan = 50_000_000
        let reloader = Reloader(
            source, loaded: try source.load(files), times: times,
            now: Clock.monotonicNanoseconds())
        #expect(reloader.reloadIfDue(Clock.monotonicNanoseconds()) == nil)
        return reloader
    }
}

extension Reloader<PolicySource> {
    /// Waits for the next outcome, as the thread that leads does; nil when nothing comes.
    fileprivate func outcome(seconds: UInt64 = 5) throws -> String? {
        let end = Clock.monotonicNanoseconds() + seconds * 1_000_000_000
        while true {
            let now = Clock.monotonicNanoseconds()
            if let outcome = reloadIfDue(now) { return outcome.text }
            if now >= end { return nil }
            let rest = min(deadline, end)
            try Poller.waitForAny(
                of: rawValue.map { [$0] } ?? [],
                timeoutMilliseconds: Int32(clamping: (rest > now ? rest - now : 0) / 1_000_000 + 1))
        }
    }

    /// That nothing comes in the time that a change takes.
    fileprivate func rests() throws -> Bool {
        let end = Clock.monotonicNanoseconds() + 150_000_000
        while Clock.monotonicNanoseconds() < end {
            if reloadIfDue(Clock.monotonicNanoseconds()) != nil { return false }
            try Poller.waitForAny(of: [], timeoutMilliseconds: 5)
        }
        return true
    }
}

extension Reloader.Outcome where Source == PolicySource {
    /// The names of the policies, or what is wrong without the folder that it is in.
    fileprivate var text: String {
        switch self {
        case .loaded(let policies): policies.set.policies.map(\.name).joined(separator: " ")
        case .refused(let problems):
            problems.all.map { problem in
                let file = problem.file.split(separator: "/").last ?? ""
                let place = "\(problem.position.line):\(problem.position.column)"
                return "\(file):\(place): \(problem.message)"
            }
            .joined(separator: "\n")
        }
    }
}

@Suite struct ReloaderTests {
    private let policies: Policies

    init() throws { policies = try Policies() }

    @Test func aMountedConfigMapIsSwapped() throws {
        let text = Policies.text
        try policies.publish("1", ["a.yaml": text("one", "no-exec")])
        let reloader = try policies.reloader(policies.source())
        try policies.publish("2", ["a.yaml": text("two", "no-exec")])
        #expect(try reloader.outcome() == "two")
        try policies.publish(
            "3", ["a.yaml": text("three", "no-exec"), "b.yaml": text("four", "no-ssh")])
        #expect(try reloader.outcome() == "four three")
        #expect(try reloader.rests())
    }

    @Test func theSameContentIsNoChange() throws {
        let texts = ["a.yaml": Policies.text("one")]
        try policies.publish("1", texts)
        let reloader = try policies.reloader(policies.source())
        try policies.publish("2", texts)
        try policies.write("notes", "README.md")
        #expect(try reloader.rests())
    }

    @Test func filesAreSavedWrittenAddedAndRemoved() throws {
        try policies.write(Policies.text("one"))
        let reloader = try policies.reloader(policies.source())
        try policies.save(Policies.text("two"))
        #expect(try reloader.outcome() == "two")
        try policies.write(Policies.text("three"))
        #expect(try reloader.outcome() == "three")
        try policies.write(Policies.text("four"), "b.yaml")
        #expect(try reloader.outcome() == "four three")
        try policies.remove("a.yaml")
        #expect(try reloader.outcome() == "four")
        try policies.remove("b.yaml")
        #expect(
            try reloader.outcome()
                == "policies:1:1: holds no policy; write one, or say --allow-empty"
        )
    }

    @Test func anEmptyFolderIsFineWhereThatIsWanted() throws {
        try policies.write(Policies.text("one"))
        let reloader = try policies.reloader(policies.source(allowEmpty: true))
        try policies.remove("a.yaml")
        #expect(try reloader.outcome() == "")
        try policies.removeAll()
        #expect(try reloader.outcome() == "policies:1:1: cannot be read: No such file or directory")
    }

    @Test func whatIsWrongIsToldAndForgottenWhenItIsMended() throws {
        try policies.write(Policies.text("one"))
        let reloader = try policies.reloader(policies.source())
        try policies.save(Policies.text("one", rule: "no-exce"))
        #expect(
            try reloader.outcome()?.hasPrefix("a.yaml:4:14: there is no rule \"no-exce\"") == true)
        #expect(try reloader.rests())
        try policies.save(Policies.text("one"))
        #expect(try reloader.outcome() == "one")
    }

    @Test func oneFileIsWatchedThroughItsFolder() throws {
        try policies.publish("1", ["a.yaml": Policies.text("one")])
        let reloader = try policies.reloader(policies.source("a.yaml"))
        try policies.write(Policies.text("other"), "b.yaml")
        #expect(try reloader.rests())
        try policies.publish("2", ["a.yaml": Policies.text("two")])
        #expect(try reloader.outcome() == "two")
        try policies.remove("a.yaml")
        #expect(try reloader.outcome() == "a.yaml:1:1: cannot be read: No such file or directory")
        try policies.write(Policies.text("three"))
        #expect(try reloader.outcome() == "three")
    }

    @Test func aFolderThatGoesIsFoundAgain() throws {
        try policies.write(Policies.text("one"))
        let reloader = try policies.reloader(policies.source())
        try policies.removeAll()
        #expect(try reloader.outcome() == "policies:1:1: cannot be read: No such file or directory")
        #expect(reloader.blindness != nil)
        #expect(try reloader.rests())
        try policies.create()
        try policies.write(Policies.text("two"))
        #expect(try reloader.outcome()?.hasSuffix("two") == true)
        #expect(reloader.blindness == nil)
        // It is the new folder that is watched.
        try policies.write(Policies.text("three"))
        #expect(try reloader.outcome() == "three")
    }

    @Test func aFolderThatIsReplacedIsFollowed() throws {
        try policies.write(Policies.text("one"))
        let reloader = try policies.reloader(policies.source())
        for name in ["two", "three"] {
            try move(policies.path, to: "\(policies.path)-before-\(name)")
            try policies.create()
            try policies.write(Policies.text(name))
            #expect(try reloader.outcome() == name)
        }
    }

    @Test func aLinkToAFolderIsFollowed() throws {
        let other = try Policies()
        try policies.write(Policies.text("one"))
        try other.write(Policies.text("two"))
        let link = "\(policies.path)-link"
        try makeLink(link, to: policies.path)
        let source = PolicySource(path: link, enforcement: .declared, allowEmpty: false)
        let reloader = try policies.reloader(source)
        try makeLink("\(link)-new", to: other.path)
        try move("\(link)-new", to: link)
        #expect(try reloader.outcome() == "two")
        try other.write(Policies.text("three"))
        #expect(try reloader.outcome() == "three")
    }

    @Test func whatNoWatchTellsIsFoundByReading() throws {
        let other = try Policies()
        try other.write(Policies.text("one"), "target")
        try makeLink("\(policies.path)/a.yaml", to: "\(other.path)/target")
        let reloader = try policies.reloader(policies.source(), rescan: 100_000_000)
        try other.write(Policies.text("two"), "target")
        #expect(try reloader.outcome() == "two")
    }

    @Test func aChangeBetweenTheStartAndTheWatchIsFound() throws {
        try policies.write(Policies.text("one"))
        let source = policies.source()
        let loaded = try source.load(PolicyFolder.read(source.path))
        try policies.write(Policies.text("two"))
        let reloader = Reloader(
            source, loaded: loaded, times: ReloadTimes(), now: Clock.monotonicNanoseconds())
        #expect(try reloader.outcome() == "two")
    }

    @Test func nobodyWaitsForAPipe() throws {
        try policies.write(Policies.text("one"))
        let reloader = try policies.reloader(policies.source())
        #expect(unsafe mkfifo("\(policies.path)/b.yaml", 0o600) == 0)
        #expect(try reloader.outcome() == "b.yaml:1:1: cannot be read: Invalid argument")
    }

    @Test func askedItReadsAtOnceAndSaysWhatItFound() throws {
        try policies.write(Policies.text("one"))
        let reloader = try policies.reloader(policies.source())
        #expect(reloader.reload(Clock.monotonicNanoseconds()).text == "one")
        try policies.write(Policies.text("two"))
        #expect(reloader.reload(Clock.monotonicNanoseconds()).text == "two")
        try policies.write("kind: Nonsense\n")
        for _ in 0..<2 {
            let text = reloader.reload(Clock.monotonicNanoseconds()).text
            #expect(text.hasPrefix("a.yaml:1:"))
        }
        #expect(try reloader.rests())
    }

    /// A folder that is swapped again and again is taken as it was at one time, or not at all.
    @Test func neverIsHalfOfASetTaken() throws {
        let policies = policies
        @Sendable func texts(_ version: Int) -> [String: String] {
            ["a.yaml", "b.yaml", "c.yaml"].reduce(into: [:]) { texts, file in
                texts[file] = Policies.text("\(file.prefix(1)).\(version)")
            }
        }
        try policies.publish("0", texts(0))
        let reloader = try policies.reloader(policies.source(), longest: 5_000_000)
        let isEnding = Lock(false)
        let publisher = try Posix.Thread.spawn(name: "publisher", stackSize: 1 << 20) {
            var version = 0
            while !isEnding.withLock({ $0 }) {
                version += 1
                try? policies.publish("\(version)", texts(version))
            }
        }
        var loaded = 0
        let end = Clock.monotonicNanoseconds() + 1_000_000_000
        while Clock.monotonicNanoseconds() < end {
            guard let outcome = try reloader.outcome(seconds: 1) else { continue }
            if outcome.contains(":1:1: ") { continue }
            loaded += 1
            let versions = outcome.split(separator: " ").map { $0.dropFirst(2) }
            #expect(versions.count == 3 && Set(versions).count == 1, "\(outcome)")
        }
        isEnding.withLock { $0 = true }
        publisher.join()
        #expect(loaded > 0)
    }
}
