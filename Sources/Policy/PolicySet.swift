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
    let exceptionsByPolicy: [String: [PolicyException]]

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
        var evaluation = Evaluation(self, subject, touching: kind, at: moment)
        memory.findings.areCompared = subject.operation == .update
        let isWorkload = table.contains(kind)
        memory.verdict.isUncoveredWorkload = !isWorkload && table.misses(subject)
        for policy in policies
        where policy.scope.sees(subject, touching: kind, isWorkload: isWorkload) {
            if let unreadable = subject.unreadable {
                if policy.match.concerns(subject, touching: kind) {
                    evaluation.record(unreadable, policy, in: &memory.verdict)
                }
            } else if policy.match.matches(subject, touching: kind) {
                evaluation.apply(policy, in: &memory)
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
