import Document
import Policy
import Testing

@testable import Report

@Suite struct SuiteReaderTests {
    /// A part of a suite, and the problems that it alone brings.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let problems: [String]

        init(_ text: String, _ problems: String...) {
            testDescription = text
            self.problems = problems
        }
    }

    private func problems(in text: String) -> [String] {
        SuiteReader(PolicyFile(name: "a.yaml", bytes: Array(text.utf8))).problems
            .map(\.description)
    }

    private static let expect = "expect: {violations: []}"

    static let documents: [Mistake] = [
        Mistake("", "a.yaml:1:1: holds no TestSuite"),
        Mistake("- a", "a.yaml:1:1: the document is an array; expected a TestSuite"),
        Mistake(
            "a: [", "a.yaml:2:1: did not find expected node content while parsing a flow node"),
        Mistake(
            "kind: TestSiute",
            "a.yaml:1:1: apiVersion is missing; expected \"cattleguard.dev/v1\"",
            "a.yaml:1:7: kind is \"TestSiute\"; expected \"TestSuite\" (did you mean "
                + "\"TestSuite\"?)"),
        Mistake(
            "{apiVersion: cattleguard.dev/v2, kind: TestSuite, metadata: {nane: a}, spec: {}}",
            "a.yaml:1:14: apiVersion is \"cattleguard.dev/v2\"; expected \"cattleguard.dev/v1\" "
                + "(did you mean \"cattleguard.dev/v1\"?)",
            "a.yaml:1:61: name is missing; expected the suite's name",
            "a.yaml:1:62: unknown field \"nane\" in metadata (did you mean \"name\"?); expected "
                + "annotations, labels, name",
            "a.yaml:1:78: spec.policies is missing; expected a path or a list of paths",
            "a.yaml:1:78: the suite has no tests; expected a list of them in spec.tests"),
    ]

    @Test(arguments: documents)
    func `says what is wrong with a document`(mistake: Mistake) {
        #expect(problems(in: mistake.testDescription) == mistake.problems)
    }

    static let specs: [Mistake] = [
        Mistake("policies: 3", "5:13: spec.policies is a number; expected a list of strings"),
        Mistake("policies: []", "5:13: spec.policies is empty; expected a path or a list of paths"),
        Mistake("policies: ' '", "5:13: policies is blank; write a value or leave it out"),
        Mistake("policies: [a, '']", "5:17: policies has a blank entry; remove it or write a path"),
        Mistake(
            "{policies: a, enforcement: advisary}",
            "5:29: spec.enforcement is \"advisary\"; expected one of declared, advisory, audit "
                + "(did you mean \"advisory\"?)"),
        Mistake(
            "{policies: a, policie: b}",
            "5:16: unknown field \"policie\" in spec (did you mean \"policies\"?); expected "
                + "enforcement, now, policies, tests"),
        Mistake(
            "{policies: a, now: 2026-12-01}",
            "5:21: spec.now is \"2026-12-01\": it has another form; expected "
                + Moment.expectation),
        Mistake(
            "{policies: a, now: 3}", "5:21: spec.now is a number; expected \(Moment.expectation)"),
    ]

    @Test(arguments: specs)
    func `says what is wrong with a spec`(mistake: Mistake) {
        let members =
            mistake.testDescription.hasPrefix("{")
            ? String(mistake.testDescription.dropFirst().dropLast())
            : mistake.testDescription
        let text = """
            apiVersion: cattleguard.dev/v1
            kind: TestSuite
            metadata: {name: a}
            spec: {
              \(members), tests: [{name: a, resources: [a], \(Self.expect)}]}
            """
        #expect(problems(in: text) == mistake.problems.map { "a.yaml:\($0)" })
    }

    private static let requests: [Mistake] = [
        Mistake(
            "\(expect)",
            "7:5: a test judges one of resources, object and review; it has none"),
        Mistake(
            "object: {}, resources: [a], \(expect)",
            "7:38: a test judges one of resources, object and review; it has object and "
                + "resources"),
        Mistake("resources: [], \(expect)", "7:26: resources is empty; name a file"),
        Mistake("object: 3, \(expect)", "7:23: object is a number; expected an object"),
        Mistake(
            "review: a, user: b, object: {}, \(expect)",
            "7:43: a recorded review says it all: leave out object, user"),
        Mistake(
            "resources: [a], groups: [b], oldObject: {}, \(expect)",
            "7:39: groups says something of a request; say who asks (user) or what is done "
                + "(operation), too",
            "7:55: oldObject says something of a request; say who asks (user) or what is done "
                + "(operation), too"),
        Mistake(
            "resources: [a], operation: CREATE, groups: [b], \(expect)",
            "7:58: groups are those of a user: say which"),
        Mistake(
            "resources: [a], operation: UPDTE, \(expect)",
            "7:42: spec.tests[0].operation is \"UPDTE\"; expected one of CREATE, UPDATE, DELETE, "
                + "CONNECT (did you mean \"UPDATE\"?)"),
        Mistake(
            "resources: [a], operation: UPDATE, \(expect)",
            "7:42: UPDATE needs what is stored, one of oldObject and oldResources; it has none"),
        Mistake(
            "object: {}, operation: UPDATE, oldObject: {}, oldResources: [a], \(expect)",
            "7:38: UPDATE needs what is stored, one of oldObject and oldResources; it has both"),
        Mistake(
            "object: {}, operation: DELETE, oldObject: {}, \(expect)",
            "7:57: oldObject is of use with operation UPDATE alone; a DELETE is of the object"),
        Mistake(
            "object: {}, user: a, resourceName: b, \(expect)",
            "7:50: resourceName is of use with operation CONNECT alone; an object has its own"),
        Mistake(
            "operation: CONNECT, resources: [a], \(expect)",
            "7:26: CONNECT needs resourceName: the name of what it connects to",
            "7:26: CONNECT needs a resource to connect to: one of nodes/proxy, pods/attach, "
                + "pods/exec, pods/portforward, pods/proxy, services/proxy",
            "7:46: CONNECT takes its options from object; leave out resources"),
        Mistake(
            "operation: CONNECT, resourceName: a, resource: pods/log, \(expect)",
            "7:62: CONNECT needs a resource to connect to: one of nodes/proxy, pods/attach, "
                + "pods/exec, pods/portforward, pods/proxy, services/proxy"),
        Mistake(
            "object: {}, resource: pods/, \(expect)",
            "7:37: resource is \"pods/\"; expected a plural, with group and subresource where it "
                + "has them: pods/exec, deployments.apps/scale"),
        Mistake(
            "object: {}, namespace: Shop, \(expect)",
            "7:38: namespace is \(NamespaceName.expectation)"),
        Mistake(
            "object: {}, usr: alice, \(expect)",
            "7:27: unknown field \"usr\" in spec.tests[0] (did you mean \"user\"?); expected "
                + "expect, groups, name, namespace, now, object, oldObject, oldResources, "
                + "operation, resource, resourceName, resources, review, user"),
    ]

    private static let expectations: [Mistake] = [
        Mistake(
            "object: {}",
            "7:5: the test expects nothing: say in expect what the decision, the violations or "
                + "the exceptions are"),
        Mistake(
            "object: {}, expect: {}",
            "7:35: the test expects nothing: say in expect what the decision, the violations or "
                + "the exceptions are"),
        Mistake(
            "object: {}, expect: {decision: denyed}",
            "7:46: spec.tests[0].expect.decision is \"denyed\"; expected one of allowed, warned, "
                + "denied (did you mean \"denied\"?)"),
        Mistake(
            "object: {}, expect: {decision: denied, otherViolations: true}",
            "7:71: otherViolations needs violations that they are beside"),
        Mistake(
            "object: {}, now: '2026-13-01T00:00:00Z', \(expect)",
            "7:32: spec.tests[0].now is \"2026-13-01T00:00:00Z\": its month is 13, not 1 to 12; "
                + "expected \(Moment.expectation)"),
        Mistake(
            "object: {}, expect: {exceptions: hotfix}",
            "7:48: spec.tests[0].expect.exceptions is a string; expected a list of strings"),
        Mistake(
            "object: {}, expect: {exceptions: [a, 3, a]}",
            "7:52: spec.tests[0].expect.exceptions[1] is a number; expected a string",
            "7:55: the exception a stands twice"),
        Mistake(
            "object: {}, expect: {violations: [{}, {field: ''}]}",
            "7:49: the entry would match anything; say rule, policy, field, message, object or "
                + "action",
            "7:61: field is blank; write a value or leave it out"),
        Mistake(
            "object: {}, expect: {violations: [no-ssh]}",
            "7:49: spec.tests[0].expect.violations[0] is a string; expected an object"),
        Mistake(
            "object: {}, expect: {violations: [{action: deny, fild: a}]}",
            "7:58: spec.tests[0].expect.violations[0].action is \"deny\"; expected one of Deny, "
                + "Warn, Audit (did you mean \"Deny\"?)",
            "7:64: unknown field \"fild\" in spec.tests[0].expect.violations[0] (did you mean "
                + "\"field\"?); expected action, field, message, object, policy, rule"),
    ]

    @Test(arguments: requests + expectations)
    func `says what is wrong with a test`(mistake: Mistake) {
        let text = suiteText("- {name: a, \(mistake.testDescription)}")
        let found = problems(in: text)
        #expect(found == mistake.problems.map { "a.yaml:\($0)" })
    }

    @Test func `names the nearest rule`() {
        let entry = "{rule: no-exce}"
        let text = suiteText("- {name: a, object: {}, expect: {violations: [\(entry)]}}")
        let rules = RuleCatalogue.all.map { $0.id }.joined(separator: ", ")
        #expect(
            problems(in: text) == [
                "a.yaml:7:56: there is no rule \"no-exce\" (did you mean \"no-exec\"?); expected "
                    + "one of \(rules), unreadable-object"
            ])
    }

    @Test func `a name stands for one test`() {
        let text = suiteText(
            """
            - {name: a, object: {}, \(Self.expect)}
            - {name: a, object: {}, \(Self.expect)}
            - {name: ' ', object: {}, \(Self.expect)}
            - {object: {}, \(Self.expect)}
            """)
        #expect(
            problems(in: text) == [
                "a.yaml:8:12: the name is taken by the test in line 7",
                "a.yaml:9:12: name is blank; write a value or leave it out",
                "a.yaml:10:5: name is missing; expected what the test shows",
            ])
    }

    @Test(arguments: [
        ("../policies", "suites/a.yaml", "policies"), ("a", "b.yaml", "a"), ("..", "a/b.yaml", "."),
        ("../..", "a/b.yaml", ".."), ("./a/./b/", "c/d.yaml", "c/a/b"), ("/a/../b", "c.yaml", "/b"),
        ("../../a", "/b/c.yaml", "/a"), ("../a", "../b.yaml", "../../a"),
    ])
    func `paths are relative to the suite`(path: String, file: String, resolved: String) {
        #expect(SuitePath.resolve(path, besideFile: file) == resolved)
    }

    @Test func `several documents are several suites`() {
        let one = suiteText("- {name: a, object: {}, \(Self.expect)}")
        let file = PolicyFile(name: "a.yaml", bytes: Array("\(one)\n---\n\(one)".utf8))
        let reader = SuiteReader(file)
        #expect(reader.suites.count == 2)
        #expect(reader.problems.isEmpty)
    }
}
