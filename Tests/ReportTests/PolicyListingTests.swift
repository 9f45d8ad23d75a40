import Policy
import Testing

@testable import Report

@Suite struct PolicyListingTests {
    private func listing(_ format: PolicyListing.Format) throws -> String {
        let set = try policySet(
            policy("pinned", rule: "image-digest", actions: "[Deny, Audit]"),
            policy("a-shell-policy", rule: "no-exec", actions: "[Warn]"))
        return String(decoding: PolicyListing(set).text(format), as: UTF8.self)
    }

    @Test func `lines up columns`() throws {
        #expect(
            try listing(.table) == """
                POLICY          RULE          ACTIONS      FILE
                a-shell-policy  no-exec       Warn         policies.yaml
                pinned          image-digest  Deny, Audit  policies.yaml

                """)
    }

    @Test func `writes a table in Markdown`() throws {
        let summaries = ["no-exec", "image-digest"].map { PolicyListing.summary(ofRule: $0) }
        #expect(!summaries.contains(""))
        #expect(
            try listing(.markdown) == """
                | Rule | What it asks for | Policy | Action |
                |---|---|---|---|
                | `no-exec` | \(summaries[0]) | `a-shell-policy` | Warn |
                | `image-digest` | \(summaries[1]) | `pinned` | Deny, Audit |

                """)
    }

    @Test func `writes JSON`() throws {
        #expect(
            try listing(.json).hasPrefix(
                #"{"policies":[{"name":"a-shell-policy","rule":"no-exec","#
                    + #""declaredActions":["Warn"],"actions":["Warn"],"#
                    + #""existingViolations":"Allow","file":"policies.yaml"},{"name":"pinned""#))
    }
}
