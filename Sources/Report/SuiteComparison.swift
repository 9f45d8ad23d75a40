internal import Document
internal import Policy

/// Compares what a test expects with what was found.
struct SuiteComparison {
    /// What is other than expected.
    private(set) var mismatches: [Mismatch] = []
    /// The policies whose violation was expected, and found.
    private(set) var expectedPolicies: Set<String> = []

    init(_ expectation: PolicyTest.Expectation, _ judgement: SuiteJudgement) {
        if let decision = expectation.decision, decision.value != judgement.decision {
            mismatches.append(
                Mismatch(
                    subject: "decision", position: decision.place,
                    expected: [.init(text: decision.value.rawValue, position: decision.place)],
                    found: [judgement.decision.rawValue]))
        }
        guard let violations = expectation.violations else { return }
        var missing: [Mismatch.Line] = []
        var unexpected = Array(judgement.violations.indices)
        for entry in violations.entries {
            let matches = judgement.violations.indices.filter {
                let (object, violation) = judgement.violations[$0]
                return entry.matches(violation, of: object)
            }
            if matches.isEmpty {
                missing.append(.init(text: entry.description.readable(), position: entry.place))
            }
            unexpected.removeAll(where: matches.contains)
            expectedPolicies.formUnion(matches.map { judgement.violations[$0].violation.policy })
        }
        if expectation.allowsOthers { unexpected = [] }
        guard !missing.isEmpty || !unexpected.isEmpty else { return }
        let found = unexpected.map { Self.text(judgement.violations[$0]) }
        mismatches.append(
            Mismatch(
                subject: "violations", position: violations.place, expected: missing, found: found))
    }

    /// A violation, in the words of a suite's entry.
    private static func text(_ found: (object: String, violation: Violation)) -> String {
        let violation = found.violation
        let actions = violation.actions.map(\.rawValue).joined(separator: " and ")
        var parts = ["rule \(violation.rule)", "policy \(violation.policy)"]
        if violation.path != .root { parts.append("field \(violation.path)") }
        parts += ["message \(violation.message)", "object \(found.object)", "action \(actions)"]
        return parts.joined(separator: ", ").readable(limit: 2_000)
    }
}
