import Document
import Testing

@testable import Policy

/// A WorkloadKind with these lines of `spec`.
private func workloadKind(_ spec: String, name: String = "a") -> String {
    let lines = spec.split(separator: "\n", omittingEmptySubsequences: false)
    return """
        apiVersion: cattleguard.dev/v1
        kind: WorkloadKind
        metadata: {name: \(name)}
        spec:
        \(lines.map { "  \($0)" }.joined(separator: "\n"))

        """
}

private let good = "group: example.org\nkind: App\npodSpecs: [{path: spec.template}]"

/// The set of policies of a file with one policy that denies by `no-ssh`, and `documents`.
private func set(_ documents: String..., match: String = "{}") throws -> PolicySet {
    let policy = policyText("rule: no-ssh\nvalidationActions: [Deny]\nmatch: \(match)")
    // The policy comes first: the order of files does not matter.
    return try PolicyReader.read([
        PolicyFile(name: "a.yaml", bytes: Array(policy.utf8)),
        PolicyFile(name: "b.yaml", bytes: Array(documents.joined(separator: "---\n").utf8)),
    ])
}

private let sshPod = "{containers: [{name: c, image: i, ports: [{containerPort: 22}]}]}"

@Suite struct WorkloadKindReaderTests {
    @Test(arguments: [
        ("spec.template", "template", "{template: {spec: \(sshPod)}}", "spec.template.spec"),
        ("spec.pod", "podSpec", "{pod: \(sshPod)}", "spec.pod"),
        ("spec.jobs[*]", "template", "{jobs: [{spec: \(sshPod)}]}", "spec.jobs[0].spec"),
        (
            "spec.jobs[*].template.spec.template", "template",
            "{jobs: [{template: {spec: {template: {spec: \(sshPod)}}}}]}",
            "spec.jobs[0].template.spec.template.spec"
        ),
        (
            "spec.roles.*.template", "template", "{roles: {main: {template: {spec: \(sshPod)}}}}",
            "spec.roles.main.template.spec"
        ),
        ("spec.roles.*", "podSpec", "{roles: {main: \(sshPod)}}", "spec.roles.main"),
    ])
    func rulesSeeWhatIsDescribed(
        path: String, form: String, spec: String, place: String
    ) throws {
        let set = try set(
            workloadKind(
                """
                group: example.org
                kind: App
                podSpecs: [{path: "\(path)", form: \(form)}]
                """),
            match: "{kinds: [example.org/App]}")
        let verdict = set.evaluate(
            try subject("{apiVersion: example.org/v1, kind: App, spec: \(spec)}"))
        #expect(
            verdict.violations.map(\.path.description) == [
                "\(place).containers[0].ports[0].containerPort"
            ])
        #expect(!verdict.isUncoveredWorkload)
    }

    /// A scale names what it scales by its resource alone: by group and plural.
    @Test(arguments: [
        ("Engine", "engines", true), ("Proxy", "proxies", true), ("Proxy", "proxys", false),
        ("Process", "processes", true), ("Engine", "proxies", false),
    ])
    func theScaledKind(kind: String, resource: String, isSeen: Bool) throws {
        let described = workloadKind(
            "{group: x.io, kind: \(kind), podSpecs: [{path: spec.template, form: template}]}")
        let policy = policyText(
            "rule: change-by-automation\nvalidationActions: [Deny]\n"
                + "match: {kinds: [x.io/\(kind)]}\nparameters: {allowScale: false}")
        let set = try policySet(yaml: "\(described)\n---\n\(policy)")
        let scale = "{apiVersion: autoscaling/v1, kind: Scale, spec: {replicas: 2}}"
        for (group, isGroups) in [("x.io", true), ("y.io", false)] {
            let subject = try request(.update, scale, old: scale, subresource: "scale")
            subject.resourceGroup = group
            subject.resource = resource
            #expect(set.evaluate(subject).isAllowed != (isSeen && isGroups))
        }
    }

    @Test func aShippedKindIsReplaced() throws {
        let text = """
            group: argoproj.io
            kind: Rollout
            podSpecs: [{path: spec.pod, form: podSpec}]
            inPlaceUpdate: {field: spec.strategy.kind, values: [InPlace]}
            """
        let table = try set(workloadKind(text)).table
        let entry = try #require(table.entry(of: GroupKind("argoproj.io", "Rollout")))
        #expect(entry.places == [WorkloadTable.Place("spec.pod", form: .podSpec)])
        #expect(entry.inPlaceUpdate?.path.description == "spec.strategy.kind")
        #expect(entry.inPlaceUpdate?.values == ["InPlace"])
        #expect(entry.source == "b.yaml:1")
        #expect(table.kinds == WorkloadTable.shipped.kinds)
    }

    @Test(arguments: [
        (
            "kind: App\npodSpecs: [{path: spec}]",
            [
                "5:3: spec.group is missing; expected an API group with a dot, in lower case: "
                    + "argoproj.io"
            ]
        ),
        (
            "group: ''\nkind: App\npodSpecs: [{path: spec}]",
            [
                "5:10: spec.group is \"\"; expected an API group with a dot, in lower case: "
                    + "argoproj.io"
            ]
        ),
        (
            "group: apps\nkind: Deployment\npodSpecs: [{path: spec}]",
            [
                "5:10: spec.group is \"apps\"; expected an API group with a dot, in lower case: "
                    + "argoproj.io"
            ]
        ),
        (
            "group: scheduling.k8s.io\nkind: Gang\npodSpecs: [{path: spec}]",
            [
                "5:10: the API group \"scheduling.k8s.io\" is Kubernetes' own, whose workloads "
                    + "are known"
            ]
        ),
        (
            "group: a.b\nkind: App/v1\npodSpecs: [{path: spec}]",
            ["6:9: spec.kind is \"App/v1\"; expected a kind: Rollout"]
        ),
        (
            "group: a.b\nkind: App",
            ["5:3: spec.podSpecs is missing; expected a list of objects"]
        ),
        (
            "group: a.b\nkind: App\npodSpecs: []",
            ["7:13: spec.podSpecs is empty; expected at least one object"]
        ),
        (
            "group: a.b\nkind: App\npodSpecs: [{path: spec.a, from: podSpec}]",
            [
                "7:29: unknown field \"from\" in spec.podSpecs[0]; "
                    + "expected form, path"
            ]
        ),
        (
            "group: a.b\nkind: App\npodSpecs: [{path: spec.a}, {path: spec.a, form: podSpec}]",
            ["7:37: the path spec.a stands twice"]
        ),
        (
            "\(good)\ninPlaceUpdate: {}",
            [
                "8:18: spec.inPlaceUpdate.field is missing; expected members parted by dots: "
                    + "spec.updateStrategy.type",
                "8:18: spec.inPlaceUpdate.values is missing; expected a list of strings",
            ]
        ),
        (
            "\(good)\ninPlaceUpdate: {field: 'a[*]', values: []}",
            [
                "8:26: spec.inPlaceUpdate.field is \"a[*]\"; expected members parted by dots: "
                    + "spec.updateStrategy.type",
                "8:42: spec.inPlaceUpdate.values is empty; expected a string",
            ]
        ),
    ])
    func mistakes(spec: String, expected: [String]) {
        let found = problems(("p.yaml", workloadKind(spec)), ("q.yaml", policyText("rule: no-ssh")))
        #expect(found == expected.map { "p.yaml:\($0)" })
    }

    @Test(arguments: [
        "", ".", "spec.", ".spec", "spec..template", "spec.tasks[0].template", "spec.tasks[].a",
        "spec[*][*]", "*", "*.a", "spec.a*", "spec.[*]", "spec.a b", "spec.a/b", "spec[\"a\"]",
    ])
    func pathsThatAreNone(path: String) {
        let quoted = path.replacing("\"", with: "\\\"")
        let found = problems(
            (
                "p.yaml",
                workloadKind("group: a.b\nkind: App\npodSpecs: [{path: \"\(quoted)\"}]")
            ), ("q.yaml", policyText("rule: no-ssh")))
        let expected = "expected \(TextForm.workloadPath.expectation)"
        #expect(
            found == ["p.yaml:7:21: spec.podSpecs[0].path is \"\(path)\"; \(expected)"])
    }

    @Test func longestPath() {
        func found(_ steps: Int) -> [String] {
            let path = Array(repeating: "a", count: steps).joined(separator: ".")
            let spec = "group: a.b\nkind: App\npodSpecs: [{path: \(path), form: podSpec}]"
            return problems(("p.yaml", workloadKind(spec)), ("q.yaml", policyText("rule: no-ssh")))
        }
        let path = Array(repeating: "a", count: 17).joined(separator: ".")
        #expect(found(16) == ["loaded 1 policies"])
        #expect(
            found(17) == ["p.yaml:7:21: the path \(path) has 17 steps; expected at most 16"])
    }

    @Test func mostPlaces() {
        func found(_ count: Int) -> [String] {
            let places = (0..<count).map { "{path: a\($0)}" }.joined(separator: ", ")
            let spec = "group: a.b\nkind: App\npodSpecs: [\(places)]"
            return problems(("p.yaml", workloadKind(spec)), ("q.yaml", policyText("rule: no-ssh")))
        }
        #expect(found(16) == ["loaded 1 policies"])
        #expect(found(17) == ["p.yaml:7:13: spec.podSpecs has 17 elements; expected at most 16"])
    }

    @Test func aKindIsDescribedOnce() {
        let found = problems(
            ("p.yaml", workloadKind(good) + "---\n" + workloadKind(good, name: "b")),
            ("q.yaml", policyText("rule: no-ssh")))
        #expect(found == ["p.yaml:14:9: example.org/App is described in p.yaml:1 already"])
    }

    @Test func namesAreUniqueAmongTheirKind() {
        let other = workloadKind(good.replacing("App", with: "Other"))
        // The policy is called `a`, too.
        #expect(
            problems(
                ("p.yaml", workloadKind(good)), ("q.yaml", policyText("rule: no-ssh")))
                == ["loaded 1 policies"])
        #expect(
            problems(
                ("p.yaml", workloadKind(good)), ("q.yaml", other),
                ("r.yaml", policyText("rule: no-ssh")))
                == ["q.yaml:3:18: the name \"a\" is taken by a WorkloadKind in p.yaml:3"])
    }

    @Test func anUncoveredKindIsAnErrorThatTellsTheWayOut() throws {
        let found = problems(
            ("p.yaml", policyText("rule: image-digest\nmatch: {kinds: [example.org/App]}")))
        #expect(found.count == 1)
        #expect(found[0].hasSuffix("; a WorkloadKind tells where another carries Pods"))
    }
}

