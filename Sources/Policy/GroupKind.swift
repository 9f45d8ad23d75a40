/// An API group and a kind: what Kubernetes' own `schema.GroupKind` is.
package struct GroupKind: Hashable, Sendable, CustomStringConvertible {
    /// The API group; empty for the core group.
    package let group: String
    /// The kind: `Deployment`.
    package let kind: String

    /// Makes a group and kind.
    package init(_ group: String, _ kind: String) {
        self.group = group
        self.kind = kind
    }

    /// Takes apart an object's `apiVersion` (`apps/v1`, `v1`) and kind.
    package init(apiVersion: String, kind: String) {
        let group = apiVersion.split(separator: "/", omittingEmptySubsequences: false)
        self.init(group.count > 1 ? String(group[0]) : "", kind)
    }

    /// `apps/Deployment`, or `Pod` for the core group.
    package var description: String { group.isEmpty ? kind : "\(group)/\(kind)" }

    /// What a policy file calls it: Kubernetes' own kinds by their kind alone.
    var shortName: String { isBuiltIn ? kind : description }

    /// Whether a policy file means this kind by `text`.
    func isNamed(_ text: String) -> Bool { text == shortName || text == description }

    /// Whether the group is one of Kubernetes' own: those without a dot, and `*.k8s.io`. No other
    /// API may take such a name (https://kubernetes.io/docs/reference/using-api/deprecation-guide/,
    /// KEP-1111).
    package var isBuiltIn: Bool {
        !group.utf8.contains(UInt8(ascii: ".")) || group.hasSuffix(".k8s.io")
    }

    static let pod = GroupKind("", "Pod")
    static let service = GroupKind("", "Service")
    static let node = GroupKind("", "Node")
    static let namespace = GroupKind("", "Namespace")
    static let configMap = GroupKind("", "ConfigMap")
    static let secret = GroupKind("", "Secret")
    static let persistentVolume = GroupKind("", "PersistentVolume")
}
