internal import Document

/// All policies, bound and checked: immutable, shared by every thread, swapped whole on reload.
package struct PolicySet: Sendable {
    /// The policies in the order of their names, which is the order of evaluation.
    package let policies: [Policy]
    private let table: WorkloadTable

    /// Makes a set of policies with unique names.
    init(_ policies: [Policy], table: WorkloadTable) {
        self.policies = policies.sorted { $0.name < $1.name }
        self.table = table
    }

    /// A set that objects to nothing.
    package static let empty = PolicySet([], table: .shipped)

    /// Whether any policy could object to the subject, by what is known before its object is
    /// read. What no policy concerns need not be read at all.
    package func concerns(_ subject: Subject) -> Bool {
        policies.contains { $0.scope.sees(subject, in: table) && $0.match.concerns(subject) }
    }

    /// The names of policies about acts, which say nothing of a manifest outside a cluster.
    package var actPolicies: [Policy] {
        policies.filter { policy in
            if case .act = policy.rule { true } else { false }
        }
    }

    /// Judges a subject: a pure function, the same for webhook, check service and command.
    package func evaluate(_ subject: Subject) -> Verdict {
        var verdict = Verdict()
        if subject.isMirrorPod {
            verdict.isMirrorPod = true
            return verdict
        }
        var review = Review(subject, table: table)
        for policy in policies where policy.scope.sees(subject, in: table) {
            if let unreadable = subject.unreadable {
                if policy.match.concerns(subject) {
                    verdict.violations.append(Violation(unreadable, policy))
                }
            } else if policy.match.matches(subject) {
                review.apply(policy, to: &verdict)
            }
        }
        return verdict
    }
}

/// One evaluation under way: what rules share is found once, when the first one asks.
private struct Review {
    private let subject: Subject
    private let table: WorkloadTable
    private var object: Result<ReviewedObject, UnreadableObject>?
    private var oldObject: Result<ReviewedObject, UnreadableObject>?

    init(_ subject: Subject, table: WorkloadTable) {
        self.subject = subject
        self.table = table
    }

    mutating func apply(_ policy: Policy, to verdict: inout Verdict) {
        var findings: [Finding] = []
        do throws(UnreadableObject) {
            switch policy.rule {
            case .act(let rule):
                var notices: [Notice] = []
                try rule.judge(subject, into: &findings, notices: &notices)
                for var notice in notices {
                    notice.policy = policy.name
                    notice.isWarned = policy.gravestAction != .audit
                    verdict.notices.append(notice)
                }
            case .state(let rule):
                try judge(rule, into: &findings)
                if !findings.isEmpty, forgives(policy) { dropExisting(from: &findings, by: rule) }
            }
        } catch {
            if forgives(policy), wasUnreadable(alike: error, for: policy) { return }
            verdict.violations.append(Violation(error, policy))
        }
        for finding in findings { verdict.violations.append(Violation(finding, policy)) }
    }

    private mutating func judge(
        _ rule: any StateRule, into findings: inout [Finding]
    ) throws(UnreadableObject) {
        guard let node = subject.object, !node.isNull else { return }
        let object = self.object ?? Self.read(node, subject.kind, table)
        if self.object == nil { self.object = object }
        try rule.judge(object.get(), into: &findings)
    }

    /// Whether what the stored object already violated does not count.
    private func forgives(_ policy: Policy) -> Bool {
        subject.operation == .update
            && (policy.existingViolations == .allow || subject.isBeingDeleted)
    }

    /// Takes away as many findings of each sort as the stored object had.
    private mutating func dropExisting(from findings: inout [Finding], by rule: any StateRule) {
        guard var existing = try? findingsOfOldObject(rule) else { return }
        findings.removeAll { finding in
            guard let index = existing.firstIndex(where: finding.isSame) else { return false }
            existing.remove(at: index)
            return true
        }
    }

    private mutating func findingsOfOldObject(
        _ rule: any StateRule
    ) throws(UnreadableObject) -> [Finding] {
        guard let node = subject.oldObject, !node.isNull else { return [] }
        let object = oldObject ?? Self.read(node, subject.kind, table)
        if oldObject == nil { oldObject = object }
        var findings: [Finding] = []
        try rule.judge(object.get(), into: &findings)
        return findings
    }

    private mutating func wasUnreadable(alike error: UnreadableObject, for policy: Policy) -> Bool {
        guard case .state(let rule) = policy.rule else { return false }
        do throws(UnreadableObject) {
            _ = try findingsOfOldObject(rule)
            return false
        } catch let existing {
            return existing == error
        }
    }

    private static func read(
        _ node: Node, _ kind: GroupKind, _ table: WorkloadTable
    ) -> Result<ReviewedObject, UnreadableObject> {
        guard node.kind == .object else {
            let message = "expected an object, found \(node.kind.phrase)"
            return .failure(UnreadableObject(.root, message))
        }
        do throws(UnreadableObject) {
            let workload = try Workload(node, kind: kind, table: table)
            return .success(ReviewedObject(kind: kind, node: node, workload: workload))
        } catch {
            return .failure(error)
        }
    }
}

extension Violation {
    fileprivate init(_ finding: Finding, _ policy: Policy) {
        self.init(
            rule: policy.ruleID, policy: policy.name, actions: policy.actions, path: finding.path,
            message: finding.message.readable(), fix: finding.fix.readable())
    }

    fileprivate init(_ unreadable: UnreadableObject, _ policy: Policy) {
        self.init(
            rule: UnreadableObject.id, policy: policy.name, actions: policy.actions,
            path: unreadable.path,
            message: "the object cannot be judged: \(unreadable.message)".readable(),
            fix: "send a well-formed object of its kind")
    }
}
