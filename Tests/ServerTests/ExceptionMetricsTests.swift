import Policy
import Telemetry
import Testing

@testable import Server

@Suite struct ExceptionMetricsTests {
    private static let policies: PolicySet = {
        let policies = ["pinned", "roots"].map { name in
            let rule = name == "pinned" ? "image-digest" : "read-only-root-filesystem"
            return """
                apiVersion: cattleguard.dev/v1
                kind: Policy
                metadata: {name: \(name)}
                spec: {rule: \(rule)}
                """
        }
        let exceptions = [("a", "pinned, roots", "01"), ("b", "roots", "10"), ("c", "roots", "30")]
            .map { name, policies, day in
                """
                apiVersion: cattleguard.dev/v1
                kind: PolicyException
                metadata: {name: \(name)}
                spec:
                  policies: [\(policies)]
                  match: {names: [x]}
                  reason: r
                  expiresAt: 2026-12-\(day)T00:00:00.5Z
                """
            }
        let text = (policies + exceptions).joined(separator: "\n---\n")
        return (try? PolicyReader.read([PolicyFile(name: "p.yaml", bytes: Array(text.utf8))]))
            ?? .empty
    }()

    private static func samples(
        _ counters: [ExceptionCounters], at moment: String
    ) throws -> [Substring] {
        var out = Exposition(format: .prometheus)
        ExceptionMetrics(policies, counters, now: try Moment(rfc3339: moment)).write(to: &out)
        return String(decoding: out.finish(), as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { $0.dropFirst("cattleguard_policy_exception".count) }
    }

    @Test func everySeriesIsThereFromTheStart() throws {
        let counters = [ExceptionCounters(Self.policies), ExceptionCounters(Self.policies)]
        #expect(
            try Self.samples(counters, at: "2026-12-03T12:00:00Z") == [
                "s_used_total{exception=\"a\",policy=\"pinned\"} 0",
                "s_used_total{exception=\"a\",policy=\"roots\"} 0",
                "s_used_total{exception=\"b\",policy=\"roots\"} 0",
                "s_used_total{exception=\"c\",policy=\"roots\"} 0",
                "s{state=\"active\"} 1", "s{state=\"expiring\"} 1", "s{state=\"expired\"} 1",
                "s_unused 2",
                "_expiry_timestamp_seconds{exception=\"a\"} 1796083200.5",
                "_expiry_timestamp_seconds{exception=\"b\"} 1796860800.5",
                "_expiry_timestamp_seconds{exception=\"c\"} 1798588800.5",
            ])
    }

    @Test func usesAreSummedOverLoops() throws {
        let counters = [ExceptionCounters(Self.policies), ExceptionCounters(Self.policies)]
        for counter in counters {
            counter.all[1].counter.add()
            counter.all[2].counter.add(2)
        }
        let samples = try Self.samples(counters, at: "2026-11-01T00:00:00Z")
        #expect(samples.contains("s_used_total{exception=\"a\",policy=\"pinned\"} 0"))
        #expect(samples.contains("s_used_total{exception=\"a\",policy=\"roots\"} 2"))
        #expect(samples.contains("s_used_total{exception=\"b\",policy=\"roots\"} 4"))
        #expect(samples.contains("s{state=\"active\"} 3"))
        #expect(samples.contains("s_unused 1"))
        // A reload keeps what was counted.
        let reloaded = counters.map { ExceptionCounters(Self.policies, carryingOver: $0) }
        #expect(try Self.samples(reloaded, at: "2026-11-01T00:00:00Z") == samples)
    }

    /// The states never overlap, and each second has one.
    @Test(arguments: [
        ("2026-12-03T00:00:00.5Z", 1, 1, 1), ("2026-12-03T00:00:00.4Z", 2, 0, 1),
        ("2026-12-01T00:00:00.5Z", 2, 0, 1),
        ("2026-12-01T00:00:00.4Z", 2, 1, 0), ("2026-12-30T00:00:00.5Z", 0, 0, 3),
    ])
    func states(moment: String, active: Int, expiring: Int, expired: Int) throws {
        let samples = try Self.samples([ExceptionCounters(Self.policies)], at: moment)
        #expect(
            samples.filter { $0.hasPrefix("s{") } == [
                "s{state=\"active\"} \(active)", "s{state=\"expiring\"} \(expiring)",
                "s{state=\"expired\"} \(expired)",
            ])
    }
}
