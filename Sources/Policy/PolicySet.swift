internal import Document

/// All policies, bound and checked: immutable, shared by every thread, swapped whole on reload.
///
/// A class, so that a review holds it for one reference count.
package final class PolicySet: Sendable {
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
    fileprivate let exceptionsByPolicy: [String: [PolicyException]]

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
    ///   - memory: what an evaluation needs, taken over from the one before.
    package func evaluate(
        _ subject: Subject, at moment: Moment, using memory: inout EvaluationMemory
    ) -> Verdict {
        memory.removeAll()
        if subject.isMirrorPod {
            memory.verdict.isMirrorPod = true
            return memory.verdict
        }
        let kind = table.touchedKind(of: subject)
        var review = Review(self, subject, touching: kind, at: moment)
        memory.findings.areCompared = subject.operation == .update
        let isWorkload = table.contains(kind)
        memory.verdict.isUncoveredWorkload = !isWorkload && table.misses(subject)
        for policy in policies
        where policy.scope.sees(subject, touching: kind, isWorkload: isWorkload) {
            if let unreadable = subject.unreadable {
                if policy.match.concerns(subject, touching: kind) {
                    review.record(unreadable, policy, in: &memory.verdict)
                }
            } else if policy.match.matches(subject, touching: kind) {
                review.apply(policy, in: &memory)
            }
        }
        return memory.verdict
    }

    /// Judges one subject alone.
    package func evaluate(_ subject: Subject, at moment: Moment) -> Verdict {
        var memory = EvaluationMemory()
        return evaluate(subject, at: moment, using: &memory)
    }
}

/// What evaluations need one after another, so that none allocates what the one before it had.
package struct EvaluationMemory {
    /// What is said of the subject.
    fileprivate var verdict = Verdict()
    /// What the policy under way has found so far.
    fileprivate var findings = Findings(limit: Findings.listedOfPolicy)

    /// Memory for a first evaluation.
    package init() {}

    /// Forgets what was evaluated and gives back what a large review took.
    package mutating func removeAll() {
        verdict.removeAll()
        findings.removeAll()
    }
}

/// One evaluation under way: what rules share is found once, when the first one asks.
private struct Review {
    private let set: PolicySet
    private let subject: Subject
    /// The kind of the thing touched.
    private let kind: GroupKind
    private let moment: Moment
    private var object: Reading?
    private var oldObject: Reading?

    /// What became of an object, small enough to be handed round.
    private enum Reading {
        case object(ReviewedObject)
        indirect case unreadable(UnreadableObject)
    }

    init(_ set: PolicySet, _ subject: Subject, touching kind: GroupKind, at moment: Moment) {
        self.set = set
        self.subject = subject
        self.kind = kind
        self.moment = moment
    }

    /// Records what a policy's rule says of the act, then of the state.
    mutating func apply(_ policy: Policy, in memory: inout EvaluationMemory) {
        do throws(UnreadableObject) {
            if let judge = policy.rule.judgeAct, subject.isRequest {
                var notices: [Notice] = []
                try judge(subject, &memory.findings, &notices)
                for var notice in notices {
                    notice.policy = policy.name
                    notice.isWarned = policy.gravestAction != .audit
                    memory.verdict.notices.append(notice)
                }
                recordFindings(policy, &memory.findings, in: &memory.verdict)
            }
            if let rule = policy.rule.judgeState { try judge(rule, policy, &memory.findings) }
        } catch {
            record(error, policy, in: &memory.verdict)
        }
        recordFindings(policy, &memory.findings, in: &memory.verdict)
    }

    /// Records what is wrong, or what would be but for an exception, and forgets the findings.
    /// Exceptions are asked last: one is used only where it lets pass what nothing else does.
    private func recordFindings(
        _ policy: Policy, _ findings: inout Findings, in verdict: inout Verdict
    ) {
        // Where all were dropped too, for their words are still there.
        defer { findings.removeAll() }
        if findings.isEmpty { return }
        let exceptions = exceptions(from: policy)
        let start = verdict.text.count
        if start > Self.maximumText {
            let count = findings.listed.count + findings.omitted
            return record(.omitted(count, policy, &verdict.text), exceptions, in: &verdict)
        }
        if start == 0 {
            verdict.text.reserveCapacity(findings.text.count + Self.usualText)
            verdict.objections.reserveCapacity(Self.usualObjections)
        }
        verdict.text.append(contentsOf: findings.text)
        for finding in findings.listed {
            let objection = Verdict.Objection(
                policy: policy, rule: policy.ruleID, check: finding.check,
                words: finding.words.moved(by: start))
            record(objection, image: finding.image, exceptions, in: &verdict)
        }
        if findings.omitted > 0 {
            record(.omitted(findings.omitted, policy, &verdict.text), exceptions, in: &verdict)
        }
    }

