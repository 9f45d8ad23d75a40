import Testing

@testable import Policy

@Suite struct ChangeByAutomationTests {
    private static let deployment = """
        {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 1}}
        """

    private func review(
        _ operation: Subject.Operation, _ object: String?, old: String? = nil,
        user: String? = "alice@example.com", subresource: String = ""
    ) throws -> Subject {
        let review = try request(operation, object, old: old, subresource: subresource)
        review.user = try user.map { try tree("'\($0)'") }
        return review
    }

    /// A custom kind may keep its Pod templates where others count.
    @Test(arguments: [
        ("{worker: {image: a}}", "{worker: {image: b}}", false), ("1", "2", true),
        ("{worker: 1}", "{worker: 1}", true), ("1", "null", true), ("1", "{worker: 1}", false),
        ("null", "[{image: b}]", false),
    ])
    func replicasAreACount(old: String, new: String, isFree: Bool) throws {
        func object(_ replicas: String) -> String {
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, "
                + "spec: {replicas: \(replicas)}}"
        }
        let verdict = try policySet("change-by-automation").evaluate(
            review(.update, object(new), old: object(old)))
        #expect(verdict.isAllowed == isFree)
    }

    /// The service accounts of Kubernetes' controllers, of its DNS and its proxy: their work on
    /// users' objects must go on.
    private static let controllers = [
        "attachdetach-controller", "bootstrap-signer", "certificate-controller",
        "clusterrole-aggregation-controller", "coredns", "cronjob-controller",
        "daemon-set-controller", "deployment-controller", "device-taint-eviction-controller",
        "disruption-controller", "endpoint-controller", "endpointslice-controller",
        "endpointslicemirroring-controller", "ephemeral-volume-controller", "expand-controller",
        "generic-garbage-collector", "horizontal-pod-autoscaler", "job-controller", "kube-dns",
        "kube-proxy", "legacy-service-account-token-cleaner", "namespace-controller",
        "node-controller", "persistent-volume-binder", "pod-garbage-collector",
        "podcertificaterequestcleaner", "pv-protection-controller", "pvc-protection-controller",
        "replicaset-controller", "replication-controller", "resource-claim-controller",
        "resourcequota-controller", "root-ca-cert-publisher", "route-controller",
        "selinux-warning-controller", "service-account-controller", "service-cidrs-controller",
        "service-controller", "statefulset-controller", "storage-version-garbage-collector",
        "storage-version-migrator-controller", "taint-eviction-controller", "token-cleaner",
        "ttl-after-finished-controller", "ttl-controller",
        "validatingadmissionpolicy-status-controller",
        "volumeattributesclass-protection-controller",
    ]

    private static let controlPlane =
        [
            "system:apiserver", "system:kube-controller-manager", "system:kube-scheduler",
            "system:cloud-controller-manager", "system:node:worker-1.example.com",
        ] + controllers.map { "system:serviceaccount:kube-system:\($0)" }

    /// Creating, changing and removing what users made: replicas, volumes, certificates, garbage.
    @Test(arguments: controlPlane) func theControlPlaneGoesOn(user: String) throws {
        let set = try policySet("change-by-automation", "parameters: {allowScale: false}")
        let changed = Self.deployment.replacing("replicas: 1", with: "replicas: 2")
        let reviews = [
            try review(.create, Self.deployment, user: user),
            try review(.update, changed, old: Self.deployment, user: user),
            try review(.delete, nil, old: Self.deployment, user: user),
            try review(.delete, nil, old: "{apiVersion: v1, kind: Pod}", user: user),
            try review(.create, "{apiVersion: v1, kind: ConfigMap}", user: user),
            try review(
                .update, "{apiVersion: v1, kind: PersistentVolumeClaim, spec: {volumeName: a}}",
                old: "{apiVersion: v1, kind: PersistentVolumeClaim}", user: user),
        ]
        for review in reviews {
            let verdict = set.evaluate(review)
            #expect(verdict.violations == [])
            #expect(verdict.notices == [])
        }
    }

