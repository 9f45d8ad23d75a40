import Document
import Testing

@testable import Policy

@Suite struct NoDebugContainersTests {
    private func pod(_ spec: String, metadata: String = "name: web") -> String {
        "{apiVersion: v1, kind: Pod, metadata: {\(metadata)}, spec: {\(spec)}}"
    }

    private func update(
        _ new: String, _ old: String, subresource: String = "ephemeralcontainers"
    ) throws -> Subject {
        try request(
            .update, pod("ephemeralContainers: [\(new)]"),
            old: pod("ephemeralContainers: [\(old)]"), subresource: subresource)
    }

    private func added(_ verdict: Verdict) -> [String] {
        verdict.violations.map(\.path.description)
    }

    @Test(arguments: [
        ("{name: a}", "{name: a}", [Int]()),
        ("{name: b}, {name: a}", "{name: a}, {name: b}", []),
        ("{name: a}, {name: b}", "{name: a}", [1]),
        ("{name: b}, {name: a}", "{name: a}", [0]),
        ("{name: a}, {name: a}", "{name: a}", [1]),
        ("{name: a}, {name: a}", "{name: a}, {name: a}", []),
        ("{name: a}, {name: a}, {name: b}", "{name: b}", [0, 1]),
        ("{name: b}", "{name: a}", [0]),
        ("", "{name: a}", []),
        ("{}", "", [0]),
        ("{}, {}", "{}", [1]),
        ("{name: a, stdin: true}", "{name: a}", []),
    ])
    func onlyAddedOnesCount(new: String, old: String, expected: [Int]) throws {
        let set = try policySet("no-debug-containers")
        for subresource in ["ephemeralcontainers", "", "resize", "another"] {
            let verdict = try set.evaluate(update(new, old, subresource: subresource))
            #expect(added(verdict) == expected.map { "spec.ephemeralContainers[\($0)]" })
        }
        #expect(try set.evaluate(update(new, old, subresource: "status")).isAllowed)
    }

    @Test func withoutAStoredPodAllAreAdded() throws {
        let subject = try request(.update, pod("ephemeralContainers: [{name: a}]"))
        let verdict = try policySet("no-debug-containers").evaluate(subject)
        #expect(added(verdict) == ["spec.ephemeralContainers[0]"])
    }

    @Test(arguments: [
        ("busybox", "{name: a, image: busybox:1}", "{name: a, image: busybox:1}", true),
        ("busybox", "{name: a, image: alpine}", "{name: a, image: busybox:1}", false),
        ("busybox", "{name: a, image: busybox:2}", "{name: a, image: busybox:1}", true),
        ("alpine", "{name: a, image: busybox:2}", "{name: a, image: busybox:1}", false),
        ("alpine", "{name: a}", "{name: a, image: busybox:1}", false),
    ])
    func imagesOfStoredOnes(allowed: String, new: String, old: String, passes: Bool) throws {
        let set = try policySet(
            "no-debug-containers", "parameters: {allowedImages: [docker.io/library/\(allowed)]}")
        #expect(try set.evaluate(update(new, old)).isAllowed == passes)
    }

    /// A node shell's container is no debug container of a Pod: its image excuses nothing.
    @Test func aShellOnANodeHasNoAllowedImage() throws {
        let shell = pod(
            "hostPID: true, volumes: [{name: root, hostPath: {path: /}}], "
                + "containers: [{name: debugger, image: busybox}]")
        let set = try policySet("no-debug-containers", "parameters: {allowedImages: ['*']}")
        #expect(try !set.evaluate(request(.create, shell)).isAllowed)
    }

    @Test(arguments: [
        ("", false), ("ownerReferences: []", false), ("ownerReferences: [{name: a}]", false),
        ("ownerReferences: [{name: a, controller: false}]", false),
        ("ownerReferences: [{name: a, controller: true}]", true),
        ("ownerReferences: [{name: a}, {name: b, controller: true}]", true),
    ])
    func aControllersOwnPodsAreNobodysDoing(metadata: String, passes: Bool) throws {
        let copy = pod("containers: [{name: debugger-rx9vq}]", metadata: "name: web, \(metadata)")
        let verdict = try policySet("no-debug-containers").evaluate(request(.create, copy))
        #expect(verdict.isAllowed == passes)
    }

