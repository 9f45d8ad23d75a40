import Document
import Policy
import Testing

/// What the gate can judge, the API server must be told to ask about.
@Suite struct WebhookTests {
    /// What deploy/base registers, as `group/resource operation`.
    private static func registered() throws -> Set<String> {
        let text = try Repository.text(of: "deploy/base/webhook.yaml")
        let document = Document()
        let reader = YAMLReader(Array(text.utf8), limits: .manifestYAML)
        var found: Set<String> = []
        guard try reader.next(into: document) else { return found }
        for webhook in document.root?["webhooks"]?.elements.map({ $0 }) ?? [] {
            for rule in webhook["rules"]?.elements.map({ $0 }) ?? [] {
                for group in strings(rule["apiGroups"]) {
                    for resource in strings(rule["resources"]) {
                        for operation in strings(rule["operations"]) {
                            found.insert("\(group)/\(resource) \(operation)")
                        }
                    }
                }
            }
        }
        return found
    }

    private static func strings(_ list: Node?) -> [String] {
        list?.elements.compactMap { $0.string } ?? []
    }

    /// Everything that a rule of the catalogue can see, under its resource's name.
    private static let visible: [String] = {
        var wanted: Set<String> = [
            "/pods/ephemeralcontainers UPDATE", "/pods/resize UPDATE",
        ]
        for rule in RuleCatalogue.all {
            let scope = rule.scope
            let kinds = scope.kinds + (scope.workloads ? WorkloadTable.shipped.kinds : [])
            for kind in kinds {
                let resource = "\(kind.group)/\(plural(of: kind.kind))"
                for operation in ["CREATE", "UPDATE"] + (scope.deletions ? ["DELETE"] : []) {
                    wanted.insert("\(resource) \(operation)")
                }
                if scope.scaling, scaled.contains(kind.kind) {
                    wanted.insert("\(resource)/scale UPDATE")
                }
            }
            for connection in scope.connections { wanted.insert("/\(connection) CONNECT") }
        }
        return wanted.sorted()
    }()

    /// The kinds of the table that have the subresource `scale`.
    private static let scaled = [
        "Deployment", "ReplicaSet", "StatefulSet", "ReplicationController", "Rollout", "CloneSet",
    ]

    private static func plural(of kind: String) -> String {
        let name = kind.lowercased()
        if name.hasSuffix("ss") { return name + "es" }
        return name.hasSuffix("y") ? name.dropLast() + "ies" : name + "s"
    }

    /// A resource covers none of its subresources, and an operation no other.
    @Test(arguments: visible) func whatARuleCanSeeIsRegistered(wanted: String) throws {
        #expect(
            try Self.registered().contains(wanted), "deploy/base/webhook.yaml lacks \(wanted)")
    }
}
