import Document
import Testing

@testable import Policy

/// A Deployment in flow style; `spec` is its pod spec.
private func deployment(_ spec: String, metadata: String = "") -> String {
    """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, \(metadata)}
    spec: {template: {spec: {\(spec)}}}
    """
}

private func evaluate(
    _ rule: String, _ spec: String = "", _ subject: Subject
) throws -> [String] {
    try policySet(rule, spec).evaluate(subject).lines
}

@Suite struct UpdateTests {
    private func update(
        _ rule: String, _ old: String, _ new: String, policy: String = ""
    ) throws -> [String] {
        try evaluate(
            rule, policy, request(.update, deployment(new), old: deployment(old)))
    }

    private static let place = "spec.template.spec"

    @Test func whatWasWrongBeforeDoesNotCount() throws {
        let old = "containers: [{name: a, image: nginx}, {name: b, image: redis}]"
        #expect(try update("image-digest", old, old) == [])
        // The same containers in another order.
        let moved = "containers: [{name: b, image: redis}, {name: a, image: nginx}]"
        #expect(try update("image-digest", old, moved) == [])
        #expect(try update("image-digest", old, "containers: [{name: b, image: redis}]") == [])
    }

    /// A container of the same name in another list, or in another task's template, is another one.
    @Test func whatWasWrongElsewhereDoesCount() throws {
        let main = "containers: [{name: a, image: nginx}]"
        let first = "initContainers: [{name: a, image: nginx}]"
        #expect(try update("image-digest", main, first).count == 1)
        #expect(try update("read-only-root-filesystem", first, main).count == 1)

        func job(_ one: String, _ two: String) -> String {
            """
            apiVersion: batch.volcano.sh/v1alpha1
            kind: Job
            metadata: {name: j}
            spec:
              tasks:
                - {name: one, template: {spec: {containers: [{name: a, image: '\(one)'}]}}}
                - {name: two, template: {spec: {containers: [{name: a, image: '\(two)'}]}}}
            """
        }
        let pinned = "nginx@\(digest)"
        let swapped = try request(.update, job(pinned, "nginx"), old: job("nginx", pinned))
        #expect(
            try evaluate("image-digest", "", swapped) == [
                "spec.tasks[1].template.spec.containers[0].image: container \"a\" has the image "
                    + "\"nginx\", which is not pinned by a digest"
            ])
        let same = try request(.update, job("nginx", pinned), old: job("nginx", pinned))
        #expect(try evaluate("image-digest", "", same) == [])
    }

    @Test func whatTheUpdateAddsOrChangesCounts() throws {
        let old = "containers: [{name: a, image: nginx}]"
        let message = "which is not pinned by a digest"
        #expect(
            try update("image-digest", old, "containers: [{name: a, image: 'nginx:2'}]") == [
                "\(Self.place).containers[0].image: container \"a\" has the image \"nginx:2\", "
                    + message
            ])
        #expect(
            try update("image-digest", old, "containers: [{name: b, image: nginx}]") == [
                "\(Self.place).containers[0].image: container \"b\" has the image \"nginx\", "
                    + message
            ])
        let two = "containers: [{name: a, image: nginx}, {name: a, image: nginx}]"
        #expect(
            try update("image-digest", old, two) == [
                "\(Self.place).containers[1].image: container \"a\" has the image \"nginx\", "
                    + message
            ])
        #expect(try update("image-digest", two, old) == [])
    }

    @Test func absentAndFalseAreAlike() throws {
        let absent = "containers: [{name: a}]"
        let empty = "containers: [{name: a, securityContext: {}}]"
        let no = "containers: [{name: a, securityContext: {readOnlyRootFilesystem: false}}]"
        let yes = "containers: [{name: a, securityContext: {readOnlyRootFilesystem: true}}]"
        for (old, new) in [(absent, no), (no, absent), (empty, no), (no, empty)] {
            #expect(try update("read-only-root-filesystem", old, new) == [])
        }
        #expect(try update("read-only-root-filesystem", yes, absent).count == 1)
        #expect(try update("read-only-root-filesystem", no, yes) == [])
    }

    @Test func aPortIsNotExcusedByAnother() throws {
        let old = "containers: [{name: a, ports: [{containerPort: 22}]}]"
        let host = "containers: [{name: a, ports: [{containerPort: 22, hostPort: 22}]}]"
        #expect(
            try update("no-ssh", old, host) == [
                "\(Self.place).containers[0].ports[0].hostPort: container \"a\" has the SSH port "
                    + "22 as its hostPort"
            ])
        let other = "containers: [{name: a}, {name: b, ports: [{containerPort: 22}]}]"
        #expect(try update("no-ssh", old, other).count == 1)
    }

    @Test func existingViolationsDeny() throws {
        let old = "containers: [{name: a, image: nginx}]"
        #expect(try update("image-digest", old, old, policy: "existingViolations: Deny").count == 1)
    }

    @Test(arguments: [
        ("deletionTimestamp: '2026-01-01T00:00:00Z'", "", 0),
        ("deletionTimestamp: null", "", 1),
        ("", "deletionTimestamp: '2026-01-01T00:00:00Z'", 1),
    ])
    func aStoredObjectBeingDeletedIsForgiven(old: String, new: String, count: Int) throws {
        let spec = "containers: [{name: a, image: nginx}]"
        let subject = try request(
            .update, deployment(spec, metadata: new), old: deployment(spec, metadata: old))
        #expect(try evaluate("image-digest", "existingViolations: Deny", subject).count == count)
    }

    @Test func deletionForgivesNothingNew() throws {
        let metadata = "deletionTimestamp: '2026-01-01T00:00:00Z'"
        let subject = try request(
            .update, deployment("containers: [{name: a, image: nginx}]", metadata: metadata),
            old: deployment("containers: [{name: a, image: redis}]", metadata: metadata))
        #expect(try evaluate("image-digest", "existingViolations: Deny", subject).count == 1)
    }

    @Test func anUnreadableOldObjectExcusesNothing() throws {
        let bad = "containers: [{name: a, image: 5}]"
        let new = "containers: [{name: a, image: nginx}]"
        #expect(try update("image-digest", bad, new).count == 1)
        #expect(try update("image-digest", bad, bad) == [])
        let whole = try request(.update, deployment(new), old: "[]")
        #expect(try evaluate("image-digest", "", whole).count == 1)
    }

    /// What cannot be read alike before does not hide what was found beside it.
    @Test func whatIsFoundBesideAnUnreadableFieldCounts() throws {
        let old = "containers: [{name: a, image: redis}, {name: b, image: 5}]"
        let new = "containers: [{name: a, image: nginx}, {name: b, image: 5}]"
        #expect(
            try update("image-digest", old, new) == [
                "\(Self.place).containers[0].image: container \"a\" has the image \"nginx\", "
                    + "which is not pinned by a digest"
            ])
        #expect(try update("image-digest", old, old) == [])
        #expect(
            try update("image-digest", "containers: [{name: b, image: true}]", old).contains(
                "\(Self.place).containers[1].image: the object cannot be judged: "
                    + "expected a string, found a number"))
    }

    @Test func theUpdateOfAnObjectWithoutOldOneIsJudgedWhole() throws {
        let subject = try request(.update, deployment("containers: [{name: a, image: nginx}]"))
        #expect(try evaluate("image-digest", "", subject).count == 1)
    }

    /// Two hostile objects: comparing each finding with each took minutes.
    @Test func manyFindingsAreComparedInLinearTime() throws {
        func containers(_ range: some Sequence<Int>) -> String {
            "containers: [\(range.map { "{name: c\($0), image: x}" }.joined(separator: ","))]"
        }
        let old = deployment(containers(0..<9_000))
        let subject = try request(
            .update, deployment(containers((0..<9_001).reversed())), old: old)
        let set = try policySet("image-digest")
        let elapsed = processorTime {
            #expect(
                set.evaluate(subject).violations.map(\.path.description) == [
                    "spec.template.spec.containers[0].image"
                ])
        }
        #expect(elapsed < .seconds(10))
    }
}

