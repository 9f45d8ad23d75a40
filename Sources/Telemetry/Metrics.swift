internal import Synchronization

/// A number that only grows: one thread writes it, any thread may read it.
///
/// A plain load and store, both relaxed, are enough with one writer, and cost what an ordinary
/// addition costs; a scrape sums the counters of all loops.
package final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    /// A counter at zero.
    package init() {}

    /// Adds to the count; only the owning thread may call it.
    package func add(_ amount: UInt64 = 1) {
        count.store(count.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// The count as last written; any thread may read it.
    package var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A number that goes up and down: one thread writes it, any thread may read it.
package final class Gauge: Sendable {
    private let level = Atomic<Int64>(0)

    /// A gauge at zero.
    package init() {}

    /// Adds a signed amount; only the owning thread may call it.
    package func add(_ amount: Int64) { set(value &+ amount) }

    /// Replaces the value; only the owning thread may call it.
    package func set(_ newValue: Int64) { level.store(newValue, ordering: .relaxed) }

    /// The value as last written; any thread may read it.
    package var value: Int64 { level.load(ordering: .relaxed) }
}

/// Durations counted into buckets: one thread writes it, any thread may read it.
package final class Histogram: Sendable {
    private let bounds: [UInt64]
    private let buckets: [Counter]
    private let sum = Counter()

    /// An empty histogram.
    ///
    /// - Parameter bounds: The inclusive upper bounds in nanoseconds, ascending; one more bucket
    ///   takes what lies beyond the last.
    package init(bounds: [UInt64]) {
        self.bounds = bounds
        self.buckets = (0...bounds.count).map { _ in Counter() }
    }

    /// Counts one duration in nanoseconds; only the owning thread may call it.
    package func observe(nanoseconds: UInt64) {
        var bucket = 0
        while bucket < bounds.count, nanoseconds > bounds[bucket] { bucket += 1 }
        buckets[bucket].add()
        sum.add(nanoseconds)
    }

    /// What has been observed so far; any thread may read it.
    package var distribution: Distribution {
        Distribution(
            bounds: bounds, counts: buckets.map { $0.value }, sumNanoseconds: sum.value)
    }
}

/// What a histogram has seen, as plain numbers that can be summed over loops.
package struct Distribution: Sendable, Equatable {
    /// The inclusive upper bounds in nanoseconds, ascending.
    package let bounds: [UInt64]
    /// The count of each bucket (not cumulative), one more than there are bounds.
    package private(set) var counts: [UInt64]
    /// The sum of all observed durations in nanoseconds.
    package private(set) var sumNanoseconds: UInt64

    /// A distribution of these counts.
    package init(bounds: [UInt64], counts: [UInt64], sumNanoseconds: UInt64) {
        self.bounds = bounds
        self.counts = counts
        self.sumNanoseconds = sumNanoseconds
    }

    /// Adds another loop's distribution over the same bounds.
    package mutating func add(_ other: Distribution) {
        for (index, count) in other.counts.enumerated() where index < counts.count {
            counts[index] &+= count
        }
        sumNanoseconds &+= other.sumNanoseconds
    }
}

/// Counters for every combination of closed label sets, made up front: looking one up is an index.
///
/// The labels can hold only the values named here, so that no request can add a series.
package struct CounterTable: Sendable {
    /// The label names, in the order in which a scrape shows them.
    package let labelNames: [String]
    private let labelValues: [[String]]
    private let counters: [Counter]

    /// A table of zeros with one counter for each combination of the values.
    ///
    /// - Parameter labels: Each label's name and all the values it can have.
    package init(_ labels: [(name: String, values: [String])]) {
        labelNames = labels.map(\.name)
        labelValues = labels.map(\.values)
        let count = labelValues.reduce(1) { $0 * $1.count }
        counters = (0..<count).map { _ in Counter() }
    }

    /// The counter at one index per label, in the order of the labels.
    package subscript(indices: Int...) -> Counter {
        var flat = 0
        for (position, index) in indices.enumerated() {
            flat = flat * labelValues[position].count + index
        }
        return counters[flat]
    }

    /// Calls `body` with each combination's label values and its counter.
    package func forEach(_ body: (_ values: [String], Counter) -> Void) {
        for (flat, counter) in counters.enumerated() {
            var rest = flat
            var values: [String] = []
            for column in labelValues.reversed() {
                values.append(column[rest % column.count])
                rest /= column.count
            }
            body(values.reversed(), counter)
        }
    }
}
