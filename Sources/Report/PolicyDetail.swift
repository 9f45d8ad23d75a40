internal import Document
package import Policy

/// All that there is to know of one policy.
package struct PolicyDetail {
    private let policy: Policy

    /// Tells of a policy.
    package init(_ policy: Policy) { self.policy = policy }

    /// The whole text, ended by a line break.
    package func text(_ format: PolicyListing.Format) -> [UInt8] {
        switch format {
        case .table: Array(plain.utf8)
        case .json: Array("\(json.indented())\n".utf8)
        case .markdown: Array(markdown.utf8)
        }
    }

    private var summary: String { PolicyListing.summary(ofRule: policy.ruleID) }

    /// What `spec.match` says, where it says something.
    private var match: [JSONValue.Member] {
        guard case .object(let members) = policy.declaredMatch else { return [] }
        return members.filter { !$0.value.isEmpty }
    }

    /// What stands above the parameters, and what it is called.
    private var facts: [(name: String, value: String)] {
        var facts = [
            (name: "policy", value: policy.name), (name: "file", value: policy.file.readable()),
            (name: "rule", value: policy.ruleID), (name: "asks for", value: summary),
            (name: "declared actions", value: policy.validationActions.words),
            (name: "actions in force", value: policy.actions.words),
            (name: "existing violations", value: policy.existingViolations.rawValue),
        ]
        if match.isEmpty { facts.append((name: "match", value: "everything that the rule sees")) }
        facts += match.map { (name: "match \($0.name)", value: $0.value.plainText) }
        return facts
    }

    private func parameters(value: (JSONValue) -> String) -> TextTable {
        TextTable(
            head: ["PARAMETER", "VALUE", ""],
            rows: policy.parameters.map { field in
                [field.name, value(field.value), field.setting == nil ? "default" : "set"]
            })
    }

    private var plain: String {
        let width = facts.map(\.name.count).max() ?? 0
        let lines = facts.map { name, value in
            name + String(repeating: " ", count: width - name.count) + "  \(value)\n"
        }
        guard !policy.parameters.isEmpty else { return lines.joined() }
        return lines.joined() + "\n" + parameters(value: \.plainText).columns()
    }

    private var markdown: String {
        var table = TextTable(head: ["", "Value", "Source"])
        table.rows = facts.dropFirst().map { [$0.name, $0.value, ""] }
        table.rows += parameters { "`\($0.plainText)`" }.rows.map { row in
            ["`\(row[0])`", row[1], row[2]]
        }
        return "### \(policy.name)\n\n" + table.markdown()
    }

    private var json: JSONValue {
        let more: JSONValue = .object([
            "summary": .string(summary),
            "match": .object(match),
            "parameters": .array(
                policy.parameters.map { field in
                    .object([
                        "name": .string(field.name), "value": field.value,
                        "source": .string(field.setting == nil ? "default" : "set"),
                    ])
                }),
        ])
        guard case .object(let members) = more else { return more }
        return .object(PolicyListing.members(of: policy) + members)
    }
}

extension JSONValue {
    /// The value for people: a string without quotes, all else as JSON.
    fileprivate var plainText: String {
        if case .string(let text) = self { text.readable() } else { text.readable() }
    }
}
