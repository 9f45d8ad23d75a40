import Testing

@testable import Policy

/// A policy whose `spec` holds these lines.
func policyText(_ spec: String, name: String = "a") -> String {
    let lines = spec.split(separator: "\n", omittingEmptySubsequences: false)
    return """
        apiVersion: cattleguard.dev/v1
        kind: Policy
        metadata: {name: \(name)}
        spec:
        \(lines.map { "  \($0)" }.joined(separator: "\n"))
        """
}

let ruleNames = RuleCatalogue.all.map { $0.id }.joined(separator: ", ")

@Suite struct PolicyReaderTests {
    @Test func readsEveryField() throws {
        let set = try policySet(
            yaml: """
                apiVersion: cattleguard.dev/v1
                kind: Policy
                metadata: {name: b.1-x, namespace: n, labels: {a: b}, annotations: {c: d}}
                spec:
                  rule: image-digest
                  validationActions: [Audit, Deny]
                  match:
                    namespaces: ["*"]
                    excludeNamespaces: [kube-system]
                    kinds:
                    - Deployment
                    - argoproj.io/Rollout
                    - serving.knative.dev/Service
                    - Pod
                    - CronJob
                    names: [web-*]
                    operations: [CREATE, UPDATE]
                    users: [alice]
                    groups: [developers]
                    excludeUsers: [bob]
                    excludeGroups: [admins]
                    objectSelector:
                      matchLabels: {a: b}
                      matchExpressions:
                      - {key: c, operator: In, values: [d]}
                      - {key: e, operator: NotIn, values: [f]}
                      - {key: g, operator: Exists}
                      - {key: h, operator: DoesNotExist}
                  existingViolations: Deny
                  parameters: {require: version, floatingTags: [x], exemptImages: [z]}
                ---
                # An empty document is none.
                ---
                apiVersion: cattleguard.dev/v1
                kind: Policy
                metadata: {name: a}
                spec: {rule: no-exec, match: null, parameters: null}
                """)
        #expect(set.policies.map(\.name) == ["a", "b.1-x"])
        let (first, second) = (set.policies[0], set.policies[1])
        #expect(first.ruleID == "no-exec")
        #expect(first.actions == [.warn])
        #expect(first.existingViolations == .allow)
        #expect(second.file == "policies.yaml")
        #expect(second.actions == [.deny, .audit])
        #expect(second.validationActions == [.audit, .deny])
        #expect(second.gravestAction == .deny)
        #expect(second.existingViolations == .deny)
        #expect(second.match.operations == [.create, .update])
        #expect(second.match.objectSelector.requirements.count == 5)
        #expect(
            second.match.kinds == [
                GroupKind("apps", "Deployment"), GroupKind("argoproj.io", "Rollout"),
                GroupKind("serving.knative.dev", "Service"), .pod, GroupKind("batch", "CronJob"),
            ])
    }

    @Test(arguments: [
        (Enforcement.declared, [Policy.Action.deny, .audit]), (.advisory, [.warn, .audit]),
        (.audit, [.audit]),
    ])
    func enforcementCaps(enforcement: Enforcement, actions: [Policy.Action]) throws {
        let text = policyText("rule: no-ssh\nvalidationActions: [Deny, Audit]")
        let set = try policySet(yaml: text, enforcement: enforcement)
        #expect(set.policies.map(\.actions) == [actions])
        #expect(set.policies.map(\.validationActions) == [[.deny, .audit]])
    }

    @Test func emptySets() throws {
        let message = "policies:1:1: holds no policy; write one, or say --allow-empty"
        #expect(problems() == [message])
        #expect(problems(("a.yaml", "# nothing\n---\n")) == [message])
        #expect(try PolicyReader.read([], allowEmpty: true).policies.isEmpty)
        let inFolder = #expect(throws: PolicyProblems.self) {
            try PolicyReader.read([], folder: "/etc/policies")
        }
        #expect(inFolder?.description == message.replacing("policies:", with: "/etc/policies:"))
    }

    @Test(arguments: [
        ("a: 1\na: 2", "p.yaml:2:1: the key \"a\" stands twice in one mapping"),
        ("- a", "p.yaml:1:1: the document is an array; expected a Policy"),
        ("text", "p.yaml:1:1: the document is a string; expected a Policy"),
    ])
    func documents(text: String, expected: String) {
        #expect(problems(("p.yaml", text)) == [expected])
    }

    @Test func brokenYAMLNamesItsPlace() {
        let found = problems(("p.yaml", policyText("rule: no-ssh") + "\n---\na: [\n"))
        #expect(found.count == 1)
        #expect(found[0].hasPrefix("p.yaml:8:1: "))
    }

    @Test func jsonFiles() {
        let good = """
            {"apiVersion": "cattleguard.dev/v1", "kind": "Policy", "metadata": {"name": "a"},
             "spec": {"rule": "no-ssh", "parameters": {"ports": [22, 2222]}}}
            """
        #expect(problems(("p.json", good)) == ["loaded 1 policies"])
        let bad = good.replacing("\"ports\"", with: "\"port\"")
        #expect(
            problems(("p.json", bad)) == [
                "p.json:2:44: unknown field \"port\" in spec.parameters "
                    + "(did you mean \"ports\"?); expected exemptImages, images, ports, programs"
            ])
        let twice = good.replacing("\"kind\"", with: "\"apiVersion\"")
        #expect(
            problems(("p.json", twice)) == [
                "p.json:1:38: the name \"apiVersion\" stands twice in one object"
            ])
        #expect(problems(("p.json", "# YAML")).first?.hasPrefix("p.json:1:1: ") == true)
    }

    @Test(arguments: [
        (
            "kind: Policy\nmetadata: {name: a}\nspec: {rule: no-ssh}",
            ["p.yaml:1:1: apiVersion is missing; expected \"cattleguard.dev/v1\""]
        ),
        (
            "apiVersion: v1\nkind: Policy\nmetadata: {name: a}\nspec: {rule: no-ssh}",
            ["p.yaml:1:13: apiVersion is \"v1\"; expected \"cattleguard.dev/v1\""]
        ),
        (
            "apiVersion: cattleguard.dev/v1\nkind: Polcy\nmetadata: {}\nspec: {}",
            [
                "p.yaml:2:7: kind is \"Polcy\"; expected one of \"Policy\", "
                    + "\"PolicyException\", \"WorkloadKind\" "
                    + "(did you mean \"Policy\"?)"
            ]
        ),
        (
            "apiVersion: cattleguard.dev/v1\nkind: Deployment",
            [
                "p.yaml:2:7: kind is \"Deployment\"; expected one of \"Policy\", "
                    + "\"PolicyException\", \"WorkloadKind\""
            ]
        ),
        (
            "apiVersion: cattleguard.dev/v1\nspec: {rule: no-ssh}",
            [
                "p.yaml:1:1: kind is missing; expected one of \"Policy\", "
                    + "\"PolicyException\", \"WorkloadKind\""
            ]
        ),
        (
            "apiVersion: cattleguard.dev/v1\nkind: Policy\nmetadata: {name: a}\nspecs: {}",
            [
                "p.yaml:1:1: spec.rule is missing; expected one of \(ruleNames)",
                "p.yaml:4:1: unknown field \"specs\" (did you mean \"spec\"?); "
                    + "expected apiVersion, kind, metadata, spec",
            ]
        ),
        (
            "apiVersion: cattleguard.dev/v1\nkind: Policy\nmetadata: {name: a}\nspec: []",
            [
                "p.yaml:4:7: spec is an array; expected an object",
                "p.yaml:4:7: spec.rule is missing; expected one of \(ruleNames)",
            ]
        ),
    ])
    func envelope(text: String, expected: [String]) {
        #expect(Set(problems(("p.yaml", text))) == Set(expected))
    }

    private static let nameForm = "lower-case letters, digits, '-' and '.', at most 253"

    @Test(arguments: [
        ("{}", "p.yaml:3:11: metadata.name is missing; expected \(nameForm)"),
        ("{name: null}", "p.yaml:3:11: metadata.name is missing; expected \(nameForm)"),
        ("{name: 5}", "p.yaml:3:18: metadata.name is a number; expected a string"),
        ("{name: A}", "p.yaml:3:18: metadata.name is \"A\"; expected \(nameForm)"),
        ("{name: ''}", "p.yaml:3:18: metadata.name is \"\"; expected \(nameForm)"),
        ("{name: -a}", "p.yaml:3:18: metadata.name is \"-a\"; expected \(nameForm)"),
        ("{name: a-}", "p.yaml:3:18: metadata.name is \"a-\"; expected \(nameForm)"),
        ("{name: a_b}", "p.yaml:3:18: metadata.name is \"a_b\"; expected \(nameForm)"),
        (
            "{name: a, nam: b}",
            "p.yaml:3:21: unknown field \"nam\" in metadata (did you mean \"name\"?); "
                + "expected annotations, labels, name, namespace"
        ),
    ])
    func names(metadata: String, expected: String) {
        let text = policyText("rule: no-ssh").replacing("{name: a}", with: metadata)
        #expect(problems(("p.yaml", text)) == [expected])
    }

    @Test func longestName() {
        let name = String(repeating: "n", count: 253)
        #expect(
            problems(("p.yaml", policyText("rule: no-ssh", name: name))) == ["loaded 1 policies"])
        #expect(
            problems(("p.yaml", policyText("rule: no-ssh", name: name + "n"))) == [
                "p.yaml:3:18: metadata.name is \"\(name)n\"; expected \(Self.nameForm)"
            ])
    }

    @Test func namesAreUnique() {
        let text = policyText("rule: no-ssh")
        #expect(
            problems(("p.yaml", text + "\n---\n" + text)) == [
                "p.yaml:9:18: the name \"a\" is taken by a policy in p.yaml:3"
            ])
        #expect(
            problems(("p.yaml", text), ("q.yaml", text)) == [
                "q.yaml:3:18: the name \"a\" is taken by a policy in p.yaml:3"
            ])
    }

    @Test func problemsComeByFileAndPlace() {
        let text = policyText("rule: no-ssh\nx: 1\nmatch: {y: 1}")
        #expect(
            problems(("q.yaml", text), ("p.yaml", text)).map { $0.prefix(10) } == [
                "p.yaml:3:1", "p.yaml:6:3", "p.yaml:7:1", "q.yaml:6:3", "q.yaml:7:1",
            ])
    }
}
