internal import Document
internal import Policy

/// Compares what a test expects with what was found.
struct SuiteComparison {
    /// What is other than expected.
    private(set) var mismatches: [Mismatch] = []
    /// The policies whose violation was expected, and found.
    private(set) var expectedPolicies: Set<String> = []
    /// The exceptions whose use was expected, and found.
    private(set) var expectedExceptions: Set<String> = []

    /// Compares what was found at a moment.
    init(
        _ expectation: PolicyTest.Expectation, _ judgement: SuiteJudgement, at moment: Moment,
        _ set: PolicySet
    ) {
        compareDecision(expectation, judgement)
        compareViolations(expectation, judgement)
        guard let expected = expectation.exceptions else { return }
        let names = expected.entries.map(\.name)
        let missing = expected.entries.filter { !judgement.exceptions.contains($0.name) }
            .map { entry in
                let exception = set.exceptions.first { $0.name == entry.name }
                let end = exception.flatMap {
                    $0.state(at: moment) == .expired ? $0.expiryText : nil
                }
                return Mismatch.Line(
                    text: entry.name + (end.map { ", which ended at \($0)" } ?? ""),
                    position: entry.place)
            }
        let unexpected = judgement.exceptions.subtracting(names).sorted()
        expectedExceptions = judgement.exceptions.intersection(names)
        guard !missing.isEmpty || !unexpected.isEmpty else { return }
        mismatches.append(
            Mismatch(
                subject: "exceptions", position: expected.place, expected: missing,
                found: unexpected))
    }

    private mutating func compareDecision(
        _ expectation: PolicyTest.Expectation, _ judgement: SuiteJudgement
    ) {
        if let decision = expectation.decision, decision.value != judgement.decision {
            mismatches.append(
                Mismatch(
                    subject: "decision", position: decision.place,
                    expected: [.init(text: decision.value.rawValue, position: decision.place)],
                    found: [judgement.decision.rawValue]))
        }
    }

    private mutating func compareViolations(
        _ expectation: PolicyTest.Expectation, _ judgement: SuiteJudgement
    ) {
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
