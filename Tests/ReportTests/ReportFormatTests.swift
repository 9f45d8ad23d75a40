import Document
import Policy
import Testing

@testable import Report

@Suite struct ReportFormatTests {
    private static let manifest = """
        apiVersion: v1
        kind: List
        items:
        - apiVersion: v1
          kind: Pod
          metadata: {name: "web"}
          spec:
            containers:
            - {name: web, image: "nginx:1.27", securityContext: {readOnlyRootFilesystem: true}}
        ---
        values: 1
        ---
        kind: Pod
        """

    private func written(_ format: any ReportFormat.Type, _ report: CheckReport) -> String {
        String(decoding: format.write(report), as: UTF8.self)
    }

    @Test func `writes text for people`() throws {
        let report = report(Self.manifest, try strictPolicies())
        let violation = report.findings[0].violation
        #expect(
            written(TextFormat.self, report) == """
                web.yaml:9:26: deny image-digest: \(violation.message)
                    Pod default/web, spec.containers[0].image, policy pinned-images
                    fix: \(violation.fix)

                web.yaml:13:1: error: \(report.problems[0].message)

                web.yaml:11:1: skipped: no Kubernetes object (neither apiVersion nor kind)
                not applicable to manifests: no-exec
                1 object in 1 file: 1 violation (1 deny); 1 ERROR: not all could be checked

                """)
    }

    @Test(arguments: [
        (0, 0, 0, "no violations"), (1, 0, 0, "1 violation (1 deny)"),
        (2, 1, 3, "6 violations (2 deny, 1 warn, 3 audit)"), (0, 1, 0, "1 violation (1 warn)"),
    ])
    func `sums up in one line`(denied: Int, warned: Int, audited: Int, text: String) {
        var report = CheckReport()
        report.counts.sources = 1
        report.counts.objects = 2
        report.counts.denied = denied
        report.counts.warned = warned
        report.counts.audited = audited
        let last = written(TextFormat.self, report).split(separator: "\n").last
        #expect(last == "2 objects in 1 file: \(text)")
    }

    @Test func `writes JSON for programs`() throws {
        let report = report(Self.manifest, try strictPolicies())
        let text = JSONFormat.write(report)
        let document = Document()
        try JSONReader.read(text, limits: .manifestJSON, into: document)
        let root = try #require(document.root)
        #expect(root["version"]?.integer == 1)
        #expect(root["outcome"]?.string == "unchecked")
        #expect(root["counts"]?["documents"]?.integer == 3)
        #expect(root["counts"]?["denied"]?.integer == 1)
        #expect(root["counts"]?["problems"]?.integer == 1)
        let finding = root["findings"]?.elements.map { $0 }.first
        let strings = ["action", "rule", "policy", "file", "field", "message", "fix"]
        #expect(
            strings.map { finding?[$0]?.string } == [
                "Deny", "image-digest", "pinned-images", "web.yaml", "spec.containers[0].image",
                report.findings[0].violation.message, report.findings[0].violation.fix,
            ])
        #expect(["document", "line", "column"].map { finding?[$0]?.integer } == [1, 9, 26])
        let object = finding?["object"]
        #expect(
            ["apiVersion", "kind", "namespace", "name", "path"].map { object?[$0]?.string }
                == ["v1", "Pod", "default", "web", "items[0]"])
        let problem = root["problems"]?.elements.map { $0 }.first
        #expect(["document", "line", "column"].map { problem?[$0]?.integer } == [3, 13, 1])
        #expect(
            problem?["message"]?.string
                == "expected a Kubernetes object with apiVersion, a string; found none")
        #expect(root["skipped"]?.elements.map { $0["line"]?.integer } == [11])
        #expect(root["notApplicable"]?.elements.map { $0["rule"]?.string } == ["no-exec"])
    }

    @Test func `writes an empty report`() {
        #expect(
            written(JSONFormat.self, CheckReport()) == """
                {"version":1,"outcome":"passed","counts":{"sources":0,"documents":0,"objects":0,\
                "denied":0,"warned":0,"audited":0,"excepted":0,"problems":0,"uncovered":0},\
                "findings":[],"excepted":[],"problems":[],"skipped":[],"uncovered":[],\
                "notApplicable":[]}

                """)
    }

    @Test func `lets no name break a line of text`() throws {
        let text = """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a\\nb\\u001b[31m"},
             "spec": {"containers": [{"name": "c\\nd", "image": "x\\ny"}]}}
            """
        let report = report(text, try policySet(policy("p", rule: "image-digest")), name: "a\nb")
        let written = written(TextFormat.self, report)
        #expect(written.split(separator: "\n", omittingEmptySubsequences: false).count == 6)
        #expect(!written.contains("\u{1B}"))
    }

    @Test func `finds formats by name`() {
        #expect(ReportFormats.named("text") is TextFormat.Type)
        #expect(ReportFormats.named("json") is JSONFormat.Type)
        #expect(ReportFormats.named("sarif") == nil)
        #expect(Set(ReportFormats.all.map { $0.mediaType }).count == ReportFormats.all.count)
    }

    @Test func `orders outcomes`() {
        #expect(CheckReport.Outcome.passed < .warned)
        #expect(CheckReport.Outcome.warned < .denied)
        #expect(CheckReport.Outcome.denied < .unchecked)
    }
}
