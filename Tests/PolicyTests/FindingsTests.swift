import Document
import Testing

@testable import Policy

/// A verdict lists so much of one policy; the rest is a number, and still denies.
@Suite struct FindingsTests {
    private static let limit = Findings.listedOfPolicy

    private static func pod(_ count: Int, image: String = "x", extra: String = "") -> String {
        let containers = (0..<count).map { "{name: c\($0), image: \(image)}" }
        return "{apiVersion: v1, kind: Pod, metadata: {name: web\(extra)}, "
            + "spec: {containers: [\(containers.joined(separator: ","))]}}"
    }

    @Test(arguments: [
        (limit, []), (limit + 1, ["1 more violation is not listed"]),
        (limit + 2, ["2 more violations are not listed"]),
    ])
    func listsUpToALimit(count: Int, rest: [String]) throws {
        let verdict = try policySet("image-digest").evaluate(subject(Self.pod(count)))
        #expect(verdict.violations.count == Self.limit + rest.count)
        #expect(verdict.violations.dropFirst(Self.limit).map(\.message) == rest)
        #expect(!verdict.isAllowed)
    }

    /// What is beyond the limit is compared by its number.
    @Test func anUpdateIsJudgedByWhatItAdds() throws {
        let set = try policySet("image-digest")
        let old = Self.pod(Self.limit + 5)
        let same = try request(
            .update, Self.pod(Self.limit + 5, extra: ", labels: {a: b}"), old: old)
        #expect(set.evaluate(same).violations.isEmpty)
        let more = try request(.update, Self.pod(Self.limit + 6), old: old)
        #expect(set.evaluate(more).violations.map(\.message) == ["1 more violation is not listed"])
    }

    /// A long path that thousands of mounts share, not in ASCII: each message is cut by itself.
    @Test func longMessagesTakeTimeAndRoomOfTheirNumber() throws {
        let mounts = (0..<5_000).map { "{name: v, mountPath: /\($0)}" }
        let path = "/" + String(repeating: "é", count: 2_000)
        let pod =
            "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {volumes: [{name: v, "
            + "hostPath: {path: \"\(path)\"}}], containers: [{name: c, image: x, "
            + "volumeMounts: [\(mounts.joined(separator: ","))]}]}}"
        let set = try policySet("no-host-mutation")
        let subject = try subject(pod)
        var verdict = Verdict()
        // Copied for each, the text would be some ten gigabytes.
        #expect(processorTime { verdict = set.evaluate(subject) } < .seconds(20))
        #expect(verdict.objections.count > 4_000)
        #expect(verdict.text.count <= Findings.listedBytesOfPolicy + 4_096)
    }

    @Test func whatIsWrongFillsOneTextAndNoMore() throws {
        let image = String(repeating: "x", count: 2_000)
        let set = try policySet("image-digest")
        let verdict = set.evaluate(try subject(Self.pod(8_000, image: image)))
        let last = try #require(verdict.violations.last)
        #expect(last.message.hasSuffix(" more violations are not listed"))
        #expect(verdict.text.count <= Findings.listedBytesOfPolicy + 4_096)
    }

    /// A million wrong places are counted and not told.
    @Test func findingsBeyondTheLimitAreNotMade() {
        var findings = Findings(limit: 1)
        var made = 0
        func message() -> Text {
            made += 1
            return ""
        }
        for _ in 0..<1_000 {
            findings.append(
                check: "", element: "", value: "", path: .root, message: message(), fix: "")
        }
        #expect(made == 1)
        #expect(findings.listed.count == 1)
        #expect(findings.omitted == 999)
    }

    /// Subjects that leave different things behind: many findings, none, an object that cannot be
    /// read, an update of which some is forgiven, or all.
    private static func subjects() throws -> [Subject] {
        try [
            subject(pod(3)), subject(pod(1_000, image: "other")),
            subject("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {}}"),
            request(.update, pod(3), old: pod(2)), request(.update, pod(3), old: pod(3)),
            subject("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: []}"),
            subject(pod(2)),
        ]
    }

    /// What an evaluation takes over from the one before is memory and nothing else.
    @Test func evaluationsInOneMemoryAreAsThoseInTheirOwn() throws {
        let set = try policySet("image-digest")
        var memory = EvaluationMemory()
        for (subject, count) in zip(try Self.subjects(), [3, 1_000, 0, 1, 0, 1, 2]) {
            // Neither verdict outlives its turn: the next is written over it.
            let alone = set.evaluate(subject, at: anyMoment)
            let verdict = set.evaluate(subject, at: anyMoment, using: &memory)
            #expect(verdict.violations == alone.violations)
            #expect(verdict.violations.count == count)
            #expect(verdict.text == alone.text)
        }
    }

    @Test func aVerdictThatSomebodyKeepsStaysAsItIs() throws {
        let set = try policySet("image-digest")
        var memory = EvaluationMemory()
        let together = try Self.subjects().map {
            set.evaluate($0, at: anyMoment, using: &memory)
        }
        let alone = try Self.subjects().map { set.evaluate($0, at: anyMoment) }
        #expect(together.map(\.violations) == alone.map(\.violations))
    }

    /// What is forgiven leaves no words behind: they would fill the room of those that count.
    @Test func forgivenUpdatesCanBeRepeatedForEver() throws {
        let set = try policySet("image-digest")
        let image = String(repeating: "x", count: 2_000)
        let update = try request(
            .update, Self.pod(4, image: image), old: Self.pod(4, image: image))
        var memory = EvaluationMemory()
        // Each time some 9 KB of words, and 4 MiB are what one policy may say.
        for _ in 0..<1_000 {
            let verdict = set.evaluate(update, at: anyMoment, using: &memory)
            try #require(verdict.isAllowed && verdict.text.isEmpty)
        }
    }
}