@Suite struct UncoveredWorkloadTests {
    private static let template = "spec: {template: {spec: {containers: [{name: c, image: i}]}}}"

    @Test(arguments: [
        ("{apiVersion: example.org/v1, kind: App, \(template)}", true),
        (
            "{apiVersion: example.org/v1, kind: App, spec: {template: {spec: {containers: 5}}}}",
            false
        ),
        ("{apiVersion: example.org/v1, kind: App, spec: {template: {spec: {}}}}", false),
        ("{apiVersion: example.org/v1, kind: App, spec: {template: text}}", false),
        ("{apiVersion: example.org/v1, kind: App}", false),
        ("{apiVersion: argoproj.io/v1, kind: Rollout, \(template)}", false),
        ("{apiVersion: apps/v1, kind: Novelty, \(template)}", false),
        ("{apiVersion: a.k8s.io/v1, kind: Novelty, \(template)}", false),
        ("{apiVersion: a.x-k8s.io/v1, kind: Novelty, \(template)}", true),
    ])
    func byShape(object: String, isUncovered: Bool) throws {
        let set = try set()
        for operation in [Subject.Operation.create, .update] {
            let verdict = set.evaluate(try request(operation, object))
            #expect(verdict.isUncoveredWorkload == isUncovered)
        }
        #expect(!set.evaluate(try request(.delete, nil, old: object)).isUncoveredWorkload)
        let status = try request(.update, object, subresource: "status")
        #expect(!set.evaluate(status).isUncoveredWorkload)
        #expect(PolicySet.empty.evaluate(try subject(object)).isUncoveredWorkload == isUncovered)
    }
}
