internal import Document

/// One line of the catalogue: what a rule is called, what it can see and how it is made.
///
/// A rule is a pure function with typed parameters. It never knows of policies' matching, actions
/// or exceptions: `PolicySet` does all of that alike for every rule. It is a `StateRule`, an
/// `ActRule`, or both where it has something to say of either.
package protocol Rule: Sendable {
    /// The id: in policy files, causes, metrics and reports alike.
    static var id: String { get }
    /// What the rule asks for, in one sentence.
    static var summary: String { get }
    /// What the rule can see.
    static var scope: RuleScope { get }

    /// Reads the rule's own parameters; the reader collects what is wrong with them.
    init(parameters: inout ParameterReader)
}

/// A rule about state: it judges an object as it would be stored, and on UPDATE what the stored
/// object already violated in the same way does not count.
package protocol StateRule: Rule {
    /// Adds what is wrong with the object.
    func judge(
        _ object: ReviewedObject, into findings: inout Findings
    ) throws(UnreadableObject)
}

/// A rule about acts: it judges what is being done, not what will be stored. A manifest outside a
/// cluster is no act.
package protocol ActRule: Rule {
    /// Adds what is wrong with the request, and what was let through that deserves notice.
    func judge(
        _ subject: Subject, into findings: inout Findings, notices: inout [Notice]
    ) throws(UnreadableObject)
}

/// What a rule can see: a policy that asks for more is a load error, never silence.
package struct RuleScope: Sendable {
    /// Every kind of the workload table.
    package var workloads = false
    /// Single kinds beside workloads.
    package var kinds: [GroupKind] = []
    /// Connections, as `resource/subresource`: `pods/exec`.
    package var connections: [String] = []
    /// Whether the rule sees these kinds' removal, too.
    package var deletions = false
    /// Whether the rule sees these kinds' scaling through `*/scale`, too.
    package var scaling = false

    /// The operations that can bring something the rule sees.
    package var operations: [Subject.Operation] {
        var operations: [Subject.Operation] = []
        if workloads || !kinds.isEmpty { operations += [.create, .update] }
        if deletions { operations.append(.delete) }
        if !connections.isEmpty { operations.append(.connect) }
        return operations
    }

    /// Whether the rule can see what a request of this shape carries; `isWorkload` says whether
    /// `kind`, that of the thing touched, is in the workload table.
    @inline(__always)
    func sees(_ subject: Subject, touching kind: GroupKind, isWorkload: Bool) -> Bool {
        switch subject.operation {
        case .connect:
            guard !connections.isEmpty else { return false }
            return connections.contains { connection in
                connection.utf8.count
                    == subject.resource.utf8.count + subject.subresource.utf8.count + 1
                    && connection.hasPrefix(subject.resource)
                    && connection.hasSuffix(subject.subresource)
            }
        case .create, .update:
            guard sees(subresource: subject.subresource) else { return false }
        case .delete:
            guard deletions, sees(subresource: subject.subresource) else { return false }
        }
        return (workloads && isWorkload) || kinds.contains(kind)
    }

    /// The kinds that a policy of the rule may name.
    func visibleKinds(in table: WorkloadTable) -> [GroupKind] {
        var visible = workloads ? table.kinds : []
        for kind in kinds + connections.compactMap({ Self.touched[$0] })
        where !visible.contains(kind) {
            visible.append(kind)
        }
        return visible
    }

    /// Some subresources carry no pod spec, or only the kubelet's report of one. Any other whose
    /// object bears a pod spec is judged: fail safe.
    private func sees(subresource: String) -> Bool {
        // The usual case, for which no string need be compared.
        if subresource.isEmpty { return true }
        return switch subresource {
        case "scale": scaling
        case "status", "binding", "eviction", "log": false
        default: true
        }
    }

    /// What a connection touches.
    private static let touched: [String: GroupKind] = [
        "pods/exec": .pod, "pods/attach": .pod, "pods/portforward": .pod, "pods/proxy": .pod,
        "services/proxy": .service, "nodes/proxy": .node,
    ]
}

/// An object under review, with its pod specs found once for all rules.
///
/// A class, so that every rule is handed it for one reference count.
package final class ReviewedObject {
    /// The object's group and kind.
    let kind: GroupKind
    /// The object.
    let node: Node
    /// Its pod specs and containers; empty for what is no workload.
    let workload: Workload
    /// Where its strategy says that its Pods may be changed in place, for kinds that have that.
    let inPlaceUpdate: WorkloadTable.InPlaceUpdate?
    /// What is done with it; CREATE outside a cluster. The same for the object as it is stored now.
    let operation: Subject.Operation
    /// Its namespace; empty for a cluster-scoped object.
    let namespace: String

    init(
        kind: GroupKind, node: Node, workload: Workload,
        inPlaceUpdate: WorkloadTable.InPlaceUpdate?, operation: Subject.Operation,
        namespace: String
    ) {
        self.kind = kind
        self.node = node
        self.workload = workload
        self.inPlaceUpdate = inPlaceUpdate
        self.operation = operation
        self.namespace = namespace
    }
}

/// Something that was let through by an explicit grant: it is warned of and always recorded.
package struct Notice: Equatable, Sendable {
    /// The kind of grant, an audit annotation's key: `break-glass`.
    package let kind: String
    /// Who did what.
    package let message: String
    /// The policy that granted it; the policy set fills it in.
    package internal(set) var policy = ""
    /// Whether the client is warned: not where the policy only audits.
    package internal(set) var isWarned = true

    init(kind: String, message: String) {
        self.kind = kind
        self.message = message.readable()
    }
}
