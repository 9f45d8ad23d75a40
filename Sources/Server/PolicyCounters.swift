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
    /// Acts let through by an explicit grant, by policy: somebody broke the glass.
    let grants: GrantCounters

    /// Tables for a set of policies, which carry over the counters of `earlier` ones.
    init(_ policies: PolicySet, carryingOver earlier: PolicyCounters? = nil) {
        violations = ViolationCounters(policies, carryingOver: earlier?.violations)
        exceptions = ExceptionCounters(policies, carryingOver: earlier?.exceptions)
        grants = GrantCounters(policies, carryingOver: earlier?.grants)
    }
}

/// A closed set of series, known when the policies are loaded, so that one that never counted shows
/// as zero. The loop alone counts, a scrape reads.
final class SeriesTable<Labels: Hashable & Sendable>: Sendable {
    /// One series.
    struct Series: Sendable {
        let labels: Labels
        let counter: Counter
    }

    /// All series, in the order in which they are told.
    let all: [Series]
    private let counters: [Labels: Counter]

    init(_ labels: [Labels], carryingOver earlier: SeriesTable?) {
        all = labels.map { Series(labels: $0, counter: earlier?.counters[$0] ?? Counter()) }
        counters = Dictionary(all.map { ($0.labels, $0.counter) }, uniquingKeysWith: { $1 })
    }

    /// Counts more in the series, if it is one of the table.
    func add(_ labels: Labels, _ amount: Int = 1) { counters[labels]?.add(UInt64(amount)) }
}

/// A counter for each policy, what it can report (its rule, or an unreadable object) and each of
/// its actions.
typealias ViolationCounters = SeriesTable<ViolationLabels>

/// The labels of a policy's violations.
struct ViolationLabels: Hashable, Sendable {
    let policy: String
    let rule: String
    let action: Policy.Action
}

extension ViolationCounters {
    convenience init(_ policies: PolicySet, carryingOver earlier: ViolationCounters? = nil) {
        let labels = policies.policies.flatMap { policy in
            [policy.ruleID, UnreadableObject.id].flatMap { rule in
                policy.actions.map { action in
                    ViolationLabels(policy: policy.name, rule: rule, action: action)
                }
            }
        }
        self.init(labels, carryingOver: earlier)
    }

    /// Counts each objection once for each of its policy's actions. What a policy objects to by a
    /// rule stands together and is counted together.
    func count(_ objections: [Verdict.Objection]) {
        var rest = objections[...]
        while let next = rest.first {
            let run = rest.prefix { $0.policy === next.policy && $0.rule == next.rule }
            rest = rest[run.endIndex...]
            for action in next.policy.actions {
                add(
                    ViolationLabels(policy: next.policy.name, rule: next.rule, action: action),
                    run.count)
            }
        }
    }
}

/// A counter for each policy about acts: how often somebody broke its glass.
typealias GrantCounters = SeriesTable<GrantLabels>

/// The label of a policy's grants.
struct GrantLabels: Hashable, Sendable {
    let policy: String
}

extension GrantCounters {
    convenience init(_ policies: PolicySet, carryingOver earlier: GrantCounters? = nil) {
        let labels = policies.policies.filter { $0.actShare != .none }
            .map { GrantLabels(policy: $0.name) }
        self.init(labels, carryingOver: earlier)
    }

    /// Counts what was let through.
    func count(_ notice: Notice) { add(GrantLabels(policy: notice.policy)) }
}
