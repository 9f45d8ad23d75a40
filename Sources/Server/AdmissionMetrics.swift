internal import Policy
internal import Telemetry

/// What one admission loop counts of its reviews. The loop alone writes, a scrape reads.
final class AdmissionMetrics: Sendable {
    /// What came of a review.
    enum Decision: String, CaseIterable { case allowed, denied, invalid }

    /// The operations of a review; one that could not be read is `unknown`.
    static let operations = Subject.Operation.allCases.map(\.rawValue) + ["unknown"]

    /// Upper bounds in nanoseconds, from 10 µs to 1 s.
    private static let durationBounds: [UInt64] = [
        10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
        10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 1_000_000_000,
    ]

    /// Reviews by operation and decision.
    let reviews = CounterTable([
        (name: "operation", values: AdmissionMetrics.operations),
        (name: "decision", values: Decision.allCases.map(\.rawValue)),
    ])
    /// How long reviews took, from the whole request to the decision: its answer is yet to be
    /// written.
    let duration = Histogram(bounds: AdmissionMetrics.durationBounds)
    /// Mirrors of static Pods, let through unseen.
    let mirrorPods = Counter()
    /// Violations by policy, rule and action.
    let violations: ViolationCounters
    /// Violations that exceptions let pass, by exception and policy.
    let exceptions: ExceptionCounters

    init(_ policies: PolicySet) {
        violations = ViolationCounters(policies)
        exceptions = ExceptionCounters(policies)
    }

    /// Counts a review.
    func count(_ operation: Subject.Operation?, _ decision: Decision, nanoseconds: UInt64) {
        let index = operation.flatMap(Subject.Operation.allCases.firstIndex) ?? Self.unknown
        let column = Decision.allCases.firstIndex(of: decision) ?? 0
        reviews[index, column].add()
        duration.observe(nanoseconds: nanoseconds)
    }

    private static let unknown = operations.count - 1
}

/// A counter for each policy, what it can report (its rule, or an unreadable object) and each of
/// its actions: a closed set, known when the policies are loaded.
final class ViolationCounters: Sendable {
    /// One series.
    struct Series: Sendable {
        let policy: String
        let rule: String
        let action: Policy.Action
        let counter: Counter
    }

    /// All series, in the order of the policies' names.
    let all: [Series]
    private let firstOfPolicy: [String: Int]

    init(_ policies: PolicySet) {
        var all: [Series] = []
        var firstOfPolicy: [String: Int] = [:]
        for policy in policies.policies {
            firstOfPolicy[policy.name] = all.count
            for rule in [policy.ruleID, UnreadableObject.id] {
                for action in policy.actions {
                    all.append(
                        Series(
                            policy: policy.name, rule: rule, action: action, counter: Counter()))
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
            guard series.policy == violation.policy else { return }
            if series.rule == violation.rule, violation.actions.contains(series.action) {
                series.counter.add()
            }
        }
    }
}