@Suite struct PolicySetTests {
    private static let bad = "{name: web, image: nginx, ports: [{containerPort: 22}]}"
    private static let pod = """
        apiVersion: v1
        kind: Pod
        metadata: {name: web, annotations: {kubernetes.io/config.mirror: abc}}
        spec: {containers: [\(bad)]}
        """

    @Test func mirrorPodsAreLetThrough() throws {
        let set = try policySet("image-digest")
        let subject = try request(.create, Self.pod)
        #expect(!set.evaluate(subject).isAllowed)
        #expect(!set.evaluate(subject).isMirrorPod)
        subject.groups = try tree("[system:nodes, system:authenticated]")
        #expect(set.evaluate(subject).isAllowed)
        #expect(set.evaluate(subject).isMirrorPod)
        subject.object = try tree(Self.pod.replacing("config.mirror", with: "config.source"))
        #expect(!set.evaluate(subject).isAllowed)
        // Of a manifest nobody says who sends it; of a Deployment there are no mirrors.
        #expect(try !set.evaluate(Self.subject(of: Self.pod)).isAllowed)
        subject.object = try tree(Self.pod)
        subject.kind = GroupKind("apps", "Deployment")
        #expect(!set.evaluate(subject).isMirrorPod)
    }

    private static func subject(of yaml: String) throws -> Subject {
        let subject = Subject(operation: .create, kind: .pod, isRequest: false)
        subject.object = try tree(yaml)
        return subject
    }

