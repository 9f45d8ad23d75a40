internal import Document
internal import Policy

/// How the report on suites is written.
package enum SuiteFormat: String, CaseIterable, Sendable {
    /// For people at a terminal.
    case table
    /// For CI systems: JUnit's XML.
    case junit
    /// For programs.
    case json

    /// Writes a whole report, ended by a line break.
    package func write(_ report: SuiteReport) -> [UInt8] {
        switch self {
        case .table: Array(SuiteTable.write(report).utf8)
        case .junit: Array(SuiteJUnit.write(report).utf8)
        case .json: SuiteJSON.write(report)
        }
    }
}

/// For people: a line a test, and below one that fails what was expected (`-`), where, and what was
/// found (`+`).
///
///     tests/cattleguard-test.yaml: shipped-policies
///       pass   an image with a digest is let in
///       FAIL   an image without one is denied
///              tests/cattleguard-test.yaml:14:17: decision
///                - denied
///                + warned
///
///     policies that no test sees violated (1 of 2):
///       no-ssh (policies/no-ssh.yaml)
///     2 tests in 1 suite: 1 passed, 1 failed
enum SuiteTable {
    static func write(_ report: SuiteReport) -> String {
        var lines: [String] = []
        for suite in report.suites {
            let name = suite.name.isEmpty ? "" : ": \(suite.name.readable())"
            lines.append("\(suite.file.readable())\(name)")
            for problem in suite.problems { lines.append("  ERROR  \(problem.line)") }
            for test in suite.tests {
                lines.append("  \(mark(of: test))  \(test.name.readable())")
                lines += detail(of: test, in: suite).map { "         \($0)" }
            }
            lines.append("")
        }
        lines += coverage(report)
        lines.append(summary(of: report))
        return lines.joined(separator: "\n") + "\n"
    }

    /// What is other than expected, or why the test could not be run.
    static func detail(of test: TestResult, in suite: SuiteResult) -> [String] {
        var lines = test.problems.map(\.line)
        for mismatch in test.mismatches {
            let place = "\(mismatch.position.line):\(mismatch.position.column)"
            lines.append("\(suite.file.readable()):\(place): \(mismatch.subject)")
            for expected in mismatch.expected {
                let isElsewhere = expected.position != mismatch.position
                let line = isElsewhere ? "line \(expected.position.line): " : ""
                lines.append("  - \(line)\(expected.text)")
            }
            lines += mismatch.found.map { "  + \($0)" }
        }
        return lines
    }

    private static func mark(of test: TestResult) -> String {
        switch test.outcome {
        case .passed: "pass "
        case .failed: "FAIL "
        case .unchecked: "ERROR"
        }
    }

    private static func coverage(_ report: SuiteReport) -> [String] {
        let policies = report.coverage ?? []
        let exceptions = report.exceptions ?? []
        return coverage(
            of: policies.count, ("policy", "policies"), seen: "violated",
            but: report.uncovered.map { ($0.policy, $0.file) })
            + coverage(
                of: exceptions.count, ("exception", "exceptions"), seen: "used",
                but: exceptions.filter { !$0.isCovered }.map { ($0.exception, $0.file) })
    }

    /// Which documents no test sees violated or used.
    private static func coverage(
        of count: Int, _ noun: (singular: String, plural: String), seen: String,
        but missing: [(name: String, file: String)]
    ) -> [String] {
        if count == 0 { return [] }
        if missing.isEmpty {
            return ["every \(noun.singular) is seen \(seen) by a test (\(count))"]
        }
        return ["\(noun.plural) that no test sees \(seen) (\(missing.count) of \(count)):"]
            + missing.map { "  \($0.name) (\($0.file.readable()))" }
    }

    private static func summary(of report: SuiteReport) -> String {
        let counts = [
            (report.count(.passed), "passed"), (report.count(.failed), "failed"),
            (report.count(.unchecked), "could not be run"),
        ]
        let total = counts.reduce(0) { $0 + $1.0 }
        let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return "\(amount(total, "test")) in \(amount(report.suites.count, "suite")): "
            + (parts.isEmpty ? "none run" : parts.joined(separator: ", "))
    }

    private static func amount(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}

extension PolicyProblem {
    /// The problem as one line of a report.
    var line: String {
        "\(file.readable()):\(position.line):\(position.column): \(message.readable())"
    }
}

/// For programs. The shape is stable: within one `version` members are only added.
///
///     {"version": 1,
///      "outcome": "passed" | "failed" | "unchecked",
///      "counts": {"suites", "tests", "passed", "failed", "unchecked"},
///      "suites": [{"file", "name",
///                  "problems": [{"file", "line", "column", "message"}],
///                  "tests": [{"name", "line", "column", "outcome",
///                             "mismatches": [{"subject", "line", "column",
///                                             "expected": [{"text", "line", "column"}],
///                                             "found": [string]}],
///                             "problems": as above}]}],
///      "coverage": [{"policy", "rule", "file", "covered"}],
///      "exceptions": [{"exception", "file", "covered"}]}
///
/// `coverage` and `exceptions` are missing where only some tests were run.
enum SuiteJSON {
    static let version = 1

    static func write(_ report: SuiteReport) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("version", version)
        writer.member("outcome", report.outcome.rawValue)
        writer.key("counts")
        writer.beginObject()
        writer.member("suites", report.suites.count)
        let outcomes = SuiteReport.Outcome.allCases
        writer.member("tests", outcomes.reduce(0) { $0 + report.count($1) })
        for outcome in outcomes { writer.member(outcome.rawValue, report.count(outcome)) }
        writer.endObject()
        writer.objects("suites", report.suites, write)
        if let coverage = report.coverage {
            writer.objects("coverage", coverage) { policy, writer in
                writer.member("policy", policy.policy)
                writer.member("rule", policy.rule)
                writer.member("file", policy.file)
                writer.member("covered", policy.isCovered)
            }
        }
        if let exceptions = report.exceptions {
            writer.objects("exceptions", exceptions) { exception, writer in
                writer.member("exception", exception.exception)
                writer.member("file", exception.file)
                writer.member("covered", exception.isCovered)
            }
        }
        writer.endObject()
        return writer.takeBytes() + [UInt8(ascii: "\n")]
    }

    private static func write(_ suite: SuiteResult, to writer: inout JSONWriter) {
        writer.member("file", suite.file)
        writer.member("name", suite.name)
        writer.objects("problems", suite.problems, write)
        writer.objects("tests", suite.tests) { test, writer in
            writer.member("name", test.name)
            write(test.position, to: &writer)
            writer.member("outcome", test.outcome.rawValue)
            writer.objects("mismatches", test.mismatches, write)
            writer.objects("problems", test.problems, write)
        }
    }

    private static func write(_ mismatch: Mismatch, to writer: inout JSONWriter) {
        writer.member("subject", mismatch.subject)
        write(mismatch.position, to: &writer)
        writer.objects("expected", mismatch.expected) { line, writer in
            writer.member("text", line.text)
            write(line.position, to: &writer)
        }
        writer.key("found")
        writer.beginArray()
        for text in mismatch.found { writer.string(text) }
        writer.endArray()
    }

    private static func write(_ problem: PolicyProblem, to writer: inout JSONWriter) {
        writer.member("file", problem.file)
        write(problem.position, to: &writer)
        writer.member("message", problem.message)
    }

    private static func write(_ position: SourcePosition, to writer: inout JSONWriter) {
        writer.member("line", position.line)
        writer.member("column", position.column)
    }
}
