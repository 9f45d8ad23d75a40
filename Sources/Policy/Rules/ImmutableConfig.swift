internal import Document

/// `immutable-config`: configuration is never changed, only replaced.
///
/// Pods read a ConfigMap at different times: after a change two replicas of one revision run with
/// two configurations, and no rollback brings the old one back. Sees ConfigMaps and Secrets, which
/// must have `immutable: true`, and updates that change their `data` or `binaryData`; labels and
/// annotations may change. Let through is what the cluster itself keeps up to date: each sort has a
/// parameter. The exempting annotations and owner references are written by whoever writes the
/// object: this rule guards against habit, not against intent.
/// https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-immutable
struct ImmutableConfig: StateRule, ActRule {
    static let id = "immutable-config"
    static let summary =
        "ConfigMaps and Secrets are immutable: a changed one has a new name, and so a rollout."
    static let scope = RuleScope(kinds: [.configMap, .secret])

    private let exemptNamespaces: [Glob]
    private let exemptNames: [Glob]
    private let exemptTypes: [Glob]
    private let exemptControlled: Bool
    private let exemptLeaderElection: Bool
    private let exemptCertificates: Bool

    init(parameters: inout ParameterReader) {
        exemptNamespaces = parameters.globs(
            "exemptNamespaces", default: Self.defaultNamespaces,
            doc: "Globs of namespaces; replaces the built-in list.")
        exemptNames = parameters.globs(
            "exemptNames", default: Self.defaultNames,
            doc: "Globs of names; replaces the built-in list.")
        exemptTypes = parameters.globs(
            "exemptTypes", default: Self.defaultTypes,
            doc: "Globs of the type of Secrets; replaces the built-in list.")
        exemptControlled = parameters.boolean(
            "exemptControlled", default: true, doc: "Lets through what a controller owns.")
        exemptLeaderElection = parameters.boolean(
            "exemptLeaderElection", default: true,
            doc: "Lets through ConfigMaps that serve as locks of leader elections.")
        exemptCertificates = parameters.boolean(
            "exemptCertificates", default: true,
            doc: "Lets through TLS Secrets that cert-manager renews.")
    }

    private static let defaultNamespaces = ["kube-system"].compactMap(Glob.init)
    private static let defaultNames = [
        "kube-root-ca.crt", "istio-ca-root-cert", "openshift-service-ca.crt", "cluster-info",
        "cluster-autoscaler-status",
    ].compactMap(Glob.init)
    private static let defaultTypes = [
        "helm.sh/release.v1", "kubernetes.io/service-account-token",
        "bootstrap.kubernetes.io/token",
    ].compactMap(Glob.init)

    func judge(
        _ object: ReviewedObject, into findings: inout Findings
    ) throws(UnreadableObject) {
        let node = object.node
        if try node.member("immutable", .boolean, in: .root)?.boolean == true { return }
        if try isExempt(node, object.kind, in: object.namespace) { return }
        findings.append(
            check: "immutable", element: "", value: "false",
            path: FieldPath.root.field("immutable"),
            message: "the \(object.kind.kind) can be changed under the Pods that use it",
            fix: "set immutable: true, and give each new content a new name, such as one "
                + "that ends in a hash of it (kustomize and Helm can make one)")
    }

    func judge(
        _ subject: Subject, into findings: inout Findings, notices: inout [Notice]
    ) throws(UnreadableObject) {
        guard subject.operation == .update, let object = subject.object,
            let oldObject = subject.oldObject, !oldObject.isNull
        else { return }
        // A manifest may write a Secret's data as `stringData`.
        for field in ["data", "binaryData", "stringData"] {
            let new = try object.member(field, .object, in: .root)
            let old = try oldObject.member(field, .object, in: .root)
            if Node.areSame(new, old) { continue }
            let keys = ChangedKeys(from: old, to: new)
            if keys.count == 0 { continue }
            if try isExempt(object, subject.kind, in: subject.namespace) { return }
            findings.append(
                check: field, element: "", value: "", path: FieldPath.root.member(field),
                message: "the \(field) of the \(subject.kind.kind) is changed in place: "
                    + Text(keys.description),
                fix: "create a \(subject.kind.kind) of a new name, such as one that ends in a "
                    + "hash of its content, and let the workload name that: it rolls out, and "
                    + "can be rolled back")
        }
    }
}

// MARK: What the cluster keeps up to date

extension ImmutableConfig {
    private func isExempt(
        _ object: Node, _ kind: GroupKind, in namespace: String
    ) throws(UnreadableObject) -> Bool {
        if exemptNamespaces.anyMatches(namespace) { return true }
        let metadata = try object.member("metadata", .object, in: .root)
        let name = try metadata?.string("name", in: .root.field("metadata"))?.string ?? ""
        if exemptNames.anyMatches(name) { return true }
        if exemptControlled, try object.hasController() { return true }
        let annotations = try metadata?.member(
            "annotations", .object, in: .root.field("metadata"))
        if kind == .secret {
            guard let type = try object.string("type", in: .root) else { return false }
            if let text = type.string, exemptTypes.anyMatches(text) { return true }
            guard exemptCertificates, type.equals("kubernetes.io/tls") else { return false }
            // A renewal that is refused is a certificate that expires.
            if annotations?["cert-manager.io/certificate-name"] != nil { return true }
            let owners = try object.ownerReferences()
            return owners?.contains { $0["kind"]?.equals("Certificate") ?? false } ?? false
        }
        // Locks are ConfigMaps: no client keeps one in a Secret.
        return exemptLeaderElection
            && (name.hasSuffix("-leader") || name.hasSuffix("-lock")
                || annotations?["control-plane.alpha.kubernetes.io/leader"] != nil)
    }
}

// MARK: What is changed

/// The keys whose values differ between two maps: names, never values.
private struct ChangedKeys: CustomStringConvertible {
    /// How many are named.
    private static let namedCount = 3

    private(set) var count = 0
    private var names: [String] = []

    /// Compares the maps in time of their size.
    init(from old: Node?, to new: Node?) {
        var rest: [String: Node] = [:]
        if let old {
            for (key, value) in old.members { rest[key.string ?? ""] = value }
        }
        if let new {
            for (key, value) in new.members {
                if !Node.areSame(value, rest.removeValue(forKey: key.string ?? "")) { add(key) }
            }
        }
        if let old {
            for (key, _) in old.members where rest[key.string ?? ""] != nil { add(key) }
        }
    }

    private mutating func add(_ key: Node) {
        count += 1
        if names.count < Self.namedCount { names.append("\"\(key.shortString ?? "")\"") }
    }

    /// `keys "a", "b", "c" and 2 more`.
    var description: String {
        let more = count - names.count
        return (count == 1 ? "key " : "keys ") + names.joined(separator: ", ")
            + (more == 0 ? "" : " and \(more) more")
    }
}
