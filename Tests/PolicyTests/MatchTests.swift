import Document
import Testing

@testable import Policy

@Suite struct MatchTests {
    /// Whether a policy of `image-digest` with this `match` objects to the subject.
    private func applies(_ match: String, to subject: Subject) throws -> Bool {
        let set = try policySet("image-digest", "match: {\(match)}")
        let verdict = set.evaluate(subject)
        if !set.concerns(subject) { #expect(verdict.violations.isEmpty) }
        return !verdict.isAllowed
    }

    private func pod(_ metadata: String = "") throws -> Subject {
        try request(
            .create,
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: web, namespace: shop, \(metadata)}
            spec: {containers: [{name: web, image: nginx}]}
            """)
    }

    @Test(arguments: [
        ("", true), ("namespaces: []", true), ("namespaces: [shop]", true),
        ("namespaces: ['*']", true), ("namespaces: [pay, 'sh?p']", true),
        ("namespaces: [Shop]", false), ("namespaces: [sho]", false),
        ("excludeNamespaces: [shop]", false), ("excludeNamespaces: ['*']", false),
        ("excludeNamespaces: [pay]", true), ("namespaces: ['*'], excludeNamespaces: [s*]", false),
        ("kinds: [Pod]", true), ("kinds: [Deployment]", false),
        ("names: [web]", true), ("names: ['w*']", true), ("names: [api]", false),
        ("operations: [CREATE]", true), ("operations: [UPDATE]", false),
        ("users: ['alice@*']", true), ("users: [bob]", false), ("groups: [developers]", true),
        ("groups: [admins]", false), ("excludeUsers: ['*@example.com']", false),
        ("excludeUsers: [bob]", true), ("excludeGroups: [dev*]", false),
        ("excludeGroups: [admins]", true), ("users: [bob], groups: [developers]", false),
        ("users: ['*'], groups: ['*']", true),
    ])
    func create(match: String, doesApply: Bool) throws {
        #expect(try applies(match, to: pod()) == doesApply)
    }

    /// `nodes` of the cluster's own: nothing of wave 1 sees them, so the matching is asked alone.
    @Test(arguments: [
        ("", true), ("namespaces: ['*']", true), ("namespaces: [s*]", false),
        ("namespaces: ['**']", false), ("excludeNamespaces: ['?*']", true),
        ("excludeNamespaces: ['*']", false),
    ])
    func clusterScopedObjects(match: String, doesMatch: Bool) throws {
        let set = try policySet("image-digest", "match: {\(match)}")
        let subject = Subject(operation: .create, kind: .node, isRequest: true)
        subject.object = try tree("{metadata: {name: shop}}")
        #expect(set.policies[0].match.matches(subject, touching: subject.kind) == doesMatch)
    }

    @Test(arguments: [
        ("namespaces: [shop]", true), ("namespaces: [pay]", false),
        ("excludeNamespaces: [shop]", false), ("namespaces: ['*']", true),
    ])
    func aNamespacesOwnNamespaceIsItsName(match: String, doesMatch: Bool) throws {
        let set = try policySet("image-digest", "match: {\(match)}")
        let subject = Subject(operation: .create, kind: .namespace, isRequest: true)
        subject.object = try tree("{metadata: {name: shop}}")
        #expect(set.policies[0].match.matches(subject, touching: subject.kind) == doesMatch)
    }

    @Test(arguments: ["users: [bob]", "groups: [admins]", "excludeUsers: ['*']"])
    func outsideAClusterIdentitiesMatch(match: String) throws {
        let manifest = try subject(
            "{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: nginx}]}}")
        #expect(try applies(match, to: manifest))
    }

    @Test(arguments: [
        ("matchLabels: {}", true), ("matchLabels: {app: web}", true),
        ("matchLabels: {app: api}", false), ("matchLabels: {app: web, tier: x}", false),
        ("matchExpressions: [{key: app, operator: In, values: [a, web]}]", true),
        ("matchExpressions: [{key: app, operator: In, values: [a]}]", false),
        ("matchExpressions: [{key: tier, operator: NotIn, values: [a]}]", true),
        ("matchExpressions: [{key: app, operator: NotIn, values: [web]}]", false),
        ("matchExpressions: [{key: app, operator: Exists}]", true),
        ("matchExpressions: [{key: tier, operator: Exists}]", false),
        ("matchExpressions: [{key: tier, operator: DoesNotExist}]", true),
        ("matchExpressions: [{key: app, operator: DoesNotExist}]", false),
    ])
    func objectSelector(selector: String, doesApply: Bool) throws {
        let subject = try pod("labels: {app: web}")
        #expect(try applies("objectSelector: {\(selector)}", to: subject) == doesApply)
        // A review of a CREATE carries `oldObject: null`, which has no labels to look at.
        subject.oldObject = try tree("a: null")["a"]
        #expect(try applies("objectSelector: {\(selector)}", to: subject) == doesApply)
    }

    @Test(arguments: [("a", "b", true), ("b", "a", true), ("b", "b", false)])
    func onUpdateEitherObjectMayMatch(label: String, old: String, doesApply: Bool) throws {
        func pod(_ label: String, _ image: String) -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: web, labels: {app: \(label)}}
            spec: {containers: [{name: web, image: \(image)}]}
            """
        }
        let subject = try request(
            .update, pod(label, "nginx"), old: pod(old, "nginx@\(digest)"))
        #expect(try applies("objectSelector: {matchLabels: {app: a}}", to: subject) == doesApply)
    }

    @Test func aConnectCountsAsSelectedAndTouchesThePod() throws {
        for match in ["objectSelector: {matchLabels: {a: b}}", "kinds: [Pod]", "names: [web]"] {
            let set = try policySet("no-exec", "match: {\(match)}")
            #expect(try !set.evaluate(exec("{command: [sh]}")).isAllowed)
        }
        let set = try policySet("no-exec", "match: {names: [api]}")
        #expect(try set.evaluate(exec("{command: [sh]}")).isAllowed)
    }

    @Test func aSubresourceTouchesThePod() throws {
        let subject = try pod()
        subject.operation = .update
        subject.subresource = "ephemeralcontainers"
        #expect(try applies("kinds: [Pod]", to: subject))
    }
}
