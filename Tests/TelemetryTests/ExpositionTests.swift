import Telemetry
import Testing

@Suite struct ExpositionTests {
    private func text(
        _ format: Exposition.Format, _ write: (inout Exposition) -> Void
    ) -> String {
        var exposition = Exposition(format: format)
        write(&exposition)
        return String(decoding: exposition.finish(), as: UTF8.self)
    }

    @Test func aCounterInBothFormats() {
        let write: (inout Exposition) -> Void = { exposition in
            exposition.begin("reviews_total", .counter, help: "Reviews answered.")
            exposition.sample(UInt64(3), [(name: "decision", value: "denied")])
        }
        #expect(
            text(.prometheus, write) == """
                # HELP reviews_total Reviews answered.
                # TYPE reviews_total counter
                reviews_total{decision="denied"} 3

                """)
        #expect(
            text(.openMetrics, write) == """
                # HELP reviews Reviews answered.
                # TYPE reviews counter
                reviews_total{decision="denied"} 3
                # EOF

                """)
    }

    @Test func aHistogramIsCumulativeAndInSeconds() {
        let written = text(.prometheus) { exposition in
            exposition.begin("d_seconds", .histogram, help: "Durations.")
            exposition.histogram(
                Distribution(
                    bounds: [10_000, 1_000_000_000], counts: [1, 2, 3], sumNanoseconds: 1_500_000))
        }
        #expect(
            written == """
                # HELP d_seconds Durations.
                # TYPE d_seconds histogram
                d_seconds_bucket{le="1e-05"} 1
                d_seconds_bucket{le="1.0"} 3
                d_seconds_bucket{le="+Inf"} 6
                d_seconds_sum 0.0015
                d_seconds_count 6

                """)
    }

    @Test func labelValuesAreEscaped() {
        let written = text(.prometheus) { exposition in
            exposition.begin("x", .gauge, help: "X.")
            exposition.sample(Double.infinity, [(name: "a", value: "q\"b\\n\nü")])
        }
        #expect(written.hasSuffix("x{a=\"q\\\"b\\\\n\\nü\"} +Inf\n"))
    }

    @Test func loopsTablesAreSummed() {
        let tables = ([2, 3] as [UInt64]).map { amount in
            let table = CounterTable([(name: "l", values: ["a", "b"])])
            table[1].add(amount)
            return table
        }
        let written = text(.prometheus) { exposition in
            exposition.begin("x_total", .counter, help: "X.")
            exposition.table(tables)
        }
        #expect(written.hasSuffix("x_total{l=\"a\"} 0\nx_total{l=\"b\"} 5\n"))
    }
}