    @Test(arguments: [
        "system:serviceaccount:default:deployment-controller", "system:kube-proxy", "system:admin",
        "kubernetes-admin", "system:serviceaccount:kube-systems:x", "system:anonymous",
        "xsystem:apiserver",
    ])
    func othersDoNot(user: String) throws {
        let verdict = try policySet("change-by-automation")
            .evaluate(review(.create, Self.deployment, user: user))
        #expect(
            verdict.lines == [
                "user \"\(user)\" may not create the Deployment \"web\": only automation may"
            ])
    }

    @Test func whoeverHasNoName() throws {
        let set = try policySet("change-by-automation", "parameters: {allowedUsers: ['*']}")
        let verdict = set.evaluate(try review(.create, Self.deployment, user: nil))
        #expect(
            verdict.lines == [
                "an unnamed user may not create the Deployment \"web\": only automation may"
            ])
    }

    @Test func automationIsNotNoticedAndBrokenGlassIs() throws {
        let set = try policySet(
            "change-by-automation",
            "parameters: {allowedGroups: [ci], breakGlassGroups: ['dev*', ci]}")
        let human = try review(.delete, nil, old: Self.deployment)
        let verdict = set.evaluate(human)
        #expect(verdict.violations == [])
        #expect(verdict.notices.map(\.kind) == ["break-glass"])
        #expect(
            verdict.notices.map(\.message) == [
                "user \"alice@example.com\" of group \"developers\" may delete the Deployment "
                    + "\"web\""
            ])
        human.groups = try tree("[developers, ci]")
        #expect(set.evaluate(human).notices == [])
    }

    /// What anybody may do needs no broken glass.
    @Test func whatIsFreeIsNotNoticed() throws {
        let set = try policySet("change-by-automation", "parameters: {breakGlassGroups: ['*']}")
        let changed = Self.deployment.replacing("replicas: 1", with: "replicas: 2")
        let verdict = set.evaluate(try review(.update, changed, old: Self.deployment))
        #expect(verdict.violations == [])
        #expect(verdict.notices == [])
    }

    @Test(arguments: ["status", "binding", "eviction", "log"])
    func subresourcesOfOthers(subresource: String) throws {
        let set = try policySet("change-by-automation")
        for operation in [Subject.Operation.create, .update] {
            let review = try review(
                operation, "{apiVersion: v1, kind: Pod, metadata: {name: web}}",
                subresource: subresource)
            #expect(set.evaluate(review).lines == [])
        }
    }

    @Test(arguments: [
        ("coordination.k8s.io/v1", "Lease"), ("v1", "Event"), ("events.k8s.io/v1", "Event"),
        ("v1", "Binding"), ("policy/v1", "Eviction"), ("authentication.k8s.io/v1", "TokenRequest"),
        ("v1", "Node"), ("v1", "Endpoints"), ("discovery.k8s.io/v1", "EndpointSlice"),
    ])
    func kindsOfOthers(apiVersion: String, kind: String) throws {
        let object = "{apiVersion: \(apiVersion), kind: \(kind), metadata: {name: web}}"
        let set = try policySet("change-by-automation")
        #expect(set.evaluate(try review(.create, object)).lines == [])
        #expect(set.evaluate(try review(.delete, nil, old: object)).lines == [])
    }

    @Test func connectionsAreAnotherRules() throws {
        #expect(try policySet("change-by-automation").evaluate(exec("{command: [sh]}")).lines == [])
    }

    @Test func aManifestIsNoAct() throws {
        let verdict = try policySet("change-by-automation").evaluate(subject(Self.deployment))
        #expect(verdict.lines == [])
    }

    @Test func theFixNamesTheWayBack() throws {
        func fixes(_ kind: String, _ parameters: String = "{}") throws -> [String] {
            try policySet("change-by-automation", "parameters: \(parameters)")
                .evaluate(review(.delete, nil, old: "{apiVersion: v1, kind: \(kind)}"))
                .violations.map(\.fix)
        }
        let commit = "commit the change to the repository that your automation applies from"
        #expect(try fixes("Secret") == [commit])
        #expect(try fixes("Pod", "{allowRolloutRestart: false}") == [commit])
        #expect(
            try fixes("Pod") == [
                "restart its workload with kubectl rollout restart, or remove it from the "
                    + "repository that your automation applies from"
            ])
    }

    /// An operator that nobody named cannot commit anything: the remedy is the policy's.
    @Test func theFixNamesTheServiceAccountToAllow() throws {
        let verdict = try policySet("change-by-automation").evaluate(
            review(.create, Self.deployment, user: "system:serviceaccount:ci:deploy"))
        #expect(
            verdict.violations.map(\.fix) == [
                "if it is automation, have it named in this policy's allowedServiceAccounts: "
                    + "\"ci/deploy\"; otherwise change it where your automation applies it from"
            ])
    }

    @Test(arguments: [
        ("system:serviceaccount:ci:deploy", true), ("system:serviceaccount:ci:deploy:x", false),
        ("system:serviceaccount:ci", false), ("system:serviceaccount:", false),
        ("system:serviceaccount:ci:", false), ("system:serviceaccount::deploy", true),
        ("ci:deploy", false),
    ])
    func serviceAccounts(user: String, isAllowed: Bool) throws {
        let set = try policySet(
            "change-by-automation", "parameters: {allowedServiceAccounts: ['*/deploy']}")
        let verdict = set.evaluate(try review(.create, Self.deployment, user: user))
        #expect(verdict.isAllowed == isAllowed)
    }

    @Test(arguments: ["deploy", "a/b/c", "/deploy", "ci/", "/", "''"])
    func badServiceAccounts(pattern: String) {
        let spec = "rule: change-by-automation\nparameters:\n  allowedServiceAccounts: [\(pattern)]"
        let text = pattern == "''" ? "" : pattern
        #expect(
            problems(("p.yaml", policyText(spec))) == [
                "p.yaml:7:30: spec.parameters.allowedServiceAccounts has \"\(text)\"; expected "
                    + "namespace/name, such as flux-system/kustomize-controller"
            ])
    }

    @Test(arguments: [
        ("allowScale: 1", "7:17: spec.parameters.allowScale is a number; expected true or false"),
        (
            "allowRolloutRestart: a",
            "7:26: spec.parameters.allowRolloutRestart is a string; expected true or false"
        ),
        (
            "allowedUsers: a",
            "7:19: spec.parameters.allowedUsers is a string; expected a list of strings"
        ),
        (
            "breakGlassGroups: ['']",
            "7:24: spec.parameters.breakGlassGroups has an empty pattern, which would match nothing"
        ),
        (
            "controlPlaneIdentities: ['']",
            "7:30: spec.parameters.controlPlaneIdentities has a blank entry; remove it or write a "
                + "value"
        ),
        (
            "allowedServiceAccount: []",
            "7:5: unknown field \"allowedServiceAccount\" in spec.parameters (did you mean "
                + "\"allowedServiceAccounts\"?); expected allowRolloutRestart, allowScale, "
                + "allowedGroups, allowedServiceAccounts, allowedUsers, breakGlassGroups, "
                + "controlPlaneIdentities"
        ),
    ])
    func badParameters(text: String, expected: String) {
        let spec = "rule: change-by-automation\nparameters:\n  \(text)"
        #expect(problems(("p.yaml", policyText(spec))) == ["p.yaml:" + expected])
    }
}
