import Document
import Policy
import Testing

@testable import Report

/// What suites expect of exceptions, at the moments that they state.
@Suite struct SuiteExceptionTests {
    private static func exception(
        _ name: String, until end: String = "2026-12-01T00:00:00Z", _ match: String
    ) -> String {
        """
        ---
        apiVersion: cattleguard.dev/v1
        kind: PolicyException
        metadata: {name: \(name)}
        spec: {policies: [pinned-images], match: \(match), reason: late, expiresAt: \(end)}

        """
    }

    private static let files = [
        "suites/policies.yaml": policy("pinned-images", rule: "image-digest")
            + exception("alpine", "{images: ['*/alpine']}")
            + exception("nginx", until: "2026-12-01T01:00:00+01:00", "{images: ['*/nginx']}")
    ]

    /// Runs a suite at 2026-11-01, unless it says something else.
    private static func run(
        _ tests: String, spec: String = "policies: policies.yaml", files: [String: String] = files,
        selection: Glob? = nil
    ) -> SuiteReport {
        var runner = SuiteRunner(Surroundings(files: files), selection: selection)
        let text = suiteText(tests, spec: spec)
        runner.run(PolicyFile(name: "suites/a.yaml", bytes: Array(text.utf8)))
        return runner.finish()
    }

    private static let nginx = "object: \(pod(image: "nginx"))"
    private static let used = "expect: {decision: allowed, violations: [], exceptions: [nginx]}"
    private static let denied =
        "expect: {decision: denied, violations: [{rule: image-digest}], exceptions: []}"
    private static let review = """
        {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u",\
        "kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1",\
        "resource":"pods"},"name":"web","namespace":"shop","operation":"CREATE","userInfo":\
        {"username":"alice"},"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},\
        "spec":{"containers":[{"name":"web","image":"nginx"}]}}}}
        """

    @Test(arguments: [
        "", "now: 2026-11-30T23:59:59Z, ", "now: 2026-11-30T23:59:59.999999999Z, ",
        "now: 2026-12-01T00:59:59+01:00, ",
    ])
    func `an exception is used until the moment before its end`(now: String) {
        for input in [
            Self.nginx, "\(Self.nginx), user: alice", "review: r.json",
            "\(Self.nginx), oldObject: \(pod()), operation: UPDATE",
        ] {
            let files = Self.files.merging(["suites/r.json": Self.review]) { $1 }
            let report = Self.run("- {name: a, \(now)\(input), \(Self.used)}", files: files)
            #expect(problems(of: report) == [])
            #expect(mismatches(of: report) == [])
        }
    }

    @Test(arguments: [
        "2026-12-01T00:00:00Z", "2026-12-01T01:00:00+01:00", "9999-12-31T23:59:59Z",
    ])
    func `from its end on it is not`(now: String) {
        for input in [Self.nginx, "\(Self.nginx), user: alice"] {
            let test = "- {name: a, now: '\(now)', \(input), \(Self.denied)}"
            #expect(mismatches(of: Self.run(test)) == [])
        }
    }

    @Test func `a test's moment comes before the suite's, and that before the clock's`() {
        let report = Self.run(
            """
            - {name: a, \(Self.nginx), \(Self.denied)}
            - {name: b, now: 2026-11-30T23:59:59Z, \(Self.nginx), \(Self.used)}
            """, spec: "policies: policies.yaml\n  now: 2026-12-01T00:00:00Z")
        #expect(problems(of: report) == [])
        #expect(mismatches(of: report) == [])
    }

    /// An expectation, and what is other than it.
    static let comparisons: [(String, [String])] = [
        ("object: \(pod()), expect: {exceptions: []}", []),
        ("\(nginx), expect: {exceptions: [nginx]}", []),
        // What is not said is not compared.
        ("\(nginx), expect: {decision: allowed}", []),
        ("\(nginx), expect: {exceptions: []}", ["7: + nginx"]),
        ("object: \(pod()), expect: {exceptions: [nginx]}", ["7: - nginx"]),
        ("\(nginx), expect: {exceptions: [alpine]}", ["7: - alpine", "7: + nginx"]),
        (
            "\(nginx), now: '2026-12-01T00:00:00Z', expect: {exceptions: [nginx]}",
            ["7: - nginx, which ended at 2026-12-01T01:00:00+01:00"]
        ),
    ]

