internal import Document

/// What one of the cluster's controllers makes for a workload: the ReplicaSet of a Deployment, the
/// Job of a CronJob, the Pods of all of them.
///
/// An exception for a workload must be one for these, too, or the workload is let in and its Pods
/// never start. Anyone may write an owner reference, so it counts only where a controller asks.
struct ControlledObject {
    private let owner: GroupKind
    private let ownerName: String

    /// Takes the subject for a controlled object where everything speaks for it: who asks, the
    /// owner reference with `controller: true`, that such an owner makes such a kind, and the name.
    init?(_ subject: Subject, touching kind: GroupKind) {
        guard subject.isRequest, let user = subject.user?.string, Self.isController(user),
            let metadata = subject.object?["metadata"],
            let reference = metadata["ownerReferences"]?.elements.first(where: {
                $0["controller"]?.boolean == true
            }), let apiVersion = reference["apiVersion"]?.string,
            let ownerKind = reference["kind"]?.string, let name = reference["name"]?.string
        else { return nil }
        owner = GroupKind(apiVersion: apiVersion, kind: ownerKind)
        ownerName = name
        guard Self.kind(madeBy: owner) == kind else { return nil }
        var objectName = subject.name
        if objectName.isEmpty { objectName = metadata["generateName"]?.string ?? "" }
        let prefix = "\(name)-".utf8.prefix(Self.uncutNameLength)
        guard !name.isEmpty, objectName.utf8.starts(with: prefix) else { return nil }
    }

    /// Whether the object is made for a workload of one of the kinds and one of the names: by that
    /// itself, or by what that makes. Empty lists stand for every kind and name.
    func isMade(byOneOf kinds: [GroupKind], named names: [Glob]) -> Bool {
        let isOwner = kinds.isEmpty || kinds.contains(owner)
        if isOwner, names.isEmptyOrMatches(ownerName) { return true }
        let isMaker = kinds.isEmpty || kinds.contains { Self.kind(madeBy: $0) == owner }
        guard isMaker, let maker = ownersMaker else { return false }
        return names.isEmptyOrMatches(maker)
    }

    /// The name of what made the owner. A Deployment, Rollout or CronJob calls what it makes by its
    /// own name, a hyphen, and a hash or a time, neither of which has a hyphen.
    private var ownersMaker: String? {
        guard owner == .replicaSet || owner == .job,
            let hyphen = ownerName.lastIndex(of: "-"), hyphen > ownerName.startIndex
        else { return nil }
        return String(ownerName[..<hyphen])
    }

    /// What a workload's controller makes of it.
    static func kind(madeBy workload: GroupKind) -> GroupKind {
        switch workload {
        case .deployment, .rollout: .replicaSet
        case .cronJob: .job
        default: .pod
        }
    }

    /// Whether Kubernetes' own controllers go by this name: each has a service account of its own
    /// in kube-system, or, without `--use-service-account-credentials`, the one user of all.
    private static func isController(_ user: String) -> Bool {
        user.hasPrefix("system:serviceaccount:kube-system:")
            || user == "system:kube-controller-manager"
    }

    /// How many bytes of a workload's name are sure to begin its Pods' names: of 63 bytes, five are
    /// random and up to twelve an index (`-2147483647-`); what is longer is cut
    /// (k8s.io/apiserver/pkg/storage/names, `podGenerateNameWithIndex` of the Job controller).
    static let uncutNameLength = 46
}

extension GroupKind {
    static let replicaSet = GroupKind("apps", "ReplicaSet")
    static let deployment = GroupKind("apps", "Deployment")
    static let rollout = GroupKind("argoproj.io", "Rollout")
    static let job = GroupKind("batch", "Job")
    static let cronJob = GroupKind("batch", "CronJob")
}
