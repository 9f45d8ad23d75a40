import Testing

@testable import Policy

/// A PolicyException whose `spec` holds these lines.
func exceptionText(_ spec: String, name: String = "e") -> String {
    policyText(spec, name: name).replacing("kind: Policy\n", with: "kind: PolicyException\n")
}

/// A `spec` that is complete, with other lines in place of those it has by the same key.
func exceptionSpec(_ replacements: String...) -> String {
    let defaults = [
        "policies: [a]", "match: {namespaces: [payments]}", "reason: INC-1",
        "expiresAt: 2026-12-01T00:00:00Z",
    ]
    func key(_ line: String) -> Substring { line.drop { $0 == "-" }.prefix { $0 != ":" } }
    let kept = defaults.filter { line in !replacements.contains { key($0) == key(line) } }
    return (kept + replacements.filter { !$0.hasPrefix("-") }).joined(separator: "\n")
}

@Suite struct PolicyExceptionReaderTests {
    private static let policies =
        policyText("rule: image-digest") + "\n---\n" + policyText("rule: no-exec", name: "b")
        + "\n---\n"
        + policyText("rule: no-ssh\nmatch: {kinds: [Pod, Service]}", name: "pods-only")

    private static func problems(_ spec: String) -> [String] {
        PolicyTests.problems(
            ("p.yaml", Self.policies), ("q.yaml", exceptionText(spec)))
    }

    @Test func readsEveryField() throws {
        let set = try policySet(
            yaml: exceptionText(
                """
                policies: [b, a]
                match:
                  namespaces: [payments]
                  excludeNamespaces: [payments-test]
                  kinds: [Deployment, argoproj.io/Rollout, Pod]
                  names: [api-*]
                  images: [docker.io/library/*]
                  users: [alice]
                  groups: [developers]
                reason: "INC-4711: vendor image has no digest yet"
                expiresAt: 2026-12-01T01:00:00+01:00
                approvedBy: security@example.com
                """, name: "e-2") + "\n---\n" + exceptionText(exceptionSpec(), name: "e-1")
                + "\n---\n" + Self.policies)
        #expect(set.exceptions.map(\.name) == ["e-1", "e-2"])
        let exception = try #require(set.exceptions.last)
        #expect(exception.policies == ["b", "a"])
        #expect(exception.file == "policies.yaml")
        #expect(exception.reason == "INC-4711: vendor image has no digest yet")
        #expect(exception.expiresAt == Moment(seconds: 1_796_083_200))
        #expect(exception.expiryText == "2026-12-01T01:00:00+01:00")
        #expect(exception.approvedBy == "security@example.com")
        #expect(set.exceptions[0].approvedBy == nil)
    }

