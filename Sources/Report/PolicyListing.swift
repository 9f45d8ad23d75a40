package import Document
package import Policy

/// A set of policies as tables: for the command line, the service and the README.
package struct PolicyListing {
    private let policies: [Policy]
    private let exceptions: [PolicyException]
    private let moment: Moment

    /// Lists the policies and the exceptions of a set, by name; `moment` is what the wall clock
    /// reads, which tells whether an exception is in force.
    package init(_ set: PolicySet, at moment: Moment) {
        policies = set.policies
        exceptions = set.exceptions
        self.moment = moment
    }

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
        case .table: Array(tables.map { $0.columns() }.joined(separator: "\n").utf8)
        case .json: Array("\(json.text)\n".utf8)
        case .markdown:
            Array(([rules] + exceptionTables).map { $0.markdown() }.joined(separator: "\n").utf8)
        }
    }

    /// What a rule asks for, in one sentence.
    package static func summary(ofRule id: String) -> String {
        RuleCatalogue.all.first { $0.id == id }?.summary ?? ""
    }

    private var tables: [TextTable] { [table] + exceptionTables }

    /// The exceptions where there are some.
    private var exceptionTables: [TextTable] {
        if exceptions.isEmpty { return [] }
        return [
            TextTable(
                head: ["EXCEPTION", "POLICIES", "EXPIRES", "STATE", "APPROVED BY", "REASON"],
                rows: exceptions.map { exception in
                    [
                        exception.name, exception.policies.joined(separator: ", "),
                        exception.expiryText, exception.state(at: moment).rawValue,
                        (exception.approvedBy ?? "").readable(limit: PolicyException.shownReason),
                        exception.reason.readable(limit: PolicyException.shownReason),
                    ]
                })
        ]
    }

    /// The policies, for people who look after them.
    private var table: TextTable {
        TextTable(
            head: ["POLICY", "RULE", "ACTIONS", "FILE"],
            rows: policies.map { policy in
                [policy.name, policy.ruleID, policy.actions.words, policy.file.readable()]
            })
    }

    /// The policies by their rules, for people who wonder what there is.
    private var rules: TextTable {
        TextTable(
            head: ["Rule", "What it asks for", "Policy", "Action"],
            rows: policies.map { policy in
                [
                    "`\(policy.ruleID)`", Self.summary(ofRule: policy.ruleID),
                    "`\(policy.name)`", policy.actions.words,
                ]
            })
    }

    /// The policies, for programs.
    package var json: JSONValue {
        .object([
            "policies": .array(policies.map { .object(Self.members(of: $0)) }),
            "exceptions": .array(exceptions.map(json)),
        ])
    }

    private func json(of exception: PolicyException) -> JSONValue {
        .object([
            "name": .string(exception.name), "policies": .strings(exception.policies),
            "expiresAt": .string(exception.expiryText),
            "state": .string(exception.state(at: moment).rawValue),
            "reason": .string(exception.reason),
            "approvedBy": exception.approvedBy.map(JSONValue.string),
            "file": .string(exception.file),
        ])
    }

    /// What is told of a policy wherever JSON tells of one.
    static func members(of policy: Policy) -> [JSONValue.Member] {
        func actions(_ actions: [Policy.Action]) -> JSONValue {
            .strings(actions.map(\.rawValue))
        }
        return [
            JSONValue.Member(name: "name", value: .string(policy.name)),
            JSONValue.Member(name: "rule", value: .string(policy.ruleID)),
            JSONValue.Member(name: "declaredActions", value: actions(policy.validationActions)),
            JSONValue.Member(name: "actions", value: actions(policy.actions)),
            JSONValue.Member(
                name: "existingViolations", value: .string(policy.existingViolations.rawValue)),
            JSONValue.Member(name: "file", value: .string(policy.file)),
        ]
    }
}

extension [Policy.Action] {
    /// `Deny, Audit`.
    var words: String { map(\.rawValue).joined(separator: ", ") }
}
