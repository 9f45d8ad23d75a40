import Document
import Foundation
import Testing

@testable import Policy

/// One file of `Tests/Fixtures/<rule id>/{allowed,denied}/`.
///
/// It may begin with comments: the parameters under which it is judged, and, where it is denied,
/// one line for each violation.
struct Fixture: Sendable, CustomTestStringConvertible {
    let rule: String
    let side: String
    let name: String
    let parameters: String
    let expected: [String]
    let text: String

    var testDescription: String { "\(rule)/\(side)/\(name)" }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures")

    init(rule: String, side: String, name: String) throws {
        (self.rule, self.side, self.name) = (rule, side, name)
        let file = Self.folder.appending(path: "\(rule)/\(side)/\(name)")
        text = try String(contentsOf: file, encoding: .utf8)
        var comments = text.split(separator: "\n").prefix { $0.hasPrefix("# ") }
            .map { String($0.dropFirst(2)) }
        let key = "parameters: "
        parameters =
            comments.last?.hasPrefix(key) == true
            ? String(comments.removeLast().dropFirst(key.count)) : "{}"
        expected = comments
    }

    func judge() throws -> Verdict {
        try policySet(rule, "parameters: \(parameters)").evaluate(subject(text))
    }

    static func names(_ folder: String) -> [String] {
        let path = Self.folder.appending(path: folder).path
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// Every folder but the recorded reviews, which belong to no one rule.
    static let rules = names("").filter { !["JSON", "Reviews", "YAML"].contains($0) }

    static func all(_ side: String) -> [Fixture] {
        rules.flatMap { rule in
            names("\(rule)/\(side)").compactMap { try? Fixture(rule: rule, side: side, name: $0) }
        }
    }
}

@Suite struct FixtureTests {
    @Test func everyRuleHasFixturesAndNothingElseHas() {
        #expect(Fixture.rules == RuleCatalogue.all.map { $0.id }.sorted())
        for rule in Fixture.rules {
            #expect(Fixture.names(rule) == ["allowed", "denied"])
            #expect(!Fixture.names("\(rule)/denied").isEmpty)
        }
    }

    @Test(arguments: Fixture.rules) func fixturesArePairs(rule: String) {
        #expect(Fixture.names("\(rule)/allowed") == Fixture.names("\(rule)/denied"))
    }

    @Test(arguments: Fixture.all("denied")) func deniedWithItsMessages(_ fixture: Fixture) throws {
        let verdict = try fixture.judge()
        #expect(!verdict.isAllowed)
        #expect(verdict.lines == fixture.expected)
        #expect(verdict.violations.allSatisfy { !$0.fix.isEmpty && $0.policy == "under-test" })
        #expect(
            verdict.violations.allSatisfy { [fixture.rule, "unreadable-object"].contains($0.rule) })
    }

    @Test(arguments: Fixture.all("allowed")) func allowedInSilence(_ fixture: Fixture) throws {
        #expect(try fixture.judge().lines == [])
        #expect(fixture.expected == [])
    }

    /// A pair that differs in more than what is under test proves nothing.
    @Test(arguments: Fixture.all("denied")) func pairDiffersInOneField(_ denied: Fixture) throws {
        let allowed = try Fixture(rule: denied.rule, side: "allowed", name: denied.name)
        #expect(allowed.parameters == denied.parameters)
        let differences = try Self.differences(tree(allowed.text), tree(denied.text))
        #expect(differences > 0)
        #expect(differences <= max(1, denied.expected.count))
    }

    /// How many fields differ; an argument vector is one field, a renamed key another.
    private static func differences(_ left: Node, _ right: Node) -> Int {
        guard left.kind == right.kind else { return 1 }
        switch left.kind {
        case .object:
            let keys = Set((Array(left.members) + right.members).compactMap(\.key.string))
            let lost = keys.filter { right[$0] == nil }.count
            let gained = keys.filter { left[$0] == nil }.count
            return max(lost, gained)
                + keys.reduce(0) { sum, key in
                    guard let left = left[key], let right = right[key] else { return sum }
                    return sum + differences(left, right)
                }
        case .array:
            let scalars = [left, right].allSatisfy { $0.elements.allSatisfy { $0.kind == .string } }
            let common = zip(left.elements, right.elements).reduce(0) {
                $0 + differences($1.0, $1.1)
            }
            let all = common + abs(left.count - right.count)
            return scalars ? min(1, all) : all
        case .string: return left.string == right.string ? 0 : 1
        case .number: return left.numberText == right.numberText ? 0 : 1
        case .boolean: return left.boolean == right.boolean ? 0 : 1
        case .null: return 0
        }
    }
}