    /// One of the three forms is enough; a Pod that has all of them is one violation.
    @Test func aShellOnANodeIsOneViolation() throws {
        let shell = pod(
            "nodeName: node-1, hostPID: true, volumes: [{name: root, hostPath: {path: /}}]",
            metadata: "name: node-debugger-node-1-nz9rq, "
                + "labels: {app.kubernetes.io/managed-by: kubectl-debug}")
        let verdict = try policySet("no-debug-containers").evaluate(request(.create, shell))
        #expect(added(verdict) == ["metadata.name"])
    }

    /// The other forms of `kubectl debug` are new Pods: an update makes none.
    @Test func anUpdateMakesNoPod() throws {
        let shell = pod("hostPID: true, volumes: [{name: root, hostPath: {path: /}}]")
        let verdict = try policySet("no-debug-containers")
            .evaluate(request(.update, shell, old: pod("")))
        #expect(verdict.isAllowed)
    }

    @Test func metadataIsNotNeeded() throws {
        let shell = """
            {apiVersion: v1, kind: Pod, spec: {hostPID: true, volumes: [{hostPath: {path: /}}]}}
            """
        #expect(try !policySet("no-debug-containers").evaluate(request(.create, shell)).isAllowed)
    }

    @Test func manifestsAreNoActs() throws {
        let set = try policySet("no-debug-containers")
        #expect(set.evaluate(try subject(pod("containers: [{name: debugger-rx9vq}]"))).isAllowed)
    }

    @Test func breakGlassIsNoticedForEachAct() throws {
        let set = try policySet("no-debug-containers", "parameters: {allowedUsers: ['alice@*']}")
        let verdict = try set.evaluate(update("{name: a, image: x}, {name: b}", ""))
        #expect(verdict.isAllowed)
        #expect(verdict.notices.map(\.kind) == ["break-glass", "break-glass"])
        #expect(
            verdict.notices.map(\.message) == [
                "user \"alice@example.com\" may add the debug container \"a\" with the image \"x\" "
                    + "to the running Pod \"web\"",
                "user \"alice@example.com\" may add the debug container \"b\" without an image "
                    + "to the running Pod \"web\"",
            ])
        #expect(try set.evaluate(update("{name: a}", "{name: a}")).notices.isEmpty)
    }

    @Test(arguments: [
        ("ephemeralContainers: {}", "spec.ephemeralContainers"),
        ("ephemeralContainers: [a]", "spec.ephemeralContainers[0]"),
        ("ephemeralContainers: [{name: 5}]", "spec.ephemeralContainers[0].name"),
        ("ephemeralContainers: [{name: a, image: 5}]", "spec.ephemeralContainers[0].image"),
        ("containers: [{name: 5}]", "spec.containers[0].name"),
        ("containers: [{name: debugger-abcde, image: 5}]", "spec.containers[0].image"),
        ("nodeName: 5", "spec.nodeName"), ("hostPID: 'true'", "spec.hostPID"),
        ("hostPID: true, volumes: {}", "spec.volumes"),
        ("hostPID: true, volumes: [{hostPath: /}]", "spec.volumes[0].hostPath"),
        ("hostPID: true, volumes: [{hostPath: {path: 5}}]", "spec.volumes[0].hostPath.path"),
    ])
    func unreadablePodsAreDenied(spec: String, path: String) throws {
        let verdict = try policySet("no-debug-containers").evaluate(request(.create, pod(spec)))
        #expect(verdict.violations.map(\.rule) == ["unreadable-object"])
        #expect(added(verdict) == [path])
    }

    /// Time of the number of containers: no pairing is quadratic.
    @Test func manyContainersOfOneName() throws {
        let many = Array(repeating: "{name: a}", count: 20_000).joined(separator: ", ")
        let verdict = try policySet("no-debug-containers").evaluate(
            update("\(many), {name: b}", many))
        #expect(added(verdict) == ["spec.ephemeralContainers[20000]"])
    }
}
