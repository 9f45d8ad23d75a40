import Document
import Testing

@testable import Policy

private let end = Moment(seconds: 1_796_083_200)

/// Two policies that deny, with exceptions of these `match`es by the names e0, e1…
private func policySet(exceptions matches: String..., policies: String = "[a]") throws -> PolicySet
{
    try policySet(policies: policies, matches)
}

private func policySet(policies: String = "[a]", _ matches: [String]) throws -> PolicySet {
    let actions = "validationActions: [Deny]"
    let exceptions = matches.enumerated().map { index, match in
        exceptionText(
            exceptionSpec("policies: \(policies)", "match: {\(match)}"), name: "e\(index)")
    }
    return try policySet(
        yaml: ([
            policyText("rule: image-digest\n\(actions)"),
            policyText("rule: read-only-root-filesystem\n\(actions)", name: "b"),
        ] + exceptions).joined(separator: "\n---\n"))
}

/// A workload with containers of these images.
private func workload(
    _ kind: String = "apps/v1 Deployment", metadata: String = "name: api-1, namespace: payments",
    images: String...
) -> String {
    let parts = kind.split(separator: " ")
    let containers = images.enumerated().map { "{name: c\($0), image: '\($1)'}" }
    let spec = "spec: {containers: [\(containers.joined(separator: ", "))]}"
    return """
        apiVersion: \(parts[0])
        kind: \(parts[1])
        metadata: {\(metadata)}
        \(kind == "v1 Pod" ? spec : "spec: {template: {\(spec)}}")
        """
}

extension Verdict {
    /// What exceptions let pass: `e0: a: spec.containers[0].image`.
    fileprivate var exceptedLines: [String] {
        excepted.map { "\($0.exception.name): \($0.violation.policy): \($0.violation.path)" }
    }
}

@Suite struct PolicyExceptionTests {
    @Test(arguments: [
        ("namespaces: [payments]", true), ("namespaces: [pay*]", true),
        ("namespaces: [shop]", false), ("namespaces: ['*'], names: [api-1]", true),
        ("excludeNamespaces: [shop]", true), ("excludeNamespaces: [payments]", false),
        ("kinds: [Deployment]", true), ("kinds: [Pod, Deployment]", true),
        ("kinds: [Pod]", false), ("names: [api-*]", true), ("names: [web, api-1]", true),
        ("names: [api]", false), ("users: [alice@example.com]", true), ("users: [alice]", false),
        ("groups: [dev*]", true), ("groups: [admins]", false),
        ("users: [alice@example.com], groups: [admins]", false),
        ("images: [docker.io/library/nginx]", true), ("images: [nginx]", false),
        ("images: ['*/nginx']", true), ("images: ['docker.io/library/nginx:1']", false),
        ("namespaces: [payments], kinds: [Deployment], names: [api-*]", true),
        ("namespaces: [payments], kinds: [Deployment], names: [web-*]", false),
    ])
    func match(match: String, isExcepted: Bool) throws {
        let subject = try request(.create, workload(images: "nginx:1"))
        let verdict = try policySet(exceptions: match).evaluate(subject)
        let path = "spec.template.spec.containers[0].image"
        #expect(verdict.exceptedLines == (isExcepted ? ["e0: a: \(path)"] : []))
        // The other policy denies all the same.
        #expect(verdict.violations.map(\.policy) == (isExcepted ? ["b"] : ["a", "b"]))
        #expect(!verdict.isAllowed)
    }

