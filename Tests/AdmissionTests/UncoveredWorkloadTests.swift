import Document
import Policy
import Testing

@testable import Admission

/// Custom kinds with a pod template are looked at although no policy concerns them.
@Suite struct UncoveredWorkloadTests {
    private static let app =
        #"{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}}"#

    private func decide<Result>(
        group: String, kind: String, operation: String = "CREATE", subresource: String = "",
        object: String = app, old: String = "null", isLate: Bool = false,
        _ report: (borrowing Decision) -> Result
    ) throws -> Result {
        let objects = [#""object":\#(object)"#, #""oldObject":\#(old)"#]
        let rest = [
            #""uid":"1""#, #""kind":{"group":"\#(group)","version":"v1","kind":"\#(kind)"}"#,
            #""resource":{"group":"\#(group)","version":"v1","resource":"apps"}"#,
            #""subResource":"\#(subresource)""#, #""name":"a""#, #""namespace":"shop""#,
            #""operation":"\#(operation)""#,
        ]
        let text = ReviewerTests.review(isLate ? objects + rest : rest + objects)
        let bytes = Array(text.utf8)
        let reviewer = Reviewer(policies: try ReviewerTests.policies())
        return try reviewer.review(bytes, bytes.indices, report: report)
    }

    @Test(arguments: [
        ("example.org", "App", "CREATE", "", true),
        ("example.org", "App", "UPDATE", "", true),
        ("example.org", "App", "UPDATE", "status", false),
        ("example.org", "App", "DELETE", "", false),
        ("argoproj.io", "Rollout", "CREATE", "", false),
        ("apps", "Novelty", "CREATE", "", false),
        ("batch.k8s.io", "Novelty", "CREATE", "", false),
    ])
    func byKindAndOperation(
        group: String, kind: String, operation: String, subresource: String, isUncovered: Bool
    ) throws {
        for isLate in [false, true] {
            let found = try decide(
                group: group, kind: kind, operation: operation, subresource: subresource,
                isLate: isLate
            ) { $0.verdict.isUncoveredWorkload }
            #expect(found == isUncovered)
        }
    }

    /// What no policy concerns is skipped as ever, but for the new object of a custom kind.
    @Test func onlyWhatMayMatterIsRead() throws {
        try decide(group: "example.org", kind: "App", operation: "UPDATE", old: Self.app) {
            #expect($0.subject.object?.kind == .object)
            #expect($0.subject.object?["spec"] != nil)
            #expect($0.subject.oldObject?["spec"] == nil)
        }
        try decide(group: "", kind: "ConfigMap") { #expect($0.subject.object?["spec"] == nil) }
        try decide(group: "apps", kind: "Novelty") { #expect($0.subject.object?["spec"] == nil) }
    }

    /// An object that cannot be read is not uncovered: nothing is known of its shape.
    @Test func anObjectTooDeepIsLetThrough() throws {
        let deep = String(repeating: "[", count: 10_001) + String(repeating: "]", count: 10_001)
        let isAllowed = try decide(
            group: "example.org", kind: "App", object: #"{"spec":\#(deep)}"#
        ) { $0.verdict.isAllowed && !$0.verdict.isUncoveredWorkload }
        #expect(isAllowed)
    }
}
