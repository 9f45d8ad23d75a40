import Document
import Policy
import Testing

@testable import Report

/// A policy document.
func policy(
    _ name: String, rule: String, actions: String = "[Deny]", match: String = "{}"
) -> String {
    """
    ---
    apiVersion: cattleguard.dev/v1
    kind: Policy
    metadata: {name: \(name)}
    spec: {rule: \(rule), validationActions: \(actions), match: \(match)}

    """
}

func policySet(_ policies: String...) throws -> PolicySet {
    try PolicyReader.read([
        PolicyFile(name: "policies.yaml", bytes: Array(policies.joined().utf8))
    ])
}

/// Digests and read-only roots are required, exec is forbidden.
func strictPolicies() throws -> PolicySet {
    try policySet(
        policy("pinned-images", rule: "image-digest"),
        policy("read-only-roots", rule: "read-only-root-filesystem", actions: "[Warn]"),
        policy("no-exec", rule: "no-exec"))
}

/// What the wall clock reads where a test says nothing else: 2026-11-01T00:00:00Z.
let anyMoment = Moment(seconds: 1_793_491_200)

/// The report on one text.
func report(
    _ text: String, _ policies: PolicySet, name: String = "web.yaml",
    format: CheckSource.Format = .yaml, namespace: String = "default",
    limits: CheckLimits = CheckLimits(), at moment: Moment = anyMoment
) -> CheckReport {
    var check = Check(policies: policies, at: moment, namespace: namespace, limits: limits)
    check.judge(CheckSource(name: name, bytes: Array(text.utf8), format: format))
    return check.finish()
}

/// Each finding in one line: place, object, rule and field.
func lines(of report: CheckReport) -> [String] {
    report.findings.map { finding in
        let place = finding.place
        return "\(place.document) \(place.position.line):\(place.position.column) "
            + "\(finding.object.title) \(finding.violation.rule) \(finding.violation.path)"
    }
}

func problems(of report: CheckReport) -> [String] {
    report.problems.map { problem in
        let document = problem.document.map { "\($0) " } ?? ""
        let position = problem.position.map { "\($0.line):\($0.column) " } ?? ""
        return document + position + problem.message
    }
}
