internal import Document

/// All policies, bound and checked: immutable, shared by every thread, swapped whole on reload.
package struct PolicySet: Sendable {
    /// The policies in the order of their names, which is the order of evaluation.
    package let policies: [Policy]
    /// What could be read and cannot be meant, by file and position.
    package let warnings: [PolicyProblem]
    /// The kinds that carry pod specs.
    package let table: WorkloadTable

    /// Makes a set of policies with unique names.
    init(_ policies: [Policy], table: WorkloadTable, warnings: [PolicyProblem] = []) {
        self.policies = policies.sorted { $0.name < $1.name }
        self.table = table
        self.warnings = warnings
    }

    /// A set that objects to nothing.
    package static let empty = PolicySet([], table: .shipped)

    /// Whether any policy could object to the subject, by what is known before its object is
    /// read. What no policy concerns need not be read at all.
    package func concerns(_ subject: Subject) -> Bool {
        let kind = table.touchedKind(of: subject)
        let isWorkload = table.contains(kind)
        return policies.contains { policy in
            policy.scope.sees(subject, touching: kind, isWorkload: isWorkload)
                && policy.match.concerns(subject, touching: kind)
        }
    }

    /// Whether the subject's object is to be looked at although no policy concerns it: it may carry
    /// pod specs of which no table knows.
    package func mayMiss(_ subject: Subject) -> Bool { table.mayMiss(subject) }

    /// Judges a subject: a pure function, the same for webhook, check service and command.
    package func evaluate(_ subject: Subject) -> Verdict {
        var verdict = Verdict()
        if subject.isMirrorPod {
            verdict.isMirrorPod = true
            return verdict
        }
        var review = Review(subject, table: table)
        let kind = table.touchedKind(of: subject)
        let isWorkload = table.contains(kind)
        verdict.isUncoveredWorkload = !isWorkload && table.misses(subject)
        for policy in policies
        where policy.scope.sees(subject, touching: kind, isWorkload: isWorkload) {
            if let unreadable = subject.unreadable {
                if policy.match.concerns(subject, touching: kind) {
                    verdict.violations.append(Violation(unreadable, policy))
                }
            } else if policy.match.matches(subject, touching: kind) {
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
            if let rule = policy.rule.act, subject.isRequest {
                var notices: [Notice] = []
                try rule.judge(subject, into: &findings, notices: &notices)
                for var notice in notices {
                    notice.policy = policy.name
                    notice.isWarned = policy.gravestAction != .audit
                    verdict.notices.append(notice)
                }
            }
            if let rule = policy.rule.state {
                var state: [Finding] = []
                defer { findings += state }
                try judge(rule, policy, into: &state)
            }
        } catch {
            verdict.violations.append(Violation(error, policy))
        }
        for finding in findings { verdict.violations.append(Violation(finding, policy)) }
    }

    /// Adds what is wrong with the object, but for what was wrong with the stored one alike.
    private mutating func judge(
        _ rule: any StateRule, _ policy: Policy, into findings: inout [Finding]
    ) throws(UnreadableObject) {
        guard let node = subject.object, !node.isNull else { return }
        let object = self.object ?? read(node)
        if self.object == nil { self.object = object }
        let unreadable = Self.judge(object, by: rule, into: &findings)
        if unreadable == nil && findings.isEmpty { return }
        guard forgives(policy) else {
            if let unreadable { throw unreadable }
            return
        }
        var existing: [Finding] = []
        let wasUnreadable = judgeOldObject(by: rule, into: &existing)
        drop(existing, from: &findings)
        if let unreadable, unreadable != wasUnreadable { throw unreadable }
    }

    private mutating func judgeOldObject(
        by rule: any StateRule, into findings: inout [Finding]
    ) -> UnreadableObject? {
        guard let node = subject.oldObject, !node.isNull else { return nil }
        let object = oldObject ?? read(node)
        if oldObject == nil { oldObject = object }
        return Self.judge(object, by: rule, into: &findings)
    }

    /// Returns where the object could not be read; what was found before that stays.
    private static func judge(
        _ object: Result<ReviewedObject, UnreadableObject>, by rule: any StateRule,
        into findings: inout [Finding]
    ) -> UnreadableObject? {
        do throws(UnreadableObject) {
            try rule.judge(object.get(), into: &findings)
            return nil
        } catch {
            return error
        }
    }

    /// Whether what the stored object already violated does not count.
    private func forgives(_ policy: Policy) -> Bool {
        subject.operation == .update
            && (policy.existingViolations == .allow || subject.isBeingDeleted)
    }

    /// Takes away as many findings of each sort as the stored object had, in time of their number.
    private func drop(_ existing: [Finding], from findings: inout [Finding]) {
        if existing.isEmpty { return }
        var counts: [Finding.Identity: Int] = [:]
        for finding in existing { counts[finding.identity, default: 0] += 1 }
        findings.removeAll { finding in
            guard let count = counts[finding.identity], count > 0 else { return false }
            counts[finding.identity] = count - 1
            return true
        }
    }

    private func read(_ node: Node) -> Result<ReviewedObject, UnreadableObject> {
        guard node.kind == .object else {
            let message = "expected an object, found \(node.kind.phrase)"
            return .failure(UnreadableObject(.root, message))
        }
        do throws(UnreadableObject) {
            let workload = try Workload(node, kind: subject.kind, table: table)
            return .success(
                ReviewedObject(
                    kind: subject.kind, node: node, workload: workload,
                    inPlaceUpdate: table.inPlaceUpdate(of: subject.kind),
                    operation: subject.operation, namespace: subject.namespace))
        } catch {
            return .failure(error)
        }
    }
}

extension Violation {
    fileprivate convenience init(_ finding: Finding, _ policy: Policy) {
        self.init(
            rule: policy.ruleID, source: policy, path: finding.path,
            message: finding.message.readable(), fix: finding.fix.readable())
    }

    fileprivate convenience init(_ unreadable: UnreadableObject, _ policy: Policy) {
        self.init(
            rule: UnreadableObject.id, source: policy, path: unreadable.path,
            message: "the object cannot be judged: \(unreadable.message)".readable(),
            fix: "send a well-formed object of its kind")
    }
}
