internal import Document

/// `change-by-automation`: workloads and configuration are changed by automation, not by hand.
///
/// What somebody changes by hand is in no repository: the next rollout undoes it, and nobody can
/// say how the cluster came to be as it is. Sees who creates, changes and deletes workloads,
/// configuration, networking, access and CustomResourceDefinitions. Allowed are the control plane,
/// the automation that the parameters name, the removal of finalizers from an object that is being
/// deleted, and by default scaling and `kubectl rollout restart`. Only the API server's own word
/// for who asks counts; `managedFields` and labels are the client's.
/// https://kubernetes.io/docs/reference/access-authn-authz/authentication/
struct ChangeByAutomation: ActRule {
    static let id = "change-by-automation"
    static let summary =
        "Only automation creates, changes and deletes workloads and configuration; nobody by hand."
    static let scope = RuleScope(workloads: true, kinds: kinds, deletions: true, scaling: true)

    private static let kinds: [GroupKind] = [
        GroupKind("", "ConfigMap"), GroupKind("", "Secret"), .service,
        GroupKind("networking.k8s.io", "Ingress"), GroupKind("networking.k8s.io", "NetworkPolicy"),
        GroupKind("", "PersistentVolumeClaim"), GroupKind("autoscaling", "HorizontalPodAutoscaler"),
        GroupKind("policy", "PodDisruptionBudget"), GroupKind("", "ServiceAccount"),
        GroupKind("rbac.authorization.k8s.io", "Role"),
        GroupKind("rbac.authorization.k8s.io", "RoleBinding"),
        GroupKind("rbac.authorization.k8s.io", "ClusterRole"),
        GroupKind("rbac.authorization.k8s.io", "ClusterRoleBinding"), .namespace,
        GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"),
    ]

    /// Kubernetes' own components, and the add-ons beside them.
    private static let controlPlane = [
        "system:apiserver", "system:kube-controller-manager", "system:kube-scheduler",
        "system:cloud-controller-manager", "system:node:*", "system:serviceaccount:kube-system:*",
    ]

    private let controlPlaneIdentities: [Glob]
    private let allowedServiceAccounts: [ServiceAccountPattern]
    private let allowedUsers: [Glob]
    private let allowedGroups: [Glob]
    private let breakGlass: Grantees
    private let allowScale: Bool
    private let allowRolloutRestart: Bool
    /// What an update may change for everybody: paths of members.
    private let freeFields: [[String]]

    init(parameters: inout ParameterReader) {
        controlPlaneIdentities = parameters.words(
            "controlPlaneIdentities", default: Self.controlPlane,
            doc: "Globs of user names of Kubernetes' own components; replaces the built-in list."
        ).compactMap(Glob.init)
        allowedServiceAccounts = ServiceAccountPattern.list(
            "allowedServiceAccounts", of: &parameters,
            doc: "Automation: namespace/name, each half a glob.")
        allowedUsers = parameters.globs(
            "allowedUsers", doc: "Globs of users that are automation outside the cluster.")
        allowedGroups = parameters.globs(
            "allowedGroups", doc: "Globs of groups of such users.")
        breakGlass = Grantees(
            users: [],
            groups: parameters.globs(
                "breakGlassGroups",
                doc: "Globs of groups that may by hand, with a warning and an audit annotation."))
        allowScale = parameters.boolean(
            "allowScale", default: true, doc: "Lets everybody change the number of replicas.")
        allowRolloutRestart = parameters.boolean(
            "allowRolloutRestart", default: true, doc: "Lets everybody restart a rollout.")
        var freeFields = Self.bookkeeping
        if allowScale { freeFields.append(["spec", "replicas"]) }
        if allowRolloutRestart { freeFields.append(Self.restart) }
        self.freeFields = freeFields
    }

    /// What the API server writes, whoever asks.
    private static let bookkeeping = [
        ["status"], ["metadata", "generation"], ["metadata", "managedFields"],
        ["metadata", "resourceVersion"],
    ]

    /// All that `kubectl rollout restart` writes.
    private static let restart = [
        "spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt",
    ]

    func judge(
        _ subject: Subject, into findings: inout Findings, notices: inout [Notice]
    ) throws(UnreadableObject) {
        if isAutomation(subject) || isFree(subject) { return }
        let act = Self.describe(subject)
        if let grant = breakGlass.grant(to: subject) {
            notices.append(Notice(kind: "break-glass", message: "\(grant) may \(act.string)"))
            return
        }
        let message: Text =
            subject.user.map { "user \"\($0)\" may not \(act): only automation may" }
            ?? "an unnamed user may not \(act): only automation may"
        findings.append(
            check: subject.operation.rawValue, element: Text(subject.subresource), value: "",
            path: .root, message: message,
            fix: fix(for: subject))
    }

