internal import Document
package import Policy

/// A set of policies as a table: for the command line, the service and the README.
package struct PolicyListing {
    private let policies: [Policy]

    /// Lists the policies of a set, by name.
    package init(_ set: PolicySet) { policies = set.policies }

    /// How a listing is written.
    package enum Format: String, CaseIterable, Sendable {
        /// Columns, for a terminal.
        case table
        /// For programs: the same as `GET /v1/policies` answers.
        case json
        /// A table in Markdown: the README's.
        case markdown
    }

    /// The whole listing, ended by a line break.
    package func text(_ format: Format) -> [UInt8] {
        switch format {
        case .table: table()
        case .json: json()
        case .markdown: markdown()
        }
    }

    /// What a rule asks for, in one sentence.
    package static func summary(ofRule id: String) -> String {
        RuleCatalogue.all.first { $0.id == id }?.summary ?? ""
    }

    private static func actions(of policy: Policy) -> String {
        policy.actions.map(\.rawValue).joined(separator: ", ")
    }

    private func table() -> [UInt8] {
        let rows =
            [["POLICY", "RULE", "ACTIONS", "FILE"]]
            + policies.map { [$0.name, $0.ruleID, Self.actions(of: $0), $0.file.readable()] }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            let cells = row.enumerated().map { column, cell in
                guard column < widths.count else { return cell }
                return cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            return cells.joined(separator: "  ") + "\n"
        }
        return Array(lines.joined().utf8)
    }

    private func markdown() -> [UInt8] {
        let rows = policies.map { policy in
            "| `\(policy.ruleID)` | \(Self.summary(ofRule: policy.ruleID)) "
                + "| `\(policy.name)` | \(Self.actions(of: policy)) |\n"
        }
        let head = "| Rule | What it asks for | Policy | Action |\n|---|---|---|---|\n"
        return Array((head + rows.joined()).utf8)
    }

    private func json() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("policies")
        writer.beginArray()
        for policy in policies {
            writer.beginObject()
            writer.member("name", policy.name)
            writer.member("rule", policy.ruleID)
            write("declaredActions", policy.validationActions, to: &writer)
            write("actions", policy.actions, to: &writer)
            writer.member("existingViolations", policy.existingViolations.rawValue)
            writer.member("file", policy.file)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.takeBytes() + [UInt8(ascii: "\n")]
    }

    private func write(
        _ name: String, _ actions: [Policy.Action], to writer: inout JSONWriter
    ) {
        writer.key(name)
        writer.beginArray()
        for action in actions { writer.string(action.rawValue) }
        writer.endArray()
    }
}
