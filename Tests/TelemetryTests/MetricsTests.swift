import Telemetry
import Testing

@Suite struct MetricsTests {
    @Test func aCounterAddsAndAGaugeMoves() {
        let counter = Counter()
        counter.add()
        counter.add(41)
        #expect(counter.value == 42)

        let gauge = Gauge()
        gauge.add(3)
        gauge.add(-4)
        #expect(gauge.value == -1)
        gauge.set(7)
        #expect(gauge.value == 7)
    }

    @Test(
        arguments: [
            (0, [1, 0, 0]), (10, [1, 0, 0]), (11, [0, 1, 0]), (20, [0, 1, 0]), (21, [0, 0, 1]),
        ] as [(UInt64, [UInt64])])
    func aHistogramsBoundsAreInclusive(_ nanoseconds: UInt64, _ counts: [UInt64]) {
        let histogram = Histogram(bounds: [10, 20])
        histogram.observe(nanoseconds: nanoseconds)
        #expect(histogram.distribution.counts == counts)
        #expect(histogram.distribution.sumNanoseconds == nanoseconds)
    }

    @Test func distributionsAddUp() {
        var sum = Distribution(bounds: [10], counts: [1, 2], sumNanoseconds: 30)
        sum.add(Distribution(bounds: [10], counts: [3, 4], sumNanoseconds: 70))
        #expect(sum == Distribution(bounds: [10], counts: [4, 6], sumNanoseconds: 100))
    }

    @Test func aTableHoldsOneCounterPerCombination() {
        let table = CounterTable([
            (name: "a", values: ["x", "y"]), (name: "b", values: ["1", "2"]),
        ])
        table[1, 0].add(5)
        var seen: [String] = []
        table.forEach { values, counter in
            seen.append("\(values.joined(separator: "/"))=\(counter.value)")
        }
        #expect(seen == ["x/1=0", "x/2=0", "y/1=5", "y/2=0"])
    }
}
