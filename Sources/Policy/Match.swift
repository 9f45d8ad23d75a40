internal import Document

/// What a policy is about: the `spec.match` of policy files. Empty lists match everything.
package struct Match: Sendable {
    let namespaces: [Glob]
    let excludeNamespaces: [Glob]
    let kinds: [GroupKind]
    let names: [Glob]
    let operations: [Subject.Operation]
    let users: [Glob]
    let groups: [Glob]
    let excludeUsers: [Glob]
    let excludeGroups: [Glob]
    let objectSelector: LabelSelector

    /// Whether the policy concerns the subject, which touches `kind`, by all that stands outside
    /// its object's body: what can be known before the object is read.
    func concerns(_ subject: Subject, touching kind: GroupKind) -> Bool {
        if !operations.isEmpty, !operations.contains(subject.operation) { return false }
        if !kinds.isEmpty, !kinds.contains(kind) { return false }
        return matchesNamespace(of: subject)
    }

    /// Lists that take back all that others say, so that the policy never applies.
    var contradictions: [(field: String, message: String)] {
        [
            ("excludeNamespaces", "namespaces", excludeNamespaces, namespaces),
            ("excludeUsers", "users", excludeUsers, users),
            ("excludeGroups", "groups", excludeGroups, groups),
        ].compactMap { field, other, excluded, included in
            if excluded.contains(where: \.matchesEverything) {
                return (field, "\(field) is everything: the policy never applies")
            }
            guard !included.isEmpty, included.allSatisfy({ $0.isCovered(byAnyOf: excluded) }) else {
                return nil
            }
            return (field, "\(field) takes back all of \(other): the policy never applies")
        }
    }

    /// Whether the policy matches the subject, whose object has been read.
    func matches(_ subject: Subject, touching kind: GroupKind) -> Bool {
        concerns(subject, touching: kind) && matchesIdentity(of: subject)
            && matchesName(of: subject) && objectSelector.matches(subject)
    }

    /// A cluster-scoped object has no namespace: it matches an empty list or a lone `*` only.
    /// A Namespace's own namespace is its name.
    func matchesNamespace(of subject: Subject) -> Bool {
        if namespaces.isEmpty && excludeNamespaces.isEmpty { return true }
        let namespace = subject.kind == .namespace ? subject.name : subject.namespace
        func isListed(_ globs: [Glob]) -> Bool {
            globs.contains { $0.matchesEverything || (!namespace.isEmpty && $0.matches(namespace)) }
        }
        return (namespaces.isEmpty || isListed(namespaces)) && !isListed(excludeNamespaces)
    }

    /// A Service's name is its name on whatever port it is reached, so that none is a way round a
    /// policy; an exception may name the port, too: `web:8080`.
    private func matchesName(of subject: Subject) -> Bool {
        names.isEmpty || names.anyMatches(subject.name) || names.anyMatches(subject.nameOfTarget)
    }

    /// Outside a cluster nobody asks: policies by user or group apply as if those matched.
    private func matchesIdentity(of subject: Subject) -> Bool {
        guard subject.isRequest else { return true }
        if users.isEmpty && groups.isEmpty && excludeUsers.isEmpty && excludeGroups.isEmpty {
            return true
        }
        let user = subject.user?.string ?? ""
        let memberships = subject.groups?.elements.compactMap(\.string) ?? []
        func isMember(of globs: [Glob]) -> Bool { memberships.contains(where: globs.anyMatches) }
        return users.isEmptyOrMatches(user) && (groups.isEmpty || isMember(of: groups))
            && !excludeUsers.anyMatches(user) && !isMember(of: excludeGroups)
    }
}

/// Kubernetes' label selector (`metav1.LabelSelector`). Users write labels: a selector sorts, it
/// protects nothing.
package struct LabelSelector: Sendable {
    /// How an expression compares.
    enum Operator: String, CaseIterable, Sendable {
        case `in` = "In"
        case notIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
    }

    /// One requirement; all of them must hold.
    struct Requirement: Sendable {
        let key: String
        let `operator`: Operator
        let values: [String]
    }

    let requirements: [Requirement]

    /// Whether the object or the old object has the labels. A CONNECT brings no labels and counts
    /// as matching: no label may switch off `no-exec`.
    func matches(_ subject: Subject) -> Bool {
        if requirements.isEmpty || subject.operation == .connect { return true }
        return [subject.object, subject.oldObject].contains { object in
            guard let object, !object.isNull else { return false }
            return holds(for: object["metadata"]?["labels"])
        }
    }

    private func holds(for labels: Node?) -> Bool {
        requirements.allSatisfy { requirement in
            let value = labels?[requirement.key]
            let isListed = requirement.values.contains { value?.equals($0) ?? false }
            switch requirement.operator {
            case .in: return isListed
            case .notIn: return !isListed
            case .exists: return value != nil
            case .doesNotExist: return value == nil
            }
        }
    }
}
