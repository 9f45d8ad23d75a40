internal import Policy
internal import Telemetry

/// What one admission loop counts of its reviews, whatever the policies are: what depends on them
/// is in `PolicyCounters`. The loop alone writes, a scrape reads.
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

    /// Counts a review.
    func count(_ operation: Subject.Operation?, _ decision: Decision, nanoseconds: UInt64) {
        let index = operation.flatMap(Subject.Operation.allCases.firstIndex) ?? Self.unknown
        let column = Decision.allCases.firstIndex(of: decision) ?? 0
        reviews[index, column].add()
        duration.observe(nanoseconds: nanoseconds)
    }

    private static let unknown = operations.count - 1
}
