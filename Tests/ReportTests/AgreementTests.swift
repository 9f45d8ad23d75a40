import Document
import Foundation
import Policy
import Testing

@testable import Report

/// A manifest outside a cluster is judged as the webhook judged its creation: the recorded reviews'
/// objects, read as JSON and as YAML, against the webhook's golden answers.
@Suite struct AgreementTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A recorded creation, and what the webhook found wrong with it.
    struct Creation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let manifest: String
        let namespace: String
        let causes: [String]
    }

    static let creations: [Creation] = {
        let folder = root.appending(path: "Fixtures/Reviews")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.sorted().filter { $0.hasSuffix(".json") }.compactMap { name in
            try? creation(name)
        }
    }()

    /// The creation in a file, or nil where something else is reviewed. Only a request tells that
    /// a Pod is the mirror of a static one.
    private static func creation(_ name: String) throws -> Creation? {
        let review = try object(in: "Fixtures/Reviews/\(name)")
        guard let request = review["request"] as? [String: Any],
            request["operation"] as? String == "CREATE", request["subResource"] == nil,
            let object = request["object"] as? [String: Any], !name.hasPrefix("mirror-pod")
        else { return nil }
        let answer = try Self.object(in: "Golden/Reviews/\(name)")
        let status = (answer["response"] as? [String: Any])?["status"] as? [String: Any]
        let details = status?["details"] as? [String: Any]
        let causes = details?["causes"] as? [[String: String]] ?? []
        let manifest = try JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .withoutEscapingSlashes])
        return Creation(
            testDescription: name, manifest: String(decoding: manifest, as: UTF8.self),
            namespace: request["namespace"] as? String ?? "",
            causes: causes.filter { !aboutActs.contains($0["reason"] ?? "") }.map {
                "\($0["reason"] ?? "") \($0["field"] ?? "") \($0["message"] ?? "")"
            })
    }

    /// Rules of which a manifest tells nothing, and that a creation may violate.
    private static let aboutActs = ["change-by-automation", "no-debug-containers"]

    private static func object(in file: String) throws -> [String: Any] {
        let data = try Data(contentsOf: root.appending(path: file))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    @Test func `knows many creations`() {
        #expect(Self.creations.count > 40)
        #expect(Self.creations.filter { !$0.causes.isEmpty }.count > 20)
    }

    @Test(arguments: creations) func `judges as the webhook does`(creation: Creation) throws {
        let rules = RuleCatalogue.all.map { $0.id }
        let policies = try PolicyReader.read([
            PolicyFile(
                name: "deny.yaml",
                bytes: Array(rules.map { policy($0, rule: $0) }.joined().utf8))
        ])
        // A manifest is no act.
        let acts = policies.policies.filter { $0.actShare == .whole }.map(\.ruleID)
        let causes = creation.causes.filter { cause in
            !acts.contains { cause.hasPrefix("\($0) ") }
        }
        // The comment makes YAML of it.
        let texts: [(String, CheckSource.Format)] = [
            (creation.manifest, .json), ("# YAML\n" + creation.manifest, .yaml),
        ]
        for (text, format) in texts {
            let report = report(text, policies, format: format, namespace: creation.namespace)
            #expect(report.problems == [])
            #expect(report.counts.objects == 1)
            let found = report.findings.map { finding in
                let violation = finding.violation
                return "\(violation.rule) \(violation.path) \(violation.message): \(violation.fix)"
            }
            #expect(found.sorted() == causes.sorted())
        }
    }
}