    @Test func bothPolicies() throws {
        let set = try policySet(exceptions: "names: [api-1]", policies: "[b, a]")
        let verdict = try set.evaluate(request(.create, workload(images: "nginx")))
        #expect(verdict.isAllowed)
        #expect(verdict.lines == [])
        let container = "spec.template.spec.containers[0]"
        #expect(
            verdict.exceptedLines == [
                "e0: a: \(container).image",
                "e0: b: \(container).securityContext.readOnlyRootFilesystem",
            ])
    }

    private static let aroundTheEnd: [(Int64, Int64, Bool)] = [
        (-1, 999_999_999, true), (-1, 0, true), (0, 0, false), (0, 1, false), (1, 0, false),
        (-34_560_000, 0, true), (34_560_000, 0, false),
    ]

    @Test(arguments: aroundTheEnd)
    func expiry(seconds: Int64, nanoseconds: Int64, isExcepted: Bool) throws {
        let set = try policySet(exceptions: "names: [api-1]", policies: "[a, b]")
        let moment = Moment(seconds: end.seconds + seconds, nanoseconds: nanoseconds)
        for subject in [
            try request(.create, workload(images: "nginx")), try subject(workload(images: "nginx")),
        ] {
            let verdict = set.evaluate(subject, at: moment)
            #expect(verdict.isAllowed == isExcepted)
            #expect(verdict.excepted.isEmpty != isExcepted)
        }
    }

    private static let states: [(Int64, PolicyException.State)] = [
        (-700_000, .active), (-604_801, .active), (-604_800, .expiring), (-1, .expiring),
        (0, .expired), (1, .expired),
    ]

    @Test(arguments: states)
    func state(seconds: Int64, state: PolicyException.State) throws {
        let exception = try #require(policySet(exceptions: "names: [a]").exceptions.first)
        #expect(exception.state(at: Moment(seconds: end.seconds + seconds)) == state)
    }

    /// Of a violation that several exceptions cover the first by name is used; one limited to
    /// images covers its own containers only.
    @Test func severalExceptions() throws {
        let set = try policySet(
            exceptions: "images: ['*/nginx']", "names: [other]", "images: ['*/nginx', '*/redis']")
        let subject = try request(
            .create, workload(images: "redis", "nginx", "postgres", "UPPER CASE", "", "nginx"))
        let verdict = set.evaluate(subject)
        let path = "spec.template.spec.containers"
        #expect(
            verdict.exceptedLines == [
                "e2: a: \(path)[0].image", "e0: a: \(path)[1].image", "e0: a: \(path)[5].image",
            ])
        #expect(
            verdict.violations.filter { $0.policy == "a" }.map(\.path.description) == [
                "\(path)[2].image", "\(path)[3].image", "\(path)[4].image",
            ])
    }

    /// What an update found in place needs no exception, so none is used.
    @Test func whatIsForgivenIsNotExcepted() throws {
        let set = try policySet(exceptions: "names: [api-1]", policies: "[a, b]")
        let old = workload(images: "nginx:1")
        #expect(try set.evaluate(request(.update, old, old: old)).excepted.isEmpty)
        let verdict = try set.evaluate(request(.update, workload(images: "nginx:2"), old: old))
        #expect(verdict.exceptedLines == ["e0: a: spec.template.spec.containers[0].image"])
        #expect(verdict.isAllowed)
    }

    /// Outside a cluster nobody asks: an exception for somebody is for nobody there.
    @Test(arguments: [
        ("names: [api-1]", true), ("names: [api-1], users: ['alice*']", false),
        ("names: [api-1], groups: [dev*]", false), ("names: [api-1], users: ['*']", false),
    ])
    func outsideACluster(match: String, isExcepted: Bool) throws {
        let set = try policySet(exceptions: match, policies: "[a, b]")
        #expect(try set.evaluate(subject(workload(images: "nginx"))).isAllowed == isExcepted)
    }

    @Test(arguments: [
        ("names: [api-1]", true), ("names: [api-1], images: ['*']", true),
        ("names: [api-1], images: ['*/nginx']", false),
    ])
    func unreadableObjects(match: String, isExcepted: Bool) throws {
        let set = try policySet(exceptions: match.replacing(", images: ['*']", with: ""))
        let subject = try request(
            .create, workload(images: "nginx").replacing("[{name: c0, image: 'nginx'}]", with: "5"))
        #expect(
            set.evaluate(subject).violations.map { "\($0.policy): \($0.rule)" }
                == (isExcepted ? [] : ["a: unreadable-object"]) + ["b: unreadable-object"])
        // One that was not read at all.
        subject.object = nil
        subject.requestName = try tree("api-1")
        subject.unreadable = UnreadableObject(.root, "it is too deep")
        let verdict = set.evaluate(subject)
        #expect(verdict.excepted.count == (isExcepted ? 1 : 0))
        #expect(verdict.violations.count == (isExcepted ? 1 : 2))
    }

    /// An act has no image: an exception limited to images is not for it. What is granted is
    /// noticed all the same.
    @Test func acts() throws {
        let policy = policyText("rule: no-exec\nvalidationActions: [Deny]")
        func verdict(_ match: String) throws -> Verdict {
            let exception = exceptionText(exceptionSpec("match: {\(match)}"))
            return try policySet(yaml: "\(policy)\n---\n\(exception)")
                .evaluate(exec("command: [sh]"))
        }
        #expect(try verdict("names: [web], namespaces: [shop]").isAllowed)
        #expect(try verdict("users: ['alice@*'], kinds: [Pod]").isAllowed)
        #expect(try !verdict("users: [bob]").isAllowed)
        #expect(try !verdict("names: [web], images: ['*/nginx']").isAllowed)
    }
}

