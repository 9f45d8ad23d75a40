internal import Document
package import Policy

/// What reading policy files came to: for people in an editor's words, or for programs.
package struct ValidationReport {
    private let title: String
    private let policies: Int
    private let exceptions: [PolicyException.State]
    private let problems: [PolicyProblem]
    private let warnings: [PolicyProblem]

    /// How a report is written.
    package enum Format: String, CaseIterable, Sendable {
        /// A line for each problem: `file:line:column: message`.
        case table
        /// For programs.
        case json
    }

    /// Reports on policies that can be used; `title` names where they lie, `moment` is what the
    /// wall clock reads: an exception that is over is right, and excepts nothing.
    package init(_ set: PolicySet, title: String, at moment: Moment) {
        self.title = title
        policies = set.policies.count
        exceptions = set.exceptions.map { $0.state(at: moment) }
        problems = []
        warnings = set.warnings
    }

    /// Reports on policies that cannot.
    package init(_ problems: PolicyProblems) {
        title = ""
        policies = 0
        exceptions = []
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
            lines.append("\(title): \(contents), valid")
        }
        return lines.map { "\($0)\n" }.joined()
    }

    private var expired: Int { exceptions.count { $0 == .expired } }

    /// `12 policies, 2 exceptions (1 expired)`.
    private var contents: String {
        var text = policies == 1 ? "1 policy" : "\(policies) policies"
        if !exceptions.isEmpty {
            text += exceptions.count == 1 ? ", 1 exception" : ", \(exceptions.count) exceptions"
            if expired > 0 { text += " (\(expired) expired)" }
        }
        return text
    }

    private var json: JSONValue {
        .object([
            "valid": .boolean(isValid), "policies": isValid ? .number(policies) : nil,
            "exceptions": isValid ? .number(exceptions.count) : nil,
            "expired": isValid ? .number(expired) : nil,
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
