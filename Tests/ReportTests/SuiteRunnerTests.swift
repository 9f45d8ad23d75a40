import Document
import Policy
import Testing

@testable import Report

@Suite struct SuiteRunnerTests {
    /// A test, and what is other than it expects.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let mismatches: [String]

        init(_ text: String, _ mismatches: String...) {
            testDescription = text
            self.mismatches = mismatches
        }
    }

    private static let unpinned = "object: \(pod(image: "nginx"))"
    private static let both = "object: \(pod(image: "nginx", readOnly: false))"
    private static let digest =
        "rule image-digest, policy pinned-images, field spec.containers[0].image, message "
        + "container \"web\" has the image \"nginx\", which is not pinned by a digest, object Pod "
        + "default/web, action Deny"

    /// Every way in which a test can be wrong, and beside it the test that is right.
    static let comparisons: [Case] = [
        Case("object: \(pod()), expect: {decision: allowed, violations: []}"),
        Case("\(unpinned), expect: {decision: denied, violations: [{rule: image-digest}]}"),
        Case("\(unpinned), expect: {decision: allowed}", "7: - allowed", "7: + denied"),
        Case(
            "object: \(pod(readOnly: false)), expect: {decision: denied}", "7: - denied",
            "7: + warned"),
        Case("\(unpinned), expect: {violations: []}", "7: + \(digest)"),
        Case(
            "object: \(pod()), expect: {violations: [{rule: image-digest, action: Deny}]}",
            "7: - rule image-digest, action Deny"),
        Case(
            "\(unpinned), expect: {violations: [{rule: no-ssh}]}", "7: - rule no-ssh",
            "7: + \(digest)"),
        Case(
            "\(unpinned), expect: {violations: [{field: 'spec.containers[1].*'}]}",
            "7: - field spec.containers[1].*", "7: + \(digest)"),
        Case(
            "\(unpinned), expect: {violations: [{message: '*alpine*'}]}", "7: - message *alpine*",
            "7: + \(digest)"),
        Case(
            "\(unpinned), expect: {violations: [{policy: read-only-roots}]}",
            "7: - policy read-only-roots", "7: + \(digest)"),
        Case(
            "\(unpinned), expect: {violations: [{action: Warn}]}", "7: - action Warn",
            "7: + \(digest)"),
        Case(
            "\(unpinned), expect: {violations: [{object: Pod shop/web}]}",
            "7: - object Pod shop/web", "7: + \(digest)"),
        Case(
            "\(unpinned), namespace: shop, expect: {violations: [{object: 'Pod shop/*', policy: "
                + "pinned-images, field: 'spec.containers[?].image', message: '*\"nginx\"*'}]}"),
        Case("\(both), expect: {violations: [{field: '*'}]}"),
        Case(
            "\(both), expect: {violations: [{rule: read-only-root-filesystem, action: Audit}]}",
            "7: + \(digest)"),
        Case(
            "\(both), expect: {violations: [{action: Audit}], otherViolations: true}"),
        Case(
            "\(both), expect: {violations: [{rule: no-ssh}], otherViolations: true}",
            "7: - rule no-ssh"),
    ]

    @Test(arguments: comparisons)
    func `says what is other than expected`(test: Case) {
        let report = runSuite(suiteText("- {name: a, \(test.testDescription)}"))
        #expect(problems(of: report) == [])
        #expect(mismatches(of: report) == test.mismatches)
        #expect(report.outcome == (test.mismatches.isEmpty ? .passed : .failed))
    }

    private static let exec = "operation: CONNECT, resource: pods/exec, resourceName: web-0"
    private static let update = "operation: UPDATE, user: alice"
    private static let shell = """
        {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u",\
        "kind":{"group":"","version":"v1","kind":"PodExecOptions"},"resource":{"group":"",\
        "version":"v1","resource":"pods"},"subResource":"exec","name":"p","namespace":"shop",\
        "operation":"CONNECT","userInfo":{"username":"alice","groups":["developers"]},\
        "object":{"kind":"PodExecOptions","apiVersion":"v1","command":["sh"]}}}
        """

    static let requests: [Case] = [
        // Outside a cluster, nobody opens a shell; and in one, somebody does.
        Case("\(exec), expect: {decision: denied, violations: [{object: Pod default/web-0}]}"),
        Case(
            "\(exec), namespace: shop, object: {command: [id]}, expect: "
                + "{violations: [{message: '*\"id\"*', object: Pod shop/web-0}]}"),
        Case("\(exec), user: alice, groups: [operators], expect: {decision: allowed}"),
        Case("review: exec.json, expect: {violations: [{rule: no-exec, object: Pod shop/p}]}"),
        Case("review: exec.yaml, expect: {violations: [{rule: no-exec, object: Pod shop/p}]}"),
        Case("review: pod.json, expect: {violations: []}"),
        // An update is judged by what it changes, a deletion not at all.
        Case("\(unpinned), oldObject: \(pod(image: "nginx")), \(update), expect: {violations: []}"),
        Case(
            "\(unpinned), oldObject: \(pod()), \(update), expect: "
                + "{violations: [{rule: image-digest}]}"),
        Case("\(unpinned), operation: DELETE, expect: {violations: []}"),
        Case("\(unpinned), user: alice, resource: pods/status, expect: {violations: []}"),
        // Lists and files of several documents.
        Case(
            "resources: [two.yaml, list.json], expect: {violations: [{object: Pod default/a}, "
                + "{object: Pod default/b}, {object: Pod default/c}]}"),
        Case(
            "resources: [two.yaml], oldResources: [list.json, two.yaml], \(update), "
                + "expect: {decision: allowed}"),
    ]

    private static let files = [
        "suites/exec.json": shell, "suites/exec.yaml": "---\n" + shell,
        "suites/pod.json": shell.replacing("pods", with: "services"),
        "suites/two.yaml": "\(pod("a", image: "x"))\n---\n\(pod("b", image: "x"))",
        "suites/list.json": """
        {"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"c"},"spec":\
        {"containers":[{"name":"c","image":"x","securityContext":{"readOnlyRootFilesystem":true}}\
        ]}}]}
        """,
    ]

    @Test(arguments: requests)
    func `judges requests as the webhook does`(test: Case) {
        let report = runSuite(
            suiteText("- {name: a, \(test.testDescription)}"), files: Self.files)
        #expect(problems(of: report) == [])
        #expect(mismatches(of: report) == [])
    }

    private static let expect = "expect: {violations: []}"

    static let faults: [Case] = [
        Case(
            "resources: [gone.yaml], \(expect)",
            "suites/a.yaml:7:27: the manifest suites/gone.yaml cannot be read: no such file"),
        Case(
            "object: {}, oldResources: [../gone.yaml], operation: UPDATE, \(expect)",
            "suites/a.yaml:7:42: the stored objects gone.yaml cannot be read: no such file"),
        Case(
            "review: gone.json, \(expect)",
            "suites/a.yaml:7:23: the review suites/gone.json cannot be read: no such file"),
        Case(
            "resources: [two.yaml, bad.yaml], \(expect)",
            "suites/bad.yaml:2:7: expected a Kubernetes object with kind, a string; found a number"
        ),
        Case(
            "object: {kind: Pod}, \(expect)",
            "suites/a.yaml:7:23: expected a Kubernetes object with apiVersion, a string; found "
                + "none"),
        Case(
            "object: {a: b}, \(expect)", "suites/a.yaml:7:23: no Kubernetes object found"),
        Case(
            "object: \(pod("b")), oldObject: \(pod("a")), operation: UPDATE, \(expect)",
            "suites/a.yaml:7:5: Pod default/b is not among the stored objects"),
        Case(
            "review: list.json, \(expect)",
            "suites/a.yaml:7:23: kind is \"PodList\"; expected \"AdmissionReview\""),
        Case(
            "review: two.yaml, \(expect)",
            "suites/a.yaml:7:23: the review suites/two.yaml holds 2 documents; expected one"),
        Case(
            "review: broken.yaml, \(expect)",
            "suites/broken.yaml:2:1: did not find expected node content while parsing a flow node"),
    ]

    @Test(arguments: faults)
    func `says what cannot be judged, and where`(test: Case) {
        var files = Self.files
        files["suites/bad.yaml"] = "apiVersion: v1\nkind: 3"
        files["suites/broken.yaml"] = "{a: ["
        let report = runSuite(suiteText("- {name: a, \(test.testDescription)}"), files: files)
        #expect(problems(of: report) == test.mismatches)
        #expect(report.outcome == .unchecked)
        #expect(report.count(.unchecked) == 1)
    }

    @Test(arguments: [
        (
            "policies: gone.yaml",
            "suites/a.yaml:5:13: the policies suites/gone.yaml cannot be read: no such file"
        ),
        ("policies: [policies.yaml, bad.yaml]", "suites/bad.yaml:1:1: kind is missing"),
    ])
    func `a suite without its policies is not run`(spec: String, problem: String) {
        let text = suiteText("- {name: a, object: {}, \(Self.expect)}", spec: spec)
        let report = runSuite(text, files: ["suites/bad.yaml": "apiVersion: cattleguard.dev/v1"])
        #expect(problems(of: report).count == 1)
        #expect(problems(of: report)[0].hasPrefix(problem))
        #expect(report.outcome == .unchecked)
        #expect(report.suites[0].tests.isEmpty)
    }

    @Test func `a policy that is not there cannot be expected`() {
        let text = suiteText(
            "- {name: a, object: {}, expect: {violations: [{policy: pined-images}]}}")
        #expect(
            problems(of: runSuite(text)) == [
                "suites/a.yaml:7:58: there is no policy \"pined-images\" (did you mean "
                    + "\"pinned-images\"?); the suite's are pinned-images, read-only-roots, shells"
            ])
    }

    @Test func `the cap on actions is the suite's own`() {
        let text = suiteText(
            "- {name: a, \(Self.unpinned), expect: {decision: warned}}",
            spec: "policies: policies.yaml\n  enforcement: advisory")
        #expect(mismatches(of: runSuite(text)) == [])
    }

    @Test func `tells which policies no test sees violated`() {
        let report = runSuite(
            suiteText(
                """
                - {name: a, \(Self.both), expect: {violations: [{rule: image-digest}]}}
                - {name: b, \(Self.exec), expect: {decision: denied}}
                """))
        let coverage = report.coverage ?? []
        // What a failing test expects and finds is covered; what it finds besides is not.
        #expect(
            coverage.map { "\($0.policy) \($0.rule) \($0.isCovered)" } == [
                "pinned-images image-digest true",
                "read-only-roots read-only-root-filesystem false", "shells no-exec false",
            ])
        #expect(report.uncovered.map(\.policy) == ["read-only-roots", "shells"])
    }

    @Test func `runs the selected tests alone, and then says nothing of coverage`() {
        let text = suiteText(
            """
            - {name: a pod, object: \(pod()), \(Self.expect)}
            - {name: another, object: {}, \(Self.expect)}
            """)
        let report = runSuite(text, selection: Glob("a *"))
        #expect(report.suites.flatMap(\.tests).map(\.name) == ["a pod"])
        #expect(report.coverage == nil)
        #expect(runSuite(text, selection: Glob("b")).suites.isEmpty)
    }

    @Test(arguments: [
        ("alice", ["a"], ["a", "system:authenticated"]),
        ("alice", ["system:authenticated"], ["system:authenticated"]),
        ("system:anonymous", [], ["system:unauthenticated"]),
        (
            "system:serviceaccount:shop:default", [],
            ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"]
        ),
    ])
    func `a user is in the groups that Kubernetes adds`(
        user: String, named: [String], groups: [String]
    ) {
        #expect(SuiteRequest.groups(of: user, named: named) == groups)
    }

    @Test(arguments: [
        ("Pod", "pods"), ("Ingress", "ingresses"), ("NetworkPolicy", "networkpolicies"),
        ("Gateway", "gateways"), ("Endpoints", "endpoints"), ("StorageClass", "storageclasses"),
        ("Batch", "batches"),
    ])
    func `guesses a kind's resource`(kind: String, plural: String) {
        #expect(SuiteRequest.plural(of: kind) == plural)
    }

    /// An object of a request is written again as part of a review; one outside a cluster is not.
    @Test(arguments: [(512, true, true), (513, true, false), (10_000, false, true)])
    func `an object in JSON is of limited depth`(depth: Int, isRequest: Bool, isRead: Bool) {
        let inner = depth - 1
        let json =
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"x\":"
            + String(repeating: "[", count: inner) + String(repeating: "]", count: inner) + "}"
        let user = isRequest ? "user: alice, " : ""
        let report = runSuite(
            suiteText("- {name: a, \(user)resources: [deep.json], \(Self.expect)}"),
            files: ["suites/deep.json": json])
        #expect(problems(of: report).isEmpty == isRead, "\(problems(of: report))")
    }

    @Test(arguments: [(512, true), (513, false)])
    func `a suite in JSON is of limited depth`(depth: Int, isRead: Bool) {
        // The suite, spec, tests, the test and its object are five levels.
        let inner = depth - 5
        let object =
            "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"x\":"
            + String(repeating: "[", count: inner) + String(repeating: "]", count: inner) + "}"
        let suite = """
            {"apiVersion":"cattleguard.dev/v1","kind":"TestSuite","metadata":{"name":"a"},"spec":\
            {"policies":"policies.yaml","tests":[{"name":"a","object":\(object),\
            "expect":{"decision":"allowed"}}]}}
            """
        var runner = SuiteRunner(Surroundings(files: ["policies.yaml": testedPolicies]))
        runner.run(PolicyFile(name: "a.json", bytes: Array(suite.utf8)))
        let report = runner.finish()
        #expect(problems(of: report).isEmpty == isRead, "\(problems(of: report))")
        #expect(report.outcome == (isRead ? .passed : .unchecked))
    }
}
