internal import Policy
internal import Telemetry

/// What one admission loop counts by the policies in force: series that come and go with them.
///
/// A reload makes new tables, in which a series that was there before goes on with its counter.
/// The loop counts in the old tables until it adopts the new ones, and nothing is lost.
struct PolicyCounters: Sendable {
    /// Violations by policy, rule and action.
    let violations: ViolationCounters
    /// Violations that exceptions let pass, by exception and policy.
    let exceptions: ExceptionCounters
    /// Acts let through by an explicit grant, by policy.
    let grants: GrantCounters

    /// Tables for a set of policies, which carry over the counters of `earlier` ones.
    init(_ policies: PolicySet, carryingOver earlier: PolicyCounters? = nil) {
        violations = ViolationCounters(policies, carryingOver: earlier?.violations)
        exceptions = ExceptionCounters(policies, carryingOver: earlier?.exceptions)
        grants = GrantCounters(policies, carryingOver: earlier?.grants)
    }
}

/// A counter for each policy, what it can report (its rule, or an unreadable object) and each of
/// its actions: a closed set, known when the policies are loaded.
final class ViolationCounters: Sendable {
    /// What tells one series from another: the labels.
    struct Labels: Hashable, Sendable {
        let policy: String
        let rule: String
        let action: Policy.Action
    }

    /// One series.
    struct Series: Sendable {
        let labels: Labels
        let counter: Counter
    }

    /// All series, in the order of the policies' names.
    let all: [Series]
    private let firstOfPolicy: [String: Int]

    init(_ policies: PolicySet, carryingOver earlier: ViolationCounters? = nil) {
        let counters = Dictionary(
            (earlier?.all ?? []).map { ($0.labels, $0.counter) }, uniquingKeysWith: { $1 })
        var all: [Series] = []
        var firstOfPolicy: [String: Int] = [:]
        for policy in policies.policies {
            firstOfPolicy[policy.name] = all.count
            for rule in [policy.ruleID, UnreadableObject.id] {
                for action in policy.actions {
                    let labels = Labels(policy: policy.name, rule: rule, action: action)
                    all.append(Series(labels: labels, counter: counters[labels] ?? Counter()))
                }
            }
        }
        self.all = all
        self.firstOfPolicy = firstOfPolicy
    }

    /// Counts a violation once for each of its actions.
    func count(_ violation: Violation) {
        guard let first = firstOfPolicy[violation.policy] else { return }
        for series in all[first...] {
            guard series.labels.policy == violation.policy else { return }
            if series.labels.rule == violation.rule,
                violation.actions.contains(series.labels.action)
            {
                series.counter.add()
            }
        }
    }
}

/// A counter for each policy about acts: how often somebody broke its glass.
final class GrantCounters: Sendable {
    /// One series.
    struct Series: Sendable {
        let policy: String
        let counter: Counter
    }

    /// All series, in the order of the policies' names.
    let all: [Series]

    init(_ policies: PolicySet, carryingOver earlier: GrantCounters? = nil) {
        let counters = Dictionary(
            (earlier?.all ?? []).map { ($0.policy, $0.counter) }, uniquingKeysWith: { $1 })
        all = policies.policies.filter { $0.actShare != .none }.map { policy in
            Series(policy: policy.name, counter: counters[policy.name] ?? Counter())
        }
    }

    /// Counts what was let through.
    func count(_ notice: Notice) { all.first { $0.policy == notice.policy }?.counter.add() }
}
