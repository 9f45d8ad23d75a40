internal import Document
package import Policy

/// What reading policy files came to: for people in an editor's words, or for programs.
package struct ValidationReport {
    private let title: String
    private let policies: Int
    private let problems: [PolicyProblem]
    private let warnings: [PolicyProblem]

    /// How a report is written.
    package enum Format: String, CaseIterable, Sendable {
        /// A line for each problem: `file:line:column: message`.
        case table
        /// For programs.
        case json
    }

    /// Reports on policies that can be used; `title` names where they lie.
    package init(_ set: PolicySet, title: String) {
        self.title = title
        policies = set.policies.count
        problems = []
        warnings = set.warnings
    }

    /// Reports on policies that cannot.
    package init(_ problems: PolicyProblems) {
        title = ""
        policies = 0
        self.problems = problems.all
        warnings = problems.warnings
    }

    /// Whether the policies can be used.
    package var isValid: Bool { problems.isEmpty }

    /// The whole report, ended by a line break.
    package func text(_ format: Format) -> [UInt8] {
        switch format {
        case .table: Array(plain.utf8)
        case .json: Array("\(json.indented())\n".utf8)
        }
    }

    private var plain: String {
        var lines = problems.map(\.description)
        lines += warnings.map { "\($0.place): warning: \($0.message)" }
        if isValid {
            lines.append("\(title): \(policies == 1 ? "1 policy" : "\(policies) policies"), valid")
        }
        return lines.map { "\($0)\n" }.joined()
    }

    private var json: JSONValue {
        .object([
            "valid": .boolean(isValid), "policies": isValid ? .number(policies) : nil,
            "problems": list(problems), "warnings": list(warnings),
        ])
    }

    private func list(_ problems: [PolicyProblem]) -> JSONValue {
        .array(
            problems.map { problem in
                .object([
                    "file": .string(problem.file), "line": .number(problem.position.line),
                    "column": .number(problem.position.column),
                    "message": .string(problem.message),
                ])
            })
    }
}