    private func isAutomation(_ subject: Subject) -> Bool {
        if let user = subject.user?.string {
            if controlPlaneIdentities.anyMatches(user) || allowedUsers.anyMatches(user) {
                return true
            }
            if allowedServiceAccounts.contains(where: { $0.matches(user) }) { return true }
        }
        guard !allowedGroups.isEmpty else { return false }
        return subject.groups?.elements.contains { group in
            group.string.map(allowedGroups.anyMatches) ?? false
        } ?? false
    }

    /// Whether anybody may do it.
    private func isFree(_ subject: Subject) -> Bool {
        if subject.subresource == "scale" { return allowScale }
        guard subject.operation == .update, let new = subject.object, let old = subject.oldObject
        else { return false }
        if Node.areSame(new, old, except: freeFields), Self.countsReplicas(new, old) {
            return true
        }
        return subject.isBeingDeleted && Self.removesFinalizers(new, old)
    }

    /// Whether `spec.replicas`, if it is changed, is a number. A custom kind may keep whole Pod
    /// templates in a member of that name: to change those is more than scaling.
    private static func countsReplicas(_ new: Node, _ old: Node) -> Bool {
        let replicas = [new, old].map { $0["spec"]?.present("replicas") }
        return replicas.allSatisfy { $0?.kind ?? .number == .number }
            || Node.areSame(replicas[0], replicas[1])
    }

    /// Whether nothing but finalizers go; a Namespace has some in its spec, too.
    private static func removesFinalizers(_ new: Node, _ old: Node) -> Bool {
        ["metadata", "spec"].allSatisfy { isSubset(new[$0], of: old[$0]) }
            && Node.areSame(
                new, old,
                except: bookkeeping + [["metadata", "finalizers"], ["spec", "finalizers"]])
    }

    private static func isSubset(_ new: Node?, of old: Node?) -> Bool {
        let left = old?["finalizers"]?.elements.compactMap(\.string) ?? []
        let remaining = Set(left)
        return new?["finalizers"]?.elements.allSatisfy { finalizer in
            finalizer.string.map(remaining.contains) ?? false
        } ?? true
    }

    /// What is done, in words: `change the Deployment "web"`.
    private static func describe(_ subject: Subject) -> Text {
        let name = subject.nameNode
        if subject.subresource == "scale" { return "scale \(subject.resource)/\(name)" }
        let verb: Text =
            switch subject.operation {
            case .create: "create"
            case .update: "change"
            case .delete: "delete"
            case .connect: "connect to"
            }
        let kind = subject.touchedKind.kind
        return name == nil ? "\(verb) a \(kind)" : "\(verb) the \(kind) \"\(name)\""
    }

    private func fix(for subject: Subject) -> Text {
        if let account = subject.user?.string.flatMap(ServiceAccountPattern.account) {
            return "if it is automation, have it named in this policy's allowedServiceAccounts: "
                + "\"\(account)\"; otherwise change it where your automation applies it from"
        }
        if subject.operation == .delete, subject.kind == .pod, allowRolloutRestart {
            return "restart its workload with kubectl rollout restart, or remove it from the "
                + "repository that your automation applies from"
        }
        return "commit the change to the repository that your automation applies from"
    }
}

/// A service account or several: `flux-system/kustomize-controller`, each half a glob.
private struct ServiceAccountPattern: Sendable {
    private let namespace: Glob
    private let name: Glob

    /// How the API server names a service account's user, before its namespace.
    private static let userPrefix = "system:serviceaccount:"

    /// Reads a list of patterns.
    static func list(
        _ name: String, of parameters: inout ParameterReader, doc: String
    ) -> [Self] {
        let strings = parameters.strings(name, as: .texts(.filled), default: [], doc: doc)
        return (strings ?? []).compactMap { text, node in
            let halves = text.split(separator: "/", omittingEmptySubsequences: false)
            if halves.count == 2, let namespace = Glob(String(halves[0])),
                let name = Glob(String(halves[1]))
            {
                return Self(namespace: namespace, name: name)
            }
            parameters.report(
                "spec.parameters.\(name) has \"\(text)\"; expected namespace/name, "
                    + "such as flux-system/kustomize-controller", at: node)
            return nil
        }
    }

    /// A user that is a service account, as the list names it: `argocd/argocd-server`.
    static func account(_ user: String) -> String? {
        halves(of: user)?.joined(separator: "/")
    }

    func matches(_ user: String) -> Bool {
        guard let halves = Self.halves(of: user) else { return false }
        return namespace.matches(String(halves[0])) && name.matches(String(halves[1]))
    }

    private static func halves(of user: String) -> [Substring]? {
        guard user.hasPrefix(userPrefix) else { return nil }
        let halves = user.dropFirst(userPrefix.utf8.count)
            .split(separator: ":", omittingEmptySubsequences: false)
        return halves.count == 2 ? halves : nil
    }
}
