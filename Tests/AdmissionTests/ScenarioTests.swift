import Document
import Foundation
import Policy
import Testing

@testable import Admission

/// Every recorded review and the whole answer to it, under every rule with `Deny`.
@Suite struct ScenarioTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
    static let reviews = root.appending(path: "Fixtures/Reviews")
    static let golden = root.appending(path: "Golden/Reviews")

    static let scenarios: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: reviews.path)
        return (files ?? []).sorted()
    }()

    static let policies: PolicySet = {
        let text = RuleCatalogue.all.map { $0.id }.map { rule in
            """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: \(rule)}
            spec: {rule: \(rule), validationActions: [Deny]}
            """
        }.joined(separator: "\n---\n")
        let file = PolicyFile(name: "deny.yaml", bytes: Array(text.utf8))
        return (try? PolicyReader.read([file])) ?? .empty
    }()

    static func body(_ scenario: String) throws -> [UInt8] {
        let file = reviews.appending(path: scenario)
        guard scenario.hasSuffix(".gz") else { return Array(try Data(contentsOf: file)) }
        let gzip = Process()
        let output = Pipe()
        gzip.executableURL = URL(filePath: "/usr/bin/gzip")
        gzip.arguments = ["-dc", file.path]
        gzip.standardOutput = output
        try gzip.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        gzip.waitUntilExit()
        return Array(data)
    }

    @Test func everyScenarioIsThere() {
        #expect(Self.scenarios.count == 85)
        #expect(Self.policies.policies.count == RuleCatalogue.all.count)
    }

    /// The golden file is the answer with its members sorted and indented, for people to read.
    /// `UPDATE_GOLDEN=1` writes it anew: read what changed before committing it.
    @Test(arguments: scenarios) func decision(_ scenario: String) throws {
        let body = try Self.body(scenario)
        let reviewer = Reviewer(policies: Self.policies)
        let answer = try reviewer.review(body, body.indices) { $0.body }
        let object = try JSONSerialization.jsonObject(with: Data(answer))
        let text = try JSONSerialization.data(
            withJSONObject: object,
            options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        let name = String(scenario.prefix { $0 != "." }) + ".json"
        let file = Self.golden.appending(path: name)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try text.write(to: file)
        }
        #expect(
            String(decoding: text, as: UTF8.self)
                == String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }
}
