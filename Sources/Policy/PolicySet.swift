internal import Document

/// All policies, bound and checked: immutable, shared by every thread, swapped whole on reload.
package struct PolicySet: Sendable {
    /// The policies in the order of their names, which is the order of evaluation.
    package let policies: [Policy]
    /// The exceptions in the order of their names: of several that cover a violation, the first
    /// is used.
    package let exceptions: [PolicyException]
    /// What could be read and cannot be meant, by file and position.
    package let warnings: [PolicyProblem]
    /// The kinds that carry pod specs.
    package let table: WorkloadTable
    /// The exceptions from each policy that has some.
    private let exceptionsByPolicy: [String: [PolicyException]]

    /// Makes a set of policies with unique names, and of exceptions with unique names from them.
    init(
        _ policies: [Policy], exceptions: [PolicyException] = [], table: WorkloadTable,
        warnings: [PolicyProblem] = []
    ) {
        self.policies = policies.sorted { $0.name < $1.name }
        self.exceptions = exceptions.sorted { $0.name < $1.name }
        self.table = table
        self.warnings = warnings
        var byPolicy: [String: [PolicyException]] = [:]
        for exception in self.exceptions {
            for policy in exception.policies { byPolicy[policy, default: []].append(exception) }
        }
        exceptionsByPolicy = byPolicy
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
    ///
    /// - Parameters:
    ///   - subject: what is done to which object.
    ///   - moment: what the wall clock reads, which decides whether an exception is in force.
    package func evaluate(_ subject: Subject, at moment: Moment) -> Verdict {
        var verdict = Verdict()
        if subject.isMirrorPod {
            verdict.isMirrorPod = true
            return verdict
        }
        let kind = table.touchedKind(of: subject)
        var review = Review(
            subject, touching: kind, table: table, exceptions: exceptionsByPolicy, at: moment)
        let isWorkload = table.contains(kind)
        verdict.isUncoveredWorkload = !isWorkload && table.misses(subject)
        for policy in policies
        where policy.scope.sees(subject, touching: kind, isWorkload: isWorkload) {
            if let unreadable = subject.unreadable {
                if policy.match.concerns(subject, touching: kind) {
                    review.record(unreadable, policy, in: &verdict)
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
    /// The kind of the thing touched.
    private let kind: GroupKind
    private let table: WorkloadTable
    private let exceptions: [String: [PolicyException]]
    private let moment: Moment
    private var object: Result<ReviewedObject, UnreadableObject>?
    private var oldObject: Result<ReviewedObject, UnreadableObject>?

    init(
        _ subject: Subject, touching kind: GroupKind, table: WorkloadTable,
        exceptions: [String: [PolicyException]], at moment: Moment
    ) {
        self.subject = subject
        self.kind = kind
        self.table = table
        self.exceptions = exceptions
        self.moment = moment
    }

    /// Records what a policy's rule says of the act, then of the state.
    mutating func apply(_ policy: Policy, to verdict: inout Verdict) {
        var findings = Findings(limit: Findings.listedOfPolicy)
        do throws(UnreadableObject) {
            if let rule = policy.rule.act, subject.isRequest {
                var notices: [Notice] = []
                try rule.judge(subject, into: &findings, notices: &notices)
                for var notice in notices {
                    notice.policy = policy.name
                    notice.isWarned = policy.gravestAction != .audit
                    verdict.notices.append(notice)
                }
                record(findings, policy, in: &verdict)
                findings = Findings(limit: Findings.listedOfPolicy)
            }
            if let rule = policy.rule.state { try judge(rule, policy, into: &findings) }
        } catch {
            record(error, policy, in: &verdict)
        }
        record(findings, policy, in: &verdict)
    }

    /// Records what is wrong, or what would be but for an exception. Exceptions are asked last: one
    /// is used only where it lets pass what nothing else does.
    private func record(_ findings: Findings, _ policy: Policy, in verdict: inout Verdict) {
        if findings.isEmpty { return }
        let exceptions = exceptions(from: policy)
        for finding in findings.listed {
            record(Violation(finding, policy), image: finding.image, exceptions, in: &verdict)
        }
        if findings.omitted > 0 {
            record(
                Violation(omitted: findings.omitted, policy), image: nil, exceptions, in: &verdict)
        }
    }

    /// Records that the object cannot be judged by a policy.
    func record(_ unreadable: UnreadableObject, _ policy: Policy, in verdict: inout Verdict) {
        record(
            Violation(unreadable, policy), image: nil, exceptions(from: policy), in: &verdict)
    }

    private func record(
        _ violation: Violation, image: Node?, _ exceptions: [PolicyException],
        in verdict: inout Verdict
    ) {
        if let exception = exceptions.first(where: { $0.covers(image: image) }) {
            verdict.excepted.append(
                ExceptedViolation(violation: violation, exception: exception))
        } else {
            verdict.violations.append(violation)
        }
    }

    /// The exceptions from a policy that are for this subject at this moment, by their names.
    private func exceptions(from policy: Policy) -> [PolicyException] {
        guard !exceptions.isEmpty, let exceptions = exceptions[policy.name] else { return [] }
        return exceptions.filter { exception in
            exception.covers(
                subject, touching: kind, ofJudged: policy.match.kinds, at: moment)
        }
    }

    /// Adds what is wrong with the object, but for what was wrong with the stored one alike.
    private mutating func judge(
        _ rule: any StateRule, _ policy: Policy, into findings: inout Findings
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
        var existing = Findings(limit: Findings.listedOfPolicy)
        let wasUnreadable = judgeOldObject(by: rule, into: &existing)
        findings.drop(existing)
        if let unreadable, unreadable != wasUnreadable { throw unreadable }
    }

    private mutating func judgeOldObject(
        by rule: any StateRule, into findings: inout Findings
    ) -> UnreadableObject? {
        guard let node = subject.oldObject, !node.isNull else { return nil }
        let object = oldObject ?? read(node)
        if oldObject == nil { oldObject = object }
        return Self.judge(object, by: rule, into: &findings)
    }

    /// Returns where the object could not be read; what was found before that stays.
    private static func judge(
        _ object: Result<ReviewedObject, UnreadableObject>, by rule: any StateRule,
        into findings: inout Findings
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
            rule: policy.ruleID, check: finding.check, source: policy, path: finding.path,
            message: finding.message.readable(), fix: finding.fix.readable())
    }

    /// Stands for what is not listed, and can be excepted only as a whole.
    fileprivate convenience init(omitted count: Int, _ policy: Policy) {
        self.init(
            rule: policy.ruleID, check: "omitted", source: policy, path: .root,
            message: "\(count) more violation\(count == 1 ? " is" : "s are") not listed",
            fix: "mend those that are listed; the others are then")
    }

    fileprivate convenience init(_ unreadable: UnreadableObject, _ policy: Policy) {
        self.init(
            rule: UnreadableObject.id, check: "", source: policy, path: unreadable.path,
            message: "the object cannot be judged: \(unreadable.message)".readable(),
            fix: "send a well-formed object of its kind")
    }
}
