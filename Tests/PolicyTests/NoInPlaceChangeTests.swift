import Document
import Testing

@testable import Policy

@Suite struct NoInPlaceChangeTests {
    private func pod(_ spec: String, metadata: String = "name: web") -> String {
        "{apiVersion: v1, kind: Pod, metadata: {\(metadata)}, spec: {\(spec)}}"
    }

    private func lines(
        _ new: String, _ old: String, subresource: String = "", parameters: String = ""
    ) throws -> [String] {
        try policySet("no-in-place-change", "parameters: {\(parameters)}")
            .evaluate(request(.update, pod(new), old: pod(old), subresource: subresource)).lines
    }

    private func containers(_ containers: String) -> String { "containers: [\(containers)]" }

    @Test(arguments: [
        ("{name: a, image: x}", "{name: a, image: x}", [String]()),
        ("{name: a, image: z}", "{name: a, image: x}", ["[0].image"]),
        ("{name: a}", "{name: a, image: x}", ["[0].image"]),
        ("{name: a, image: x}", "{name: a}", ["[0].image"]),
        ("{name: a, image: ~}", "{name: a}", []),
        ("{name: a, image: 'x'}", "{image: x, name: a}", []),
        ("{name: b}, {name: a}", "{name: a}, {name: b}", []),
        ("{name: a}", "{name: a}, {name: b}", [""]),
        ("{name: a}, {name: b}", "{name: a}", ["[1]"]),
        ("{name: b}", "{name: a}", ["[0]", ""]),
        ("", "{name: a}", [""]),
        ("{name: a}, {name: a}", "{name: a}", ["[1]"]),
        ("{name: a}", "{name: a}, {name: a}", [""]),
        (
            "{name: a, image: x}, {name: a, image: z}", "{name: a, image: x}, {name: a, image: x}",
            ["[1].image"]
        ),
        (
            "{name: a, image: z}, {name: a, image: x}", "{name: a, image: x}, {name: a, image: z}",
            ["[0].image", "[1].image"]
        ),
        ("{image: z}", "{image: x}", ["[0].image"]),
        ("{name: a, stdin: true}", "{name: a}", []),
    ])
    func containersArePairedByName(new: String, old: String, expected: [String]) throws {
        for list in ["containers", "initContainers"] {
            for subresource in ["", "resize", "ephemeralcontainers", "another"] {
                let verdict = try policySet("no-in-place-change").evaluate(
                    request(
                        .update, pod("\(list): [\(new)]"), old: pod("\(list): [\(old)]"),
                        subresource: subresource))
                #expect(
                    verdict.violations.map(\.path.description)
                        == expected.map { "spec.\(list)\($0)" })
                #expect(verdict.violations.allSatisfy { $0.rule == NoInPlaceChange.id })
            }
        }
        #expect(try lines(containers(new), containers(old), subresource: "status") == [])
    }

    /// A name that a container of another list has is another container's.
    @Test func listsAreApart() throws {
        #expect(
            try lines("initContainers: [{name: a}]", "containers: [{name: a}]") == [
                "spec.initContainers[0]: init container \"a\" is added to the running Pod \"web\"",
                "spec.containers: container \"a\" is removed from the running Pod \"web\"",
            ])
    }

    @Test(arguments: [
        ("{limits: {cpu: 1}}", "{limits: {cpu: 1}}", true),
        ("{limits: {cpu: 1}}", "{limits: {cpu: '1'}}", true),
        ("{limits: {cpu: 0.5}}", "{limits: {cpu: '0.5'}}", true),
        ("{limits: {cpu: 1, memory: 1Gi}}", "{limits: {memory: 1Gi, cpu: '1'}}", true),
        ("{limits: {cpu: 1}}", "{limits: {cpu: 2}}", false),
        ("{limits: {cpu: 1}}", "{requests: {cpu: 1}}", false),
        ("{limits: {cpu: 1}}", "{limits: {cpu: 1}, requests: {cpu: 1}}", false),
        ("{limits: {cpu: 1}}", "{}", false),
        ("{limits: {cpu: 1}}", "~", false),
        ("{}", "~", true), ("{limits: {}}", "~", true), ("{limits: ~}", "{requests: {}}", true),
        ("{limits: {cpu: ~}}", "{}", true),
        ("{claims: [{name: gpu}]}", "{claims: [{name: gpu}]}", true),
        ("{claims: [{name: gpu}]}", "{}", false),
        (
            "{claims: [{name: gpu}], limits: {cpu: 1}}",
            "{claims: [{name: tpu}], limits: {cpu: 1}}",
            false
        ),
    ])
    func resourcesAreComparedAsTheyAreWritten(new: String, old: String, same: Bool) throws {
        for (new, old) in [(new, old), (old, new)] {
            let container = containers("{name: a, resources: \(new)}")
            let stored = containers("{name: a, resources: \(old)}")
            let expected =
                "spec.containers[0].resources: the resources of container \"a\" of the "
                + "running Pod \"web\" are changed"
            for subresource in ["", "resize", "another"] {
                #expect(
                    try lines(container, stored, subresource: subresource)
                        == (same ? [] : [expected]))
                #expect(
                    try lines(
                        container, stored, subresource: subresource,
                        parameters: "allowResize: true") == [])
            }
            #expect(
                try lines("resources: \(new)", "resources: \(old)", subresource: "resize")
                    == (same
                        ? []
                        : ["spec.resources: the resources of the running Pod \"web\" are changed"]))
        }
    }

    @Test(arguments: [
        ("activeDeadlineSeconds: 30", "", "set to 30"),
        ("activeDeadlineSeconds: 30", "activeDeadlineSeconds: 60", "set to 30"),
        ("", "activeDeadlineSeconds: 60", "removed"),
        ("activeDeadlineSeconds: 60", "activeDeadlineSeconds: 60", nil),
        ("activeDeadlineSeconds: 60", "activeDeadlineSeconds: 60.0", nil),
        ("activeDeadlineSeconds: ~", "", nil),
    ])
    func deadlines(new: String, old: String, change: String?) throws {
        let expected = change.map {
            ["spec.activeDeadlineSeconds: the deadline of the running Pod \"web\" is \($0)"]
        }
        #expect(try lines(new, old) == expected ?? [])
    }

    @Test(arguments: [
        "name: web, labels: {a: b}", "name: web, annotations: {a: b}",
        "name: web, finalizers: [a]", "name: web, ownerReferences: [{name: a}]",
    ])
    func metadataMayChange(metadata: String) throws {
        let new = pod("containers: [{name: a}]", metadata: metadata)
        let old = pod("containers: [{name: a}]")
        for (new, old) in [(new, old), (old, new)] {
            let verdict = try policySet("no-in-place-change").evaluate(
                request(.update, new, old: old))
            #expect(verdict.isAllowed)
        }
    }

    @Test(arguments: [
        "tolerations: [{operator: Exists}]", "schedulingGates: [{name: a}]",
        "ephemeralContainers: [{name: a, image: b}]", "terminationGracePeriodSeconds: 1",
    ])
    func theRestOfTheSpecMayChange(spec: String) throws {
        #expect(try lines(spec, "") == [])
        #expect(try lines("", spec) == [])
    }

    /// A new template makes new Pods.
    @Test func aTemplateIsReplaced() throws {
        func deployment(_ image: String, _ annotation: String = "") -> String {
            """
            {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {
              metadata: {annotations: {\(annotation)}}, spec: {
                activeDeadlineSeconds: 5, containers: [{name: web, image: \(image)}]}}}}
            """
        }
        let set = try policySet("no-in-place-change")
        let restarted = "kubectl.kubernetes.io/restartedAt: '2026-11-23T02:35:26Z'"
        for new in [deployment("app:2"), deployment("app:1", restarted)] {
            let verdict = try set.evaluate(request(.update, new, old: deployment("app:1")))
            #expect(verdict.lines == [])
        }
    }

    private func cloneSet(_ strategy: String) -> String {
        """
        {apiVersion: apps.kruise.io/v1alpha1, kind: CloneSet, metadata: {name: web},
         spec: {updateStrategy: \(strategy)}}
        """
    }

    @Test(arguments: [
        ("{type: InPlaceOnly}", "{type: ReCreate}", "Allow", false),
        ("{type: InPlaceOnly}", "{type: InPlaceIfPossible}", "Allow", false),
        ("{type: InPlaceOnly}", "{type: InPlaceOnly, partition: 1}", "Allow", true),
        ("{type: InPlaceOnly}", "{type: InPlaceOnly}", "Deny", false),
        ("{type: inplaceonly}", "{}", "Allow", true), ("{}", "{}", "Deny", true),
        ("~", "{}", "Deny", true),
    ])
    func storedStrategies(new: String, old: String, existing: String, passes: Bool) throws {
        let set = try policySet("no-in-place-change", "existingViolations: \(existing)")
        let verdict = try set.evaluate(
            request(.update, cloneSet(new), old: cloneSet(old)))
        #expect(verdict.isAllowed == passes)
    }

    /// Outside a cluster only the strategies of workloads are judged.
    @Test func manifestsAreJudgedByTheirStrategy() throws {
        let set = try policySet("no-in-place-change")
        #expect(set.policies.map(\.actShare) == [.part])
        #expect(try !set.evaluate(subject(cloneSet("{type: InPlaceOnly}"))).isAllowed)
        #expect(try set.evaluate(subject(pod("activeDeadlineSeconds: 5"))).isAllowed)
    }

    @Test(arguments: [
        ("{type: 5}", "spec.updateStrategy.type"), ("5", "spec.updateStrategy"),
    ])
    func unreadableStrategiesAreDenied(strategy: String, path: String) throws {
        let verdict = try policySet("no-in-place-change").evaluate(
            request(.create, cloneSet(strategy)))
        #expect(verdict.violations.map(\.rule) == ["unreadable-object"])
        #expect(verdict.violations.map(\.path.description) == [path])
    }

    @Test(arguments: [
        ("containers: {}", "spec.containers"), ("containers: [a]", "spec.containers[0]"),
        ("containers: [{name: 5}]", "spec.containers[0].name"),
        ("containers: [{name: a, image: 5}]", "spec.containers[0].image"),
        ("containers: [{name: a, resources: 5}]", "spec.containers[0].resources"),
        ("containers: [{name: a, resources: {limits: 5}}]", "spec.containers[0].resources.limits"),
        (
            "containers: [{name: a, resources: {limits: {cpu: []}}}]",
            "spec.containers[0].resources.limits.cpu"
        ),
        ("resources: 5", "spec.resources"),
        ("activeDeadlineSeconds: '5'", "spec.activeDeadlineSeconds"),
    ])
    func unreadablePodsAreDenied(spec: String, path: String) throws {
        let verdict = try policySet("no-in-place-change").evaluate(
            request(.update, pod(spec), old: pod("containers: [{name: a}]")))
        #expect(verdict.violations.map(\.path.description).contains(path))
        #expect(verdict.violations.map(\.rule).contains("unreadable-object"))
    }

    /// Time of the number of containers and of resources: nothing is quadratic.
    @Test func manyOfOneName() throws {
        let many = Array(repeating: "{name: a}", count: 20_000).joined(separator: ", ")
        #expect(try lines(containers("{name: b}, \(many)"), containers(many)).count == 1)
        let some = (0..<20_000).map { "r\($0): 1" }.joined(separator: ", ")
        let container = containers("{name: a, resources: {limits: {\(some), z: 1}}}")
        let stored = containers("{name: a, resources: {limits: {z: 2, \(some)}}}")
        #expect(try lines(container, stored).count == 1)
    }

    @Test func allowResizeIsAboutResourcesAlone() throws {
        let new = "activeDeadlineSeconds: 5, containers: [{name: a, image: b, resources: {}}]"
        #expect(
            try lines(new, "containers: [{name: a}]", parameters: "allowResize: true").count == 2)
    }
}
