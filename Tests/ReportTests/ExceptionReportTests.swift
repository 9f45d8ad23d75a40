import Document
import Policy
import Testing

@testable import Report

/// What a check says of what exceptions let pass.
@Suite struct ExceptionReportTests {
    private static let exception = """
        ---
        apiVersion: cattleguard.dev/v1
        kind: PolicyException
        metadata: {name: hotfix}
        spec:
          policies: [pinned-images]
          match: {images: ["*/nginx"]}
          reason: "INC-1: no digest yet"
          expiresAt: 2026-12-01T01:00:00+01:00
        """

    private static let manifest = """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - {name: a, image: "nginx:1.27"}
          - {name: b, image: "redis:8"}
          - {name: c, image: "nginx:1.28"}
        """

    private static func policies() throws -> PolicySet {
        try policySet(policy("pinned-images", rule: "image-digest"), exception)
    }

    private static let end = Moment(seconds: 1_796_083_200)

    @Test func inText() throws {
        let report = report(Self.manifest, try Self.policies())
        let violation = report.findings[0].violation
        func excepted(_ container: String, _ image: String) -> String {
            "excepted image-digest: container \"\(container)\" has the image \"\(image)\", which "
                + "is not pinned by a digest (exception hotfix until 2026-12-01T01:00:00+01:00)"
        }
        #expect(
            String(decoding: TextFormat.write(report), as: UTF8.self) == """
                web.yaml:7:22: deny image-digest: \(violation.message)
                    Pod default/web, spec.containers[1].image, policy pinned-images
                    fix: \(violation.fix)

                web.yaml:6:22: \(excepted("a", "nginx:1.27"))
                web.yaml:8:22: \(excepted("c", "nginx:1.28"))

                1 object in 1 file: 1 violation (1 deny), 2 excepted

                """)
    }

    @Test func inJSON() throws {
        let report = report(Self.manifest, try Self.policies())
        let document = Document()
        try JSONReader.read(JSONFormat.write(report), limits: .manifestJSON, into: document)
        let root = try #require(document.root)
        #expect(root["outcome"]?.string == "denied")
        #expect(root["counts"]?["denied"]?.integer == 1)
        #expect(root["counts"]?["excepted"]?.integer == 2)
        #expect(root["findings"]?.elements.map { $0["line"]?.integer } == [7])
        let excepted = root["excepted"]?.elements.map { $0 } ?? []
        #expect(excepted.map { $0["line"]?.integer } == [6, 8])
        let names = [
            "action", "rule", "policy", "file", "field", "exception", "expiresAt", "reason",
        ]
        #expect(
            names.map { excepted.first?[$0]?.string } == [
                "Deny", "image-digest", "pinned-images", "web.yaml", "spec.containers[0].image",
                "hotfix", "2026-12-01T01:00:00+01:00", "INC-1: no digest yet",
            ])
        #expect(root["findings"]?.elements.first { _ in true }?["exception"] == nil)
    }

    /// What is excepted fails nothing, before its end; from its end on it is denied.
    @Test func theClockIsInjected() throws {
        let manifest = Self.manifest.replacing("redis:8", with: "nginx:8")
        let before = report(
            manifest, try Self.policies(),
            at: Moment(seconds: Self.end.seconds - 1, nanoseconds: 999_999_999))
        #expect(before.outcome == .passed)
        #expect(before.counts.excepted == 3)
        #expect(before.excepted.map(\.exception?.name) == ["hotfix", "hotfix", "hotfix"])
        let after = report(manifest, try Self.policies(), at: Self.end)
        #expect(after.outcome == .denied)
        #expect(after.counts.denied == 3)
        #expect(after.counts.excepted == 0)
    }

    @Test(arguments: [(2, ""), (1, "… and 1 more, counted but not listed\n")])
    func listedUpToALimit(listed: Int, text: String) throws {
        var limits = CheckLimits()
        limits.listed = listed
        let report = report(Self.manifest, try Self.policies(), limits: limits)
        #expect(report.counts.excepted == 2)
        #expect(report.excepted.count == listed)
        let written = String(decoding: TextFormat.write(report), as: UTF8.self)
        #expect(written.contains(text))
        #expect(written.contains("…") == !text.isEmpty)
    }
}
