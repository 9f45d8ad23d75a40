import Policy
import Telemetry
import Testing

@testable import Server

@Suite struct PolicyCountersTests {
    private func set(_ policies: (name: String, action: String)...) throws -> PolicySet {
        let text = policies.map { policy in
            """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: \(policy.name)}
            spec: {rule: no-exec, validationActions: [\(policy.action)]}
            """
        }
        .joined(separator: "\n---\n")
        return try PolicyReader.read([PolicyFile(name: "a.yaml", bytes: Array(text.utf8))])
    }

    private func values(_ counters: PolicyCounters) -> [String] {
        counters.violations.all.map { series in
            let labels = series.labels
            return "\(labels.policy) \(labels.rule) \(labels.action) \(series.counter.value)"
        }
    }

    @Test func whatIsStillThereGoesOnAndTheRestBeginsOrEnds() throws {
        let first = PolicyCounters(try set(("a", "Deny"), ("b", "Deny")))
        for series in first.violations.all { series.counter.add(7) }
        let second = PolicyCounters(
            try set(("b", "Deny"), ("c", "Audit")), carryingOver: first)
        #expect(
            values(second) == [
                "b no-exec deny 7", "b unreadable-object deny 7",
                "c no-exec audit 0", "c unreadable-object audit 0",
            ])
        // A loop that still counts by the old tables counts for the new ones.
        first.violations.all[2].counter.add()
        #expect(values(second)[0] == "b no-exec deny 8")
        let third = PolicyCounters(try set(("b", "Warn"), ("a", "Deny")), carryingOver: second)
        #expect(values(third).allSatisfy { $0.hasSuffix(" 0") })
    }
}