    @Test func jsonFiles() {
        let text = """
            {"apiVersion": "cattleguard.dev/v1", "kind": "PolicyException",
             "metadata": {"name": "e"},
             "spec": {"policies": ["a"], "match": {"names": ["web"]}, "reason": "r",
                      "expiresAt": "2026-12-01T00:00:00Z"}}
            """
        #expect(
            PolicyTests.problems(("e.json", text), ("p.yaml", Self.policies)) == [
                "loaded 3 policies"
            ])
        #expect(
            PolicyTests.problems(
                ("e.json", text.replacing("12-01", with: "12-41")), ("p.yaml", Self.policies))
                == [
                    "e.json:4:24: spec.expiresAt is \"2026-12-41T00:00:00Z\": its day is 41, not "
                        + "1 to 31; expected \(Moment.expectation)"
                ])
    }

    private static let unlimited =
        "spec.match sets no limit, which would switch the policies off; say what is excepted, or "
        + "give the policies the action Audit"

    @Test(arguments: [
        ("-policies:", "q.yaml:5:3: spec.policies is missing; expected names of policies"),
        ("policies: null", "q.yaml:5:3: spec.policies is missing; expected names of policies"),
        ("policies: []", "q.yaml:8:13: spec.policies is empty; expected names of policies"),
        ("policies: a", "q.yaml:8:13: spec.policies is a string; expected a list of strings"),
        ("policies: [a, 5]", "q.yaml:8:17: spec.policies[1] is a number; expected a string"),
        ("policies: [a, b, a]", "q.yaml:8:20: the policy a stands twice"),
        (
            "policies: [pod-only]",
            "q.yaml:8:14: there is no policy \"pod-only\" (did you mean \"pods-only\"?); "
                + "expected one of a, b, pods-only"
        ),
        ("-reason:", "q.yaml:5:3: spec.reason is missing; \(why)"),
        ("reason: ''", "q.yaml:8:11: spec.reason is blank; \(why)"),
        ("reason: \" \\t\\n\"", "q.yaml:8:11: spec.reason is blank; \(why)"),
        ("reason: 4711", "q.yaml:8:11: spec.reason is a number; expected a string"),
        ("-expiresAt:", "q.yaml:5:3: spec.expiresAt is missing; expected \(Moment.expectation)"),
        (
            "expiresAt: 2026",
            "q.yaml:8:14: spec.expiresAt is a number; expected \(Moment.expectation)"
        ),
        (
            "expiresAt: 2026-12-01",
            "q.yaml:8:14: spec.expiresAt is \"2026-12-01\": it has another form; "
                + "expected \(Moment.expectation)"
        ),
        (
            "expiresAt: 2026-12-01T00:00:00",
            "q.yaml:8:14: spec.expiresAt is \"2026-12-01T00:00:00\": it lacks an offset: Z for "
                + "UTC, or such as +01:00; expected \(Moment.expectation)"
        ),
        ("approvedBy: 5", "q.yaml:9:15: spec.approvedBy is a number; expected a string"),
        (
            "expires: never",
            "q.yaml:9:3: unknown field \"expires\" in spec (did you mean \"expiresAt\"?); "
                + "expected approvedBy, expiresAt, match, policies, reason"
        ),
        ("-match:", "q.yaml:5:3: \(unlimited)"),
        ("match: {}", "q.yaml:8:10: \(unlimited)"),
        ("match: {namespaces: []}", "q.yaml:8:10: \(unlimited)"),
        ("match: {namespaces: ['*'], names: [a, '*']}", "q.yaml:8:10: \(unlimited)"),
        ("match: {names: ['']}", "q.yaml:8:19: \(emptyPattern)"),
        ("match: []", "q.yaml:8:10: spec.match is an array; expected an object"),
        (
            "match: {names: [a], operations: [CREATE]}",
            "q.yaml:8:23: unknown field \"operations\" in spec.match; expected "
                + "excludeNamespaces, groups, images, kinds, names, namespaces, users"
        ),
    ])
    func spec(line: String, expected: String) {
        #expect(Self.problems(exceptionSpec(line)) == [expected])
    }

    private static let why =
        "say why there is an exception, for whoever finds it in an audit log"
    private static let emptyPattern =
        "spec.match.names has an empty pattern, which would match nothing"

    @Test(arguments: [
        "match: {namespaces: [a]}", "match: {excludeNamespaces: [a]}", "match: {kinds: [Pod]}",
        "match: {names: [a]}", "match: {images: [a]}", "match: {users: [a]}",
        "match: {groups: [a]}", "match: {namespaces: ['*'], names: ['a*']}",
        "policies: [a, b, pods-only]", "expiresAt: 1999-12-01T00:00:00.5-01:00",
        "approvedBy: null",
    ])
    func accepted(line: String) {
        #expect(Self.problems(exceptionSpec(line)) == ["loaded 3 policies"])
    }

    @Test(arguments: [
        ("a", "Deployment", nil),
        ("a", "CloneSet", "the policy a sees no kind \"CloneSet\""),
        ("a", "apps.kruise.io/CloneSet", nil),
        ("a", "Service", "the policy a sees no kind \"Service\""),
        ("b", "Pod", nil),
        ("b", "Deployment", "the policy b sees no kind \"Deployment\"; expected one of Pod"),
        ("a, b", "Deployment", nil),
        ("a, b", "Ingress", "the policies see no kind \"Ingress\""),
        // What makes Pods is seen by them.
        ("pods-only", "Deployment", nil), ("pods-only", "CronJob", nil),
        ("pods-only", "ReplicaSet", nil), ("pods-only", "Service", nil),
        ("pods-only", "Node", "the policy pods-only sees no kind \"Node\""),
    ])
    func kinds(policies: String, kind: String, problem: String?) throws {
        let found = Self.problems(
            exceptionSpec("policies: [\(policies)]", "match: {kinds: [\(kind)]}"))
        #expect(found.count == 1)
        let expected = problem.map { "q.yaml:8:19: \($0)" } ?? "loaded 3 policies"
        #expect(found[0].hasPrefix(expected), "\(found)")
    }

    /// A policy that cannot be read is the only problem: its exceptions are not wrong for it.
    @Test func aBrokenPolicyIsOneProblem() {
        let text = exceptionText(exceptionSpec("match: {kinds: [Ingress]}"))
        #expect(
            PolicyTests.problems(("p.yaml", policyText("rule: no-shh") + "\n---\n" + text)) == [
                "p.yaml:5:9: there is no rule \"no-shh\" (did you mean \"no-ssh\"?); "
                    + "expected one of \(ruleNames)"
            ])
    }

    @Test func namesAreUniqueAmongExceptions() {
        let exception = exceptionText(exceptionSpec(), name: "a")
        let text = policyText("rule: image-digest") + "\n---\n" + exception
        #expect(PolicyTests.problems(("p.yaml", text)) == ["loaded 1 policies"])
        #expect(
            PolicyTests.problems(("p.yaml", text), ("q.yaml", exception)) == [
                "q.yaml:3:18: the name \"a\" is taken by a PolicyException in p.yaml:9"
            ])
    }

    /// An exception may stand before the policy that it names, or in another file.
    @Test func exceptionsAloneAreNoPolicies() {
        #expect(
            PolicyTests.problems(("q.yaml", exceptionText(exceptionSpec()))) == [
                "q.yaml:5:14: there is no policy \"a\"; expected names of policies, of which "
                    + "there are none"
            ])
    }
}
