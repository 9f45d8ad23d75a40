import Document
import Testing

@testable import Policy

@Suite struct ReplaceableWorkloadTests {
    private static func pod(_ spec: String, metadata: String = "") -> String {
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, \(metadata)}\nspec: {\(spec)}"
    }

    private static func deployment(_ spec: String, podSpec: String = "") -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec: {\(spec)template: {spec: {\(podSpec)}}}
        """
    }

    private func update(_ old: String, _ new: String, _ policy: String = "") throws -> [String] {
        try policySet("replaceable-workload", policy).evaluate(request(.update, new, old: old))
            .lines
    }

    private func create(_ object: String, _ policy: String = "") throws -> [String] {
        try policySet("replaceable-workload", policy).evaluate(request(.create, object)).lines
    }

    /// A Pod that runs is neither bare nor pinned any more, however strict the policy: else nobody
    /// could label it or remove its finalizers.
    @Test func aScheduledPodMayBeUpdated() throws {
        let pod = Self.pod("nodeName: node-1")
        #expect(try create(pod).count == 2)
        #expect(try update(pod, pod) == [])
        #expect(try update(pod, pod, "existingViolations: Deny") == [])
        let labelled = Self.pod("nodeName: node-1", metadata: "labels: {a: b}")
        #expect(try update(pod, labelled, "existingViolations: Deny") == [])
    }

    @Test func theSchedulerMayBindAPod() throws {
        let set = try policySet("replaceable-workload", "existingViolations: Deny")
        let binding = try request(.create, Self.pod(""), subresource: "binding")
        #expect(set.evaluate(binding).lines == [])
        let pending = Self.pod("")
        #expect(try update(pending, Self.pod("nodeName: node-1")) == [])
    }

    @Test func whatWasWrongBeforeDoesNotCount() throws {
        let old = Self.deployment("revisionHistoryLimit: 0, ", podSpec: "nodeName: a, hostname: b")
        #expect(try update(old, old) == [])
        #expect(try update(old, old, "existingViolations: Deny").count == 3)
        let healthy = Self.deployment("")
        #expect(try update(healthy, old).count == 3)
        #expect(try update(old, healthy) == [])
        let renamed = Self.deployment(
            "revisionHistoryLimit: 0, ", podSpec: "nodeName: a, hostname: c")
        #expect(
            try update(old, renamed) == [
                "spec.template.spec.hostname: the Pod has the fixed host name \"c\""
            ])
    }

    /// A manifest outside a cluster is one that is to be created.
    @Test func aManifestOfAPodIsBare() throws {
        let verdict = try policySet("replaceable-workload").evaluate(subject(Self.pod("")))
        #expect(
            verdict.lines == [
                "metadata.ownerReferences: the Pod has no controller: nothing replaces it when it "
                    + "or its node fails"
            ])
    }

    /// What a custom kind means by the names of Kubernetes' own is its own affair.
    @Test(arguments: [
        "updateStrategy: OnDelete", "updateStrategy: []", "revisionHistoryLimit: none",
        "updateStrategy: {type: {name: OnDelete}}",
    ])
    func aCustomKindMayMeanSomethingElse(spec: String) throws {
        let set = """
            apiVersion: apps.kruise.io/v1alpha1
            kind: CloneSet
            metadata: {name: web}
            spec: {\(spec)}
            """
        #expect(try create(set) == [])
    }

    @Test(arguments: [
        ("spec: {updateStrategy: OnDelete}", "spec.updateStrategy", "an object, found a string"),
        (
            "spec: {updateStrategy: {type: 1}}", "spec.updateStrategy.type",
            "a string, found a number"
        ),
        (
            "spec: {revisionHistoryLimit: '0'}", "spec.revisionHistoryLimit",
            "a number, found a string"
        ),
        (
            "spec: {template: {spec: {nodeName: 1}}}", "spec.template.spec.nodeName",
            "a string, found a number"
        ),
        (
            "spec: {template: {spec: {hostname: []}}}", "spec.template.spec.hostname",
            "a string, found an array"
        ),
    ])
    func aWrongTypeCannotBeJudged(spec: String, path: String, expected: String) throws {
        #expect(
            try create("apiVersion: apps/v1\nkind: Deployment\n\(spec)") == [
                "\(path): the object cannot be judged: expected \(expected)"
            ])
    }

    @Test(arguments: [
        ("metadata: []", "metadata", "an object, found an array"),
        (
            "metadata: {ownerReferences: {}}", "metadata.ownerReferences",
            "an array, found an object"
        ),
        (
            "metadata: {ownerReferences: [web]}", "metadata.ownerReferences[0]",
            "an object, found a string"
        ),
    ])
    func aWrongOwnerCannotBeJudged(metadata: String, path: String, expected: String) throws {
        #expect(
            try create("apiVersion: v1\nkind: Pod\n\(metadata)\nspec: {}") == [
                "\(path): the object cannot be judged: expected \(expected)"
            ])
    }

    @Test(arguments: ["barePods", "onDelete", "revisionHistory", "nodeName", "hostname"])
    func aSwitchIsABoolean(name: String) {
        let policy = """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: pets}
            spec:
              rule: replaceable-workload
              parameters:
                \(name): no way
            """
        #expect(
            problems(("p.yaml", policy)) == [
                "p.yaml:7:\(name.count + 7): spec.parameters.\(name) is a string; "
                    + "expected true or false"
            ])
    }
}
