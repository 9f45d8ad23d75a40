package import Document

/// Something wrong in a policy file.
package struct PolicyProblem: Error, Equatable, Comparable, Sendable, CustomStringConvertible {
    /// The file's name as it was given.
    package let file: String
    /// Where in the file.
    package let position: SourcePosition
    /// What is wrong, and what was expected.
    package let message: String

    /// Makes a problem.
    package init(file: String, position: SourcePosition, message: String) {
        self.file = file
        self.position = position
        self.message = message
    }

    /// Orders by file, then by position.
    package static func < (left: PolicyProblem, right: PolicyProblem) -> Bool {
        (left.file, left.position) < (right.file, right.position)
    }

    /// `policies/a.yaml:3:7: unknown field …`.
    package var description: String { "\(place): \(message)" }

    /// `policies/a.yaml:3:7`.
    package var place: String { "\(file):\(position.line):\(position.column)" }
}

/// What is wrong with a set of policy files: everything that one reading could find.
package struct PolicyProblems: Error, Equatable, Sendable, CustomStringConvertible {
    /// The problems, by file and position; never empty.
    package let all: [PolicyProblem]
    /// What could be read and cannot be meant.
    package var warnings: [PolicyProblem] = []

    /// Puts problems together, of which there is at least one.
    package init(all: [PolicyProblem], warnings: [PolicyProblem] = []) {
        self.all = all
        self.warnings = warnings
    }

    /// One problem a line.
    package var description: String { all.map(\.description).joined(separator: "\n") }
}
