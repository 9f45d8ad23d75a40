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

    /// Every shipped kind's plural is its name in lower case and an s.
    @Test(arguments: WorkloadTable.shipped.kinds)
    func everyWorkloadIsRegistered(kind: GroupKind) throws {
        let registered = try Self.registered()
        for operation in ["CREATE", "UPDATE"] {
            let wanted = "\(kind.group)/\(kind.kind.lowercased())s \(operation)"
            #expect(registered.contains(wanted), "deploy/base/webhook.yaml lacks \(wanted)")
        }
    }

    /// A resource covers none of its subresources.
    @Test(arguments: [
        "pods/ephemeralcontainers UPDATE", "pods/resize UPDATE", "pods/exec CONNECT",
        "pods/attach CONNECT", "services CREATE", "services UPDATE",
    ])
    func whatIsNoWorkloadIsRegistered(wanted: String) throws {
        #expect(
            try Self.registered().contains("/\(wanted)"),
            "deploy/base/webhook.yaml lacks \(wanted)")
    }
}