    @Test(arguments: comparisons)
    func `says which exceptions are other than expected`(test: String, found: [String]) {
        let report = Self.run("- {name: a, \(test)}")
        #expect(problems(of: report) == [])
        #expect(mismatches(of: report) == found)
        #expect(report.suites[0].tests[0].mismatches.allSatisfy { $0.subject == "exceptions" })
    }

    @Test func `an exception that is not there cannot be expected`() {
        let tests = """
            - {name: a, object: {}, expect: {exceptions: [nginxs, shop]}}
            - {name: b, object: {}, expect: {violations: [{policy: pinned}], exceptions: [nginx]}}
            """
        #expect(
            problems(of: Self.run(tests)) == [
                "suites/a.yaml:7:49: there is no exception \"nginxs\" (did you mean \"nginx\"?); "
                    + "the suite's are alpine, nginx",
                "suites/a.yaml:7:57: there is no exception \"shop\"; the suite's are alpine, nginx",
                "suites/a.yaml:8:58: there is no policy \"pinned\"; the suite's are pinned-images",
            ])
        let files = ["suites/policies.yaml": policy("a", rule: "no-exec")]
        let test = "- {name: a, object: {}, expect: {exceptions: [nginx]}}"
        #expect(
            problems(of: Self.run(test, files: files)) == [
                "suites/a.yaml:7:49: there is no exception \"nginx\"; the suite has none"
            ])
    }

    @Test func `tells which exceptions no test sees used`() {
        let tests = "- {name: a, \(Self.nginx), \(Self.used)}"
        let alpine = "\n- {name: b, object: \(pod(image: "alpine")), expect: {decision: allowed}}"
        let exceptions = Self.run(tests + alpine).exceptions ?? []
        // Used, and not expected to be: the test would pass as well with another one.
        #expect(
            exceptions.map { "\($0.exception) \($0.isCovered)" } == ["alpine false", "nginx true"])
        #expect(Self.run(tests, selection: Glob("a")).exceptions == nil)
    }

    @Test func `reports show it`() {
        let report = Self.run(
            """
            - name: a
              \(Self.nginx)
              expect: {exceptions: [alpine]}
            """)
        #expect(
            String(decoding: SuiteFormat.table.write(report), as: UTF8.self) == """
                suites/a.yaml: tested
                  FAIL   a
                         suites/a.yaml:9:26: exceptions
                           - line 9: alpine
                           + nginx

                policies that no test sees violated (1 of 1):
                  pinned-images (suites/policies.yaml)
                exceptions that no test sees used (2 of 2):
                  alpine (suites/policies.yaml)
                  nginx (suites/policies.yaml)
                1 test in 1 suite: 1 failed

                """)
        let json = String(decoding: SuiteFormat.json.write(report), as: UTF8.self)
        #expect(
            json.contains(
                #""exceptions":[{"exception":"alpine","file":"suites/policies.yaml","#
                    + #""covered":false},"#))
        let junit = String(decoding: SuiteFormat.junit.write(report), as: UTF8.self)
        #expect(
            junit.contains("exceptions: 1 expected and not found, 1 found and not expected"))
        let covered = Self.run(
            "- {name: a, \(Self.nginx), \(Self.used)}",
            files: [
                "suites/policies.yaml": policy("pinned-images", rule: "image-digest")
                    + Self.exception("nginx", "{images: ['*/nginx']}")
            ])
        #expect(
            String(decoding: SuiteFormat.table.write(covered), as: UTF8.self).hasSuffix(
                """
                  pinned-images (suites/policies.yaml)
                every exception is seen used by a test (1)
                1 test in 1 suite: 1 passed

                """))
    }
}