    /// How many bytes the words of a verdict may take before further policies tell no more than
    /// how much they have found.
    private static let maximumText = 8 << 20

    /// Room for the words of most verdicts, in bytes.
    private static let usualText = 1024
    /// Room for the objections of most verdicts.
    private static let usualObjections = 16

    /// Records that the object cannot be judged by a policy.
    func record(_ unreadable: UnreadableObject, _ policy: Policy, in verdict: inout Verdict) {
        let objection = Verdict.Objection.unreadable(unreadable, policy, &verdict.text)
        record(objection, exceptions(from: policy), in: &verdict)
    }

    private func record(
        _ objection: Verdict.Objection, image: Node? = nil, _ exceptions: [PolicyException],
        in verdict: inout Verdict
    ) {
        if !exceptions.isEmpty, let exception = exceptions.first(where: { $0.covers(image: image) })
        {
            let violation = Violation(objection, in: verdict.text)
            verdict.excepted.append(
                ExceptedViolation(violation: violation, exception: exception))
        } else {
            verdict.objections.append(objection)
        }
    }

    /// The exceptions from a policy that are for this subject at this moment, by their names.
    private func exceptions(from policy: Policy) -> [PolicyException] {
        guard !set.exceptions.isEmpty, let exceptions = set.exceptionsByPolicy[policy.name] else {
            return []
        }
        return exceptions.filter { exception in
            exception.covers(
                subject, touching: kind, ofJudged: policy.match.kinds, at: moment)
        }
    }

    /// Adds what is wrong with the object, but for what was wrong with the stored one alike.
    private mutating func judge(
        _ rule: Policy.BoundRule.StateJudge, _ policy: Policy, _ findings: inout Findings
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
        var existing = Findings(limit: Findings.listedOfPolicy, areCompared: true)
        let wasUnreadable = judgeOldObject(by: rule, into: &existing)
        findings.drop(existing)
        if let unreadable, unreadable != wasUnreadable { throw unreadable }
    }

    private mutating func judgeOldObject(
        by rule: Policy.BoundRule.StateJudge, into findings: inout Findings
    ) -> UnreadableObject? {
        guard let node = subject.oldObject, !node.isNull else { return nil }
        let object = oldObject ?? read(node)
        if oldObject == nil { oldObject = object }
        return Self.judge(object, by: rule, into: &findings)
    }

    /// Returns where the object could not be read; what was found before that stays.
    private static func judge(
        _ object: Reading, by rule: Policy.BoundRule.StateJudge, into findings: inout Findings
    ) -> UnreadableObject? {
        switch object {
        case .unreadable(let error): return error
        case .object(let object):
            do throws(UnreadableObject) {
                try rule(object, &findings)
                return nil
            } catch {
                return error
            }
        }
    }

    /// Whether what the stored object already violated does not count.
    private func forgives(_ policy: Policy) -> Bool {
        subject.operation == .update
            && (policy.existingViolations == .allow || subject.isBeingDeleted)
    }

    private func read(_ node: Node) -> Reading {
        guard node.kind == .object else {
            let message = "expected an object, found \(node.kind.phrase)"
            return .unreadable(UnreadableObject(.root, message))
        }
        do throws(UnreadableObject) {
            let entry = set.table.entry(of: subject.kind)
            let workload = try Workload(node, at: entry?.places ?? [])
            return .object(
                ReviewedObject(
                    kind: subject.kind, node: node, workload: workload,
                    inPlaceUpdate: entry?.inPlaceUpdate, operation: subject.operation,
                    namespace: subject.namespace))
        } catch {
            return .unreadable(error)
        }
    }
}

extension Verdict.Objection {
    /// Stands for what is not listed, and can be excepted only as a whole.
    fileprivate static func omitted(
        _ count: Int, _ policy: Policy, _ text: inout [UInt8]
    ) -> Verdict.Objection {
        Verdict.Objection(
            policy: policy, rule: policy.ruleID, check: "omitted",
            words: ViolationWords(
                path: .root,
                message: "\(count) more violation\(count == 1 ? " is" : "s are") not listed",
                fix: "mend those that are listed; the others are then", writtenTo: &text))
    }

    fileprivate static func unreadable(
        _ object: UnreadableObject, _ policy: Policy, _ text: inout [UInt8]
    ) -> Verdict.Objection {
        Verdict.Objection(
            policy: policy, rule: UnreadableObject.id, check: "",
            words: ViolationWords(
                path: object.path, message: "the object cannot be judged: \(object.message)",
                fix: "send a well-formed object of its kind", writtenTo: &text))
    }
}
