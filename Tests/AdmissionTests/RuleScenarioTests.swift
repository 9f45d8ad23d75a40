import Document
import Foundation
import Policy
import Testing

@testable import Admission

/// What each rule alone, with its defaults, says of every recorded review: one golden file a rule,
/// one line a violation or notice, so that a change of a rule shows as a change of its file.
@Suite struct RuleScenarioTests {
    static let golden = ScenarioTests.root.appending(path: "Golden/Rules")

    @Test(arguments: RuleCatalogue.all.map { $0.id })
    func decisions(rule: String) throws {
        let policy = """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: \(rule)}
            spec: {rule: \(rule), validationActions: [Deny]}
            """
        let policies = try PolicyReader.read([
            PolicyFile(name: "deny.yaml", bytes: Array(policy.utf8))
        ])
        let reviewer = Reviewer(policies: policies)
        var lines: [String] = []
        for scenario in ScenarioTests.scenarios {
            let body = try ScenarioTests.body(scenario)
            let name = scenario.prefix { $0 != "." }
            lines += try reviewer.review(body, body.indices) { decision in
                decision.verdict.violations.map { "\(name): \($0.path): \($0.message)" }
                    + decision.verdict.notices.map { "\(name): \($0.kind): \($0.message)" }
            }
        }
        let text = lines.map { $0 + "\n" }.joined()
        let file = Self.golden.appending(path: "\(rule).txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
        }
        #expect(text == String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }
}
