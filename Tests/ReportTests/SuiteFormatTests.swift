import Document
import Policy
import Testing

@testable import Report

@Suite struct SuiteFormatTests {
    /// One test that passes, one that fails twice over, one that cannot be run.
    private static func report() -> SuiteReport {
        runSuite(
            suiteText(
                """
                - name: a pinned image is let in
                  object: \(pod())
                  expect: {violations: []}
                - name: one that is not is "denied" & <told>
                  object: \(pod(image: "nginx"))
                  expect:
                    decision: allowed
                    violations: [{rule: no-ssh}]
                - name: a manifest is there
                  resources: [gone.yaml]
                  expect: {violations: []}
                """))
    }

    private static let found =
        "rule image-digest, policy pinned-images, field spec.containers[0].image, message "
        + "container \"web\" has the image \"nginx\", which is not pinned by a digest, object Pod "
        + "default/web, action Deny"

    private func written(_ report: SuiteReport, _ format: SuiteFormat) -> String {
        String(decoding: format.write(report), as: UTF8.self)
    }

    @Test func `writes a table for people`() {
        #expect(
            written(Self.report(), .table) == """
                suites/a.yaml: tested
                  pass   a pinned image is let in
                  FAIL   one that is not is "denied" & <told>
                         suites/a.yaml:13:17: decision
                           - allowed
                           + denied
                         suites/a.yaml:14:19: violations
                           - line 14: rule no-ssh
                           + \(Self.found)
                  ERROR  a manifest is there
                         suites/a.yaml:16:17: the manifest suites/gone.yaml cannot be read: no \
                such file

                policies that no test sees violated (3 of 3):
                  pinned-images (suites/policies.yaml)
                  read-only-roots (suites/policies.yaml)
                  shells (suites/policies.yaml)
                3 tests in 1 suite: 1 passed, 1 failed, 1 could not be run

                """)
    }

    @Test func `a table says that every policy is covered`() {
        let text = suiteText(
            "- {name: a, object: \(pod(image: "x")), expect: {violations: [{rule: image-digest}]}}")
        var runner = SuiteRunner(
            Surroundings(files: ["suites/policies.yaml": policy("a", rule: "image-digest")]))
        runner.run(PolicyFile(name: "suites/a.yaml", bytes: Array(text.utf8)))
        #expect(
            written(runner.finish(), .table) == """
                suites/a.yaml: tested
                  pass   a

                every policy is seen violated by a test (1)
                1 test in 1 suite: 1 passed

                """)
    }

    @Test func `a table of a suite that could not be run says why`() {
        var runner = SuiteRunner(Surroundings())
        runner.add("cannot be read: no such file", of: "b\u{1B}.yaml")
        #expect(
            written(runner.finish(), .table) == """
                b .yaml
                  ERROR  b .yaml:1:1: cannot be read: no such file

                1 test in 1 suite: 1 could not be run

                """)
    }

    @Test func `writes JUnit for CI systems`() {
        let found = Self.found.replacing("\"", with: "&quot;")
        #expect(
            written(Self.report(), .junit) == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites name="cattleguard" tests="3" failures="1" errors="1">
                  <testsuite name="tested" file="suites/a.yaml" tests="3" failures="1" errors="1" \
                skipped="0">
                    <testcase name="a pinned image is let in" classname="tested" \
                file="suites/a.yaml" line="7"/>
                    <testcase name="one that is not is &quot;denied&quot; &amp; &lt;told&gt;" \
                classname="tested" file="suites/a.yaml" line="10">
                      <failure message="decision: expected allowed, found denied; violations: 1 \
                expected and not found, 1 found and not expected">suites/a.yaml:13:17: decision
                  - allowed
                  + denied
                suites/a.yaml:14:19: violations
                  - line 14: rule no-ssh
                  + \(found)</failure>
                    </testcase>
                    <testcase name="a manifest is there" classname="tested" file="suites/a.yaml" \
                line="15">
                      <error message="the manifest suites/gone.yaml cannot be read: no such file">\
                suites/a.yaml:16:17: the manifest suites/gone.yaml cannot be read: no such file\
                </error>
                    </testcase>
                  </testsuite>
                </testsuites>

                """)
    }

    @Test func `a suite that could not be run is a JUnit test with an error`() {
        let report = runSuite("kind: TestSuite\napiVersion: cattleguard.dev/v1\nspec: {}")
        #expect(
            written(report, .junit).contains(
                """
                <testcase name="the suite can be run" classname="suites/a.yaml" \
                file="suites/a.yaml" line="1">
                      <error message="the suite cannot be run">suites/a.yaml:1:1: name is missing; \
                expected the suite's name
                """))
    }

    @Test(arguments: [
        ("plain", "plain"), ("<&>\"'", "&lt;&amp;&gt;&quot;'"), ("a\tb\r\nc", "a&#9;b&#13;&#10;c"),
        ("\0\u{1}\u{8}\u{B}\u{C}\u{1F}", String(repeating: "\u{FFFD}", count: 6)),
        ("\u{FFFE}\u{FFFF}\u{FFFD}", "\u{FFFD}\u{FFFD}\u{FFFD}"), ("]]>", "]]&gt;"),
        ("\u{7F}\u{85}\u{D7FF}\u{E000}\u{10FFFF}é", "\u{7F}\u{85}\u{D7FF}\u{E000}\u{10FFFF}é"),
    ])
    func `XML holds any text`(text: String, xml: String) {
        #expect(text.xml == xml)
    }

    @Test func `writes JSON for programs`() throws {
        let document = Document()
        let bytes = SuiteFormat.json.write(Self.report())
        try JSONReader.read(bytes, limits: .manifestJSON, into: document)
        let root = try #require(document.root)
        #expect(root["version"]?.integer == 1)
        #expect(root["outcome"]?.string == "unchecked")
        let counts = ["suites", "tests", "passed", "failed", "unchecked"]
        #expect(counts.map { root["counts"]?[$0]?.integer } == [1, 3, 1, 1, 1])
        let suite = try #require(root["suites"]?.elements.map { $0 }.first)
        #expect(suite["file"]?.string == "suites/a.yaml")
        #expect(suite["name"]?.string == "tested")
        let tests = try #require(suite["tests"]).elements.map { $0 }
        #expect(tests.map { $0["outcome"]?.string } == ["passed", "failed", "unchecked"])
        #expect(tests.map { $0["line"]?.integer } == [7, 10, 15])
        let mismatches = try #require(tests[1]["mismatches"]).elements.map { $0 }
        #expect(mismatches.map { $0["subject"]?.string } == ["decision", "violations"])
        #expect(mismatches[1]["found"]?.elements.map(\.string) == [Self.found])
        let expected = mismatches[1]["expected"]?.elements.map { $0 }.first
        #expect(expected?["text"]?.string == "rule no-ssh")
        #expect(expected?["line"]?.integer == 14)
        let problem = tests[2]["problems"]?.elements.map { $0 }.first
        #expect(problem?["file"]?.string == "suites/a.yaml")
        #expect(problem?["line"]?.integer == 16)
        let coverage = try #require(root["coverage"]).elements.map { $0 }
        #expect(coverage.map { $0["policy"]?.string }.count == 3)
        #expect(coverage.map { $0["covered"]?.boolean } == [false, false, false])
        #expect(root["exceptions"]?.count == 0)
    }
}