@Suite struct ControlledObjectTests {
    private static let controller = "system:serviceaccount:kube-system:replicaset-controller"

    /// A Pod or other object that `user` creates with this owner.
    private static func made(
        _ kind: String = "v1 Pod", name: String = "name: api-1-5d4f8-x2x4z",
        owner: String = "apps/v1 ReplicaSet api-1-5d4f8", isController: String = "true",
        user: String = controller
    ) throws -> Subject {
        let parts = owner.split(separator: " ")
        let reference =
            "{apiVersion: \(parts[0]), kind: \(parts[1]), name: '\(parts[2])', uid: u, "
            + "controller: \(isController)}"
        let subject = try request(
            .create,
            workload(
                kind, metadata: "\(name), namespace: payments, ownerReferences: [\(reference)]",
                images: "nginx"))
        subject.user = try tree("'\(user)'")
        subject.groups = try tree("[system:serviceaccounts]")
        return subject
    }

    private static func isExcepted(_ match: String, _ subject: Subject) throws -> Bool {
        try policySet(exceptions: match, policies: "[a, b]").evaluate(subject).isAllowed
    }

    private static let deployment = "kinds: [Deployment], names: [api-?]"

    @Test func thePodsOfADeployment() throws {
        #expect(try Self.isExcepted(Self.deployment, Self.made()))
        // The name may be yet to be generated.
        #expect(
            try Self.isExcepted(Self.deployment, Self.made(name: "generateName: api-1-5d4f8-")))
    }

    @Test(arguments: [
        "system:serviceaccount:kube-system:job-controller", "system:kube-controller-manager",
    ])
    func controllers(user: String) throws {
        #expect(try Self.isExcepted(Self.deployment, Self.made(user: user)))
    }

    /// An owner reference is whatever its writer likes.
    @Test(arguments: [
        "alice@example.com", "system:serviceaccount:payments:replicaset-controller",
        "system:serviceaccount:kube-systems:a", "system:serviceaccount:kube-system", "",
        "system:node:a", "system:kube-scheduler",
    ])
    func anybodyElse(user: String) throws {
        #expect(try !Self.isExcepted(Self.deployment, Self.made(user: user)))
    }

    @Test func nobody() throws {
        let subject = try Self.made()
        subject.isRequest = false
        #expect(try !Self.isExcepted(Self.deployment, subject))
    }

    @Test(arguments: ["false", "null", "'true'"])
    func anOwnerThatDoesNotControl(isController: String) throws {
        #expect(try !Self.isExcepted(Self.deployment, Self.made(isController: isController)))
    }

    @Test(arguments: [
        // The namespace of an exception binds what controllers make, too; who asks does not.
        ("\(deployment), namespaces: [payments]", true),
        ("\(deployment), namespaces: [shop]", false),
        ("\(deployment), excludeNamespaces: [payments]", false),
        ("\(deployment), users: [alice], groups: [developers]", true),
        ("\(deployment), images: ['*/nginx']", true),
        ("\(deployment), images: ['*/redis']", false),
        ("names: [api-1]", true), ("names: [api-1-5d4f8]", true), ("names: [api]", false),
        ("users: [alice]", true), ("kinds: [StatefulSet]", false),
        ("kinds: [argoproj.io/Rollout], names: [api-1]", true),
        ("kinds: [ReplicaSet], names: [api-1]", false),
        ("kinds: [ReplicaSet], names: [api-1-*]", true),
        ("kinds: [CronJob], names: [api-1]", false),
        ("kinds: [Pod], names: [api-1]", false), ("kinds: [Pod], names: [api-1-*]", true),
    ])
    func matches(match: String, isExcepted: Bool) throws {
        #expect(try Self.isExcepted(match, Self.made()) == isExcepted)
    }

    /// Nobody knows whose workload a Pod is: an exception for some users would be one for all
    /// where the policy does not judge workloads.
    @Test(arguments: [
        ("[]", "users: [alice]", true), ("[Deployment, Pod]", "groups: [developers]", true),
        ("[ReplicaSet, Pod]", "users: [alice]", true), ("[Pod]", "users: [alice]", false),
        ("[Pod]", "groups: [developers], kinds: [Deployment]", false),
        ("[StatefulSet, Pod]", "users: [alice]", false),
        ("[Pod]", "kinds: [Deployment]", true), ("[Pod]", "names: [api-1]", true),
    ])
    func usersOfAPolicyThatSeesNoWorkload(
        kinds: String, match: String, isExcepted: Bool
    ) throws {
        let set = try policySet(
            yaml: policyText(
                "rule: image-digest\nvalidationActions: [Deny]\nmatch: {kinds: \(kinds)}")
                + "\n---\n" + exceptionText(exceptionSpec("match: {\(match)}")))
        #expect(try set.evaluate(Self.made()).isAllowed == isExcepted)
    }

    /// Who makes what: the kind made, its name, its owner; then the kind and name of the workload
    /// that is excepted.
    private static let made = [
        "apps/v1 ReplicaSet | web-5d4f8 | apps/v1 Deployment web | Deployment web",
        "apps/v1 ReplicaSet | web-5d | argoproj.io/v1 Rollout web | argoproj.io/Rollout web",
        "v1 Pod | db-0 | apps/v1 StatefulSet db | StatefulSet db",
        "v1 Pod | log-x | apps/v1 DaemonSet log | DaemonSet log",
        "v1 Pod | rc-x | v1 ReplicationController rc | ReplicationController rc",
        "v1 Pod | dump-x | batch/v1 Job dump | Job dump",
        "v1 Pod | dump-29-x | batch/v1 Job dump-29 | CronJob dump",
        "batch/v1 Job | dump-29 | batch/v1 CronJob dump | CronJob dump",
        "v1 Pod | cs-x | apps.kruise.io/v1 CloneSet cs | apps.kruise.io/CloneSet cs",
    ]

    private static let notMade = [
        // Another name; a step left out; another maker.
        "apps/v1 ReplicaSet | web-5d4f8 | apps/v1 Deployment web | Deployment we",
        "v1 Pod | web-5d4f8-x | apps/v1 Deployment web | Deployment web",
        "v1 Pod | dump-29-x | batch/v1 Job dump-29 | Deployment dump",
        // The kind of another group.
        "v1 Pod | db-0 | apps.kruise.io/v1 StatefulSet db | StatefulSet db",
        "v1 Pod | db-0 | v1 StatefulSet db | StatefulSet db",
        // Another workload whose name only begins alike.
        "v1 Pod | web-db-0 | apps/v1 StatefulSet web-db | StatefulSet web",
        "v1 Pod | web-db-5d-x | apps/v1 ReplicaSet web-db-5d | Deployment web",
        // The owner's name does not begin the object's.
        "v1 Pod | other-0 | apps/v1 StatefulSet db | StatefulSet db",
        "v1 Pod | db | apps/v1 StatefulSet db | StatefulSet db",
        "v1 Pod | dbx-0 | apps/v1 StatefulSet db | StatefulSet db",
        "v1 Pod | web-x | apps/v1 ReplicaSet web | Deployment web",
        // No controller makes such of such.
        "v1 ReplicationController | db-0 | apps/v1 StatefulSet db | StatefulSet db",
        "apps/v1 Deployment | web-0 | apps/v1 Deployment web | Deployment web",
    ]

    private static func isExcepted(_ line: String) throws -> Bool {
        let parts = line.split(separator: " | ").map(String.init)
        let workload = parts[3].split(separator: " ")
        let match = "kinds: [\(workload[0])], names: [\(workload[1])]"
        return try isExcepted(
            match, made(parts[0], name: "name: \(parts[1])", owner: parts[2]))
    }

    @Test(arguments: made) func makes(line: String) throws {
        #expect(try Self.isExcepted(line))
    }

    @Test(arguments: notMade) func doesNotMake(line: String) throws {
        #expect(try !Self.isExcepted(line))
    }

    /// Generated names are cut, so that of a long owner's name only the beginning can be asked for.
    @Test(arguments: [(0, true), (12, true), (13, false)])
    func longNames(cut: Int, isExcepted: Bool) throws {
        let owner = String(repeating: "w", count: 70)
        let name = String(owner.prefix(58 - cut)) + "-xxxxx"
        let subject = try Self.made(
            name: "name: \(name)", owner: "apps/v1 StatefulSet \(owner)")
        #expect(
            try Self.isExcepted("kinds: [StatefulSet], names: [\(owner)]", subject) == isExcepted)
    }

    @Test(arguments: [
        "ownerReferences: 5", "ownerReferences: [5]", "ownerReferences: []",
        "ownerReferences: [{controller: true}]",
        "ownerReferences: [{controller: true, apiVersion: apps/v1, kind: ReplicaSet, name: ''}]",
        "labels: {}",
    ])
    func strangeOwners(metadata: String) throws {
        let subject = try request(
            .create,
            workload("v1 Pod", metadata: "name: api-1-a-b, \(metadata)", images: "nginx"))
        subject.user = try tree("'\(Self.controller)'")
        #expect(try !Self.isExcepted(Self.deployment, subject))
    }
}
