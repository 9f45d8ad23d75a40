import Policy
import Testing

@testable import Report

@Suite struct PolicyListingTests {
    private func listing(_ format: PolicyListing.Format) throws -> String {
        let set = try policySet(
            policy("pinned", rule: "image-digest", actions: "[Deny, Audit]"),
            policy("a-shell-policy", rule: "no-exec", actions: "[Warn]"))
        return String(decoding: PolicyListing(set, at: anyMoment).text(format), as: UTF8.self)
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

    private func exceptionListing(_ format: PolicyListing.Format) throws -> String {
        let exceptions = [
            ("gone", "2026-11-01T00:00:00Z"), ("soon", "2026-11-08T00:00:00Z"),
            ("there", "2026-11-08T00:00:01Z"),
        ].map { name, end in
            """
            ---
            apiVersion: cattleguard.dev/v1
            kind: PolicyException
            metadata: {name: \(name)}
            spec:
              policies: [pinned]
              match: {names: [web]}
              reason: "INC-1 | x"
              expiresAt: \(end)
              \(name == "soon" ? "approvedBy: bob" : "")

            """
        }
        let set = try policySet(policy("pinned", rule: "image-digest"), exceptions.joined())
        return String(decoding: PolicyListing(set, at: anyMoment).text(format), as: UTF8.self)
    }

    @Test func `lists exceptions and where they stand`() throws {
        #expect(
            try exceptionListing(.table) == """
                POLICY  RULE          ACTIONS  FILE
                pinned  image-digest  Deny     policies.yaml

                EXCEPTION  POLICIES  EXPIRES               STATE     APPROVED BY  REASON
                gone       pinned    2026-11-01T00:00:00Z  expired                INC-1 | x
                soon       pinned    2026-11-08T00:00:00Z  expiring  bob          INC-1 | x
                there      pinned    2026-11-08T00:00:01Z  active                 INC-1 | x

                """)
        #expect(
            try exceptionListing(.markdown).hasSuffix(
                """

                | EXCEPTION | POLICIES | EXPIRES | STATE | APPROVED BY | REASON |
                |---|---|---|---|---|---|
                | gone | pinned | 2026-11-01T00:00:00Z | expired |  | INC-1 \\| x |
                | soon | pinned | 2026-11-08T00:00:00Z | expiring | bob | INC-1 \\| x |
                | there | pinned | 2026-11-08T00:00:01Z | active |  | INC-1 \\| x |

                """))
        #expect(
            try exceptionListing(.json).contains(
                #"{"name":"soon","policies":["pinned"],"expiresAt":"2026-11-08T00:00:00Z","#
                    + #""state":"expiring","reason":"INC-1 | x","approvedBy":"bob","#
                    + #""file":"policies.yaml"}"#))
    }

    @Test func `writes JSON`() throws {
        #expect(
            try listing(.json).hasPrefix(
                #"{"policies":[{"name":"a-shell-policy","rule":"no-exec","#
                    + #""declaredActions":["Warn"],"actions":["Warn"],"#
                    + #""existingViolations":"Allow","file":"policies.yaml"},{"name":"pinned""#))
    }
}
