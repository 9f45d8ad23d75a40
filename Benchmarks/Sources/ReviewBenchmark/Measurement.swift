import CCounters

/// What one stage costs for one review.
struct Cost {
    /// How often a stage is measured; the best counts, since noise only ever adds.
    private static let rounds = 15
    /// How often it is done each time.
    private static let repetitions = 20

    var nanoseconds = Double.infinity
    var allocations = Int.max

    /// Measures what `work` does.
    init(of work: () -> Void) {
        let clock = ContinuousClock()
        for _ in 0..<Self.rounds {
            let before = allocation_count()
            let duration = clock.measure { for _ in 0..<Self.repetitions { work() } }
            let allocations = (allocation_count() - before) / Self.repetitions
            let attoseconds = Double(duration.components.attoseconds)
            nanoseconds = min(nanoseconds, attoseconds / 1e9 / Double(Self.repetitions))
            self.allocations = min(self.allocations, allocations)
        }
    }

    /// What is left of it beside another's.
    func less(_ other: Cost) -> Cost {
        var cost = self
        cost.nanoseconds = max(0, nanoseconds - other.nanoseconds)
        cost.allocations = max(0, allocations - other.allocations)
        return cost
    }
}

/// What a stage costs over all reviews.
struct Row: CustomStringConvertible {
    static let header = "stage\treviews\tns_p50\tns_p90\tns_mean\tallocations_p50\tallocations_p90"

    let stage: String
    let costs: [Cost]

    var description: String {
        let times = costs.map(\.nanoseconds).sorted()
        let counts = costs.map(\.allocations).sorted()
        guard let last = counts.indices.last else { return "\(stage)\t0" }
        func at(_ part: Double) -> Int { Int(Double(last) * part) }
        let mean = times.reduce(0, +) / Double(times.count)
        let cells = [
            Int(times[at(0.5)]), Int(times[at(0.9)]), Int(mean), counts[at(0.5)], counts[at(0.9)],
        ]
        return "\(stage)\t\(costs.count)\t" + cells.map(String.init).joined(separator: "\t")
    }
}

/// Measures a stage over all reviews and prints its row: `prepare` makes ready for a review what is
/// not measured and returns what is; `less`, where given, is taken away from that.
func report(
    _ stage: String, _ reviews: [ReviewUnderTest],
    less: ((ReviewUnderTest) -> () -> Void)? = nil,
    _ prepare: (ReviewUnderTest) -> () -> Void
) {
    if instructions_are_counted() != 0 {
        countInstructions(of: stage, reviews, prepare)
        if let less { countInstructions(of: "\(stage) less", reviews, less) }
        return
    }
    let costs = reviews.map { review in
        let cost = Cost(of: prepare(review))
        return less.map { cost.less(Cost(of: $0(review))) } ?? cost
    }
    print(Row(stage: stage, costs: costs))
}

/// Has callgrind count a stage once for each review, after a first time that warms up.
private func countInstructions(
    of stage: String, _ reviews: [ReviewUnderTest], _ prepare: (ReviewUnderTest) -> () -> Void
) {
    for review in reviews {
        let work = prepare(review)
        work()
        instructions_toggle()
        work()
        instructions_toggle()
    }
    instructions_write(stage)
    print("\(stage)\t\(reviews.count)")
}
