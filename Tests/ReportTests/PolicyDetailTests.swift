import Policy
import Testing

@testable import Report

@Suite struct PolicyDetailTests {
    private func detail(_ format: PolicyListing.Format) throws -> String {
        let text = """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: pinned}
            spec:
              rule: image-digest
              validationActions: [Deny, Audit]
              match: {namespaces: [shop, "web-*"], names: [], objectSelector: {matchLabels: {a: b}}}
              parameters: {require: version, exemptImages: []}
            """
        let set = try PolicyReader.read(
            [PolicyFile(name: "p.yaml", bytes: Array(text.utf8))], enforcement: .advisory)
        return String(decoding: PolicyDetail(set.policies[0]).text(format), as: UTF8.self)
    }

    private let summary = PolicyListing.summary(ofRule: "image-digest")
    private let tags =
        #"["latest","stable","main","master","edge","nightly","dev","canary"]"#

    @Test func `lines up what there is`() throws {
        #expect(
            try detail(.table) == """
                policy                pinned
                file                  p.yaml
                rule                  image-digest
                asks for              \(summary)
                declared actions      Deny, Audit
                actions in force      Warn, Audit
                existing violations   Allow
                match namespaces      ["shop","web-*"]
                match objectSelector  {"matchLabels":{"a":"b"}}

                PARAMETER     VALUE\(String(repeating: " ", count: tags.count - 3))
                require       version\(String(repeating: " ", count: tags.count - 5))set
                floatingTags  \(tags)  default
                exemptImages  []\(String(repeating: " ", count: tags.count))set

                """)
    }

    @Test func `writes Markdown`() throws {
        #expect(
            try detail(.markdown) == """
                ### pinned

                |  | Value | Source |
                |---|---|---|
                | file | p.yaml |  |
                | rule | image-digest |  |
                | asks for | \(summary) |  |
                | declared actions | Deny, Audit |  |
                | actions in force | Warn, Audit |  |
                | existing violations | Allow |  |
                | match namespaces | ["shop","web-*"] |  |
                | match objectSelector | {"matchLabels":{"a":"b"}} |  |
                | `require` | `version` | set |
                | `floatingTags` | `\(tags)` | default |
                | `exemptImages` | `[]` | set |

                """)
    }

    @Test func `writes JSON`() throws {
        let text = try detail(.json)
        #expect(text.contains(#""declaredActions": ["Deny", "Audit"],"#))
        #expect(text.contains(#""actions": ["Warn", "Audit"],"#))
        #expect(text.contains(#""namespaces": ["shop", "web-*"]"#))
        #expect(text.contains(#"{"name": "require", "value": "version", "source": "set"},"#))
    }

    @Test func `a policy about everything says so`() throws {
        let set = try policySet(policy("p", rule: "no-exec"))
        let text = String(decoding: PolicyDetail(set.policies[0]).text(.table), as: UTF8.self)
        #expect(text.contains("match                everything that the rule sees\n"))
    }
}