    @Test(arguments: [
        ("", true), ("ephemeralcontainers", true), ("resize", true), ("unheard-of", true),
        ("status", false), ("scale", false), ("binding", false), ("eviction", false),
        ("log", false),
    ])
    func subresources(subresource: String, isSeen: Bool) throws {
        let set = try policySet("image-digest")
        let subject = try request(.update, Self.pod, subresource: subresource)
        #expect(set.evaluate(subject).isAllowed == !isSeen)
        #expect(set.concerns(subject) == isSeen)
    }

    @Test(arguments: ["image-digest", "read-only-root-filesystem", "no-ssh", "no-exec"])
    func deletionIsUnseen(rule: String) throws {
        let set = try policySet(rule)
        let subject = try request(.delete, nil, old: Self.pod)
        #expect(set.evaluate(subject).violations == [])
        #expect(!set.concerns(subject))
    }

    @Test func stateRulesDoNotSeeConnectionsNorActRulesObjects() throws {
        #expect(try policySet("image-digest").evaluate(exec("{command: [sh]}")).isAllowed)
        let noExec = try policySet("no-exec")
        #expect(try noExec.evaluate(request(.create, Self.pod)).isAllowed)
        #expect(noExec.policies.map(\.actShare) == [.whole])
        #expect(try policySet("no-ssh").policies.map(\.actShare) == [.none])
        #expect(try noExec.evaluate(exec("{ports: [80]}", subresource: "portforward")).isAllowed)
    }

    @Test func kindsWithoutPodSpecsAreUnseen() throws {
        let set = try policySet("image-digest")
        let text = "{apiVersion: example.com/v1, kind: Deployment, spec: {containers: [{}]}}"
        #expect(try !set.concerns(request(.create, text)))
        #expect(PolicySet.empty.evaluate(try request(.create, Self.pod)).isAllowed)
    }

    @Test func policiesAreEvaluatedInTheOrderOfTheirNames() throws {
        let set = try policySet(
            yaml: ["b", "c", "a"].map { name in
                """
                apiVersion: cattleguard.dev/v1
                kind: Policy
                metadata: {name: \(name)}
                spec: {rule: image-digest, validationActions: [\(name == "a" ? "Warn" : "Audit")]}
                """
            }.joined(separator: "\n---\n"))
        let verdict = set.evaluate(try request(.create, Self.pod))
        #expect(verdict.violations.map(\.policy) == ["a", "b", "c"])
        #expect(verdict.violations.map(\.gravestAction) == [.warn, .audit, .audit])
        #expect(verdict.isAllowed)
    }

    @Test(arguments: [(Enforcement.declared, false), (.advisory, true), (.audit, true)])
    func enforcement(enforcement: Enforcement, isAllowed: Bool) throws {
        let set = try policySet("image-digest", enforcement: enforcement)
        let verdict = set.evaluate(try request(.create, Self.pod))
        #expect(verdict.isAllowed == isAllowed)
        #expect(verdict.violations.count == 1)
    }

    private static let where_ = "spec.template.spec"

    @Test(arguments: [
        ("spec: 5", "spec: the object cannot be judged: expected an object, found a number"),
        (
            "spec: {template: []}",
            "spec.template: the object cannot be judged: expected an object, found an array"
        ),
        (
            "spec: {template: {spec: text}}",
            "\(where_): the object cannot be judged: expected an object, found a string"
        ),
        (
            "spec: {template: {spec: {containers: {}}}}",
            "\(where_).containers: the object cannot be judged: "
                + "expected an array, found an object"
        ),
        (
            "spec: {template: {spec: {containers: [~]}}}",
            "\(where_).containers[0]: the object cannot be judged: expected an object, found null"
        ),
        (
            "spec: {template: {spec: {initContainers: [{}, 5]}}}",
            "\(where_).initContainers[1]: the object cannot be judged: "
                + "expected an object, found a number"
        ),
        (
            "spec: {template: {spec: {containers: [{image: 5}]}}}",
            "\(where_).containers[0].image: the object cannot be judged: "
                + "expected a string, found a number"
        ),
        (
            "spec: {template: {spec: {volumes: {}}}}",
            "\(where_).volumes: the object cannot be judged: expected an array, found an object"
        ),
        (
            "spec: {template: {spec: {volumes: [{image: x}]}}}",
            "\(where_).volumes[0].image: the object cannot be judged: "
                + "expected an object, found a string"
        ),
    ])
    func unreadableObjects(text: String, expected: String) throws {
        let set = try policySet("image-digest")
        let verdict = set.evaluate(
            try request(.create, "{apiVersion: apps/v1, kind: Deployment, \(text)}"))
        #expect(verdict.lines == [expected])
        #expect(verdict.violations.map(\.rule) == ["unreadable-object"])
        #expect(!verdict.isAllowed)
    }

    @Test(arguments: ["spec: null", "spec: {}", "spec: {template: {spec: null}}", "x: 1"])
    func whatIsAbsentHoldsNothing(text: String) throws {
        let text = "{apiVersion: apps/v1, kind: Deployment, \(text)}"
        #expect(try evaluate("image-digest", "", request(.create, text)) == [])
    }

    @Test(arguments: [
        ("spec: {tasks: {}}", "spec.tasks", "an array, found an object"),
        ("spec: {tasks: [5]}", "spec.tasks[0]", "an object, found a number"),
        (
            "spec: {tasks: [~, {template: 5}]}", "spec.tasks[1].template",
            "an object, found a number"
        ),
    ])
    func unreadableLists(text: String, path: String, problem: String) throws {
        let text = "{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, \(text)}"
        #expect(
            try evaluate("image-digest", "", request(.create, text)) == [
                "\(path): the object cannot be judged: expected \(problem)"
            ])
    }

    @Test func unreadableAsAWholeByWhatIsKnownOutsideTheObject() throws {
        let subject = try request(.create, Self.pod)
        subject.object = nil
        subject.unreadable = UnreadableObject(.root, "too deep")
        let concerned = [
            "", "match: {users: [bob]}", "match: {names: [api]}", "match: {kinds: [Pod]}",
        ]
        for match in concerned {
            #expect(
                try evaluate("image-digest", match, subject) == [
                    "the object cannot be judged: too deep"
                ])
        }
        for match in ["kinds: [Job]", "namespaces: [pay]", "operations: [UPDATE]"] {
            #expect(try evaluate("image-digest", "match: {\(match)}", subject) == [])
        }
    }

    @Test func anEnormousNameIsNotRepeated() throws {
        let name = String(repeating: "n", count: 100_000)
        let ports = Array(repeating: "{containerPort: 22}", count: 2_000).joined(separator: ",")
        let subject = try request(
            .create,
            "{apiVersion: v1, kind: Pod, spec: {containers: [{name: \(name), ports: [\(ports)]}]}}")
        let violations = try policySet("no-ssh").evaluate(subject).violations
        #expect(violations.count == 2_000)
        #expect(violations.allSatisfy { $0.message.utf8.count < 400 })
    }

    @Test(arguments: [(1518, 1518), (1519, 256)])
    func longestNameInFull(length: Int, shown: Int) throws {
        let name = String(repeating: "n", count: length)
        #expect(try tree(name).shortString?.utf8.count == shown)
    }

    @Test func oneWordIsMendedOnce() throws {
        let script = String(repeating: "sshd;", count: 100)
        let text = """
            {apiVersion: v1, kind: Pod, spec: {containers: [
              {name: a, command: [sh, -c], args: ["\(script)"]}]}}
            """
        #expect(
            try evaluate("no-ssh", "", request(.create, text)) == [
                "spec.containers[0].args[0]: container \"a\" starts the SSH server \"sshd\""
            ])
    }
}

/// Peers end the evaluation at an image that is no reference.
@Suite struct InvalidReferenceTests {
    @Test func everyOtherRuleStillJudges() throws {
        let rules = ["image-digest", "no-ssh", "read-only-root-filesystem"]
        let set = try policySet(
            yaml: rules.map { rule in
                """
                apiVersion: cattleguard.dev/v1
                kind: Policy
                metadata: {name: \(rule)}
                spec: {rule: \(rule), validationActions: [Deny]}
                """
            }.joined(separator: "\n---\n"))
        let pod = try subject(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: a}
            spec: {containers: [{name: a, image: nginx@foo, ports: [{containerPort: 22}]}]}
            """)
        #expect(set.evaluate(pod).violations.map(\.rule) == rules)
    }
}
