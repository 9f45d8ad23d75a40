internal import Document
internal import Policy

/// JUnit's XML, as CI systems read it: a `testsuite` a suite, a `testcase` a test, with `failure`
/// or `error` where it is due. No time is written: the same input gives the same report.
/// The schema: `junit-10.xsd` of https://github.com/jenkinsci/xunit-plugin
enum SuiteJUnit {
    static func write(_ report: SuiteReport) -> String {
        let total = counts(
            passed: report.count(.passed), failed: report.count(.failed),
            unchecked: report.count(.unchecked))
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuites name=\"cattleguard\" \(total)>",
        ]
        for suite in report.suites { add(suite, to: &lines) }
        lines.append("</testsuites>")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func add(_ suite: SuiteResult, to lines: inout [String]) {
        let name = suite.name.isEmpty ? suite.file : suite.name
        let counts = counts(
            passed: suite.count(.passed), failed: suite.count(.failed),
            unchecked: suite.count(.unchecked))
        lines.append(
            "  <testsuite name=\"\(name.xml)\" file=\"\(suite.file.xml)\" \(counts) skipped=\"0\">")
        if let first = suite.problems.first {
            // A suite that could not be run is a test that could not: no CI system shows less.
            addTest(
                named: "the suite can be run", of: name, at: first.file, first.position,
                "error", "the suite cannot be run", suite.problems.map(\.line), to: &lines)
        }
        for test in suite.tests {
            let detail = SuiteTable.detail(of: test, in: suite)
            let element: String? =
                switch test.outcome {
                case .passed: nil
                case .failed: "failure"
                case .unchecked: "error"
                }
            addTest(
                named: test.name, of: name, at: suite.file, test.position, element,
                summary(of: test), detail, to: &lines)
        }
        lines.append("  </testsuite>")
    }

    private static func addTest(
        named name: String, of suite: String, at file: String, _ position: SourcePosition,
        _ element: String?, _ message: String, _ detail: [String], to lines: inout [String]
    ) {
        let start =
            "    <testcase name=\"\(name.xml)\" classname=\"\(suite.xml)\" "
            + "file=\"\(file.xml)\" line=\"\(position.line)\""
        guard let element else { return lines.append("\(start)/>") }
        lines.append("\(start)>")
        let text = detail.joined(separator: "\n").xml(keepingLines: true)
        lines.append("      <\(element) message=\"\(message.xml)\">\(text)</\(element)>")
        lines.append("    </testcase>")
    }

    /// What CI systems show before anybody asks for more.
    private static func summary(of test: TestResult) -> String {
        if let problem = test.problems.first { return problem.message }
        return test.mismatches.map { mismatch in
            let expected = mismatch.expected.map(\.text)
            if mismatch.subject == "decision" {
                return "decision: expected \(expected.joined()), "
                    + "found \(mismatch.found.joined())"
            }
            return "\(mismatch.subject): \(mismatch.expected.count) expected and not found, "
                + "\(mismatch.found.count) found and not expected"
        }.joined(separator: "; ")
    }

    private static func counts(passed: Int, failed: Int, unchecked: Int) -> String {
        "tests=\"\(passed + failed + unchecked)\" failures=\"\(failed)\" errors=\"\(unchecked)\""
    }
}

extension String {
    /// The text as it may stand in an attribute.
    var xml: String { xml(keepingLines: false) }

    /// The text with what XML takes for markup escaped. A character that XML 1.0 forbids, even
    /// escaped, is replaced: https://www.w3.org/TR/xml/#charsets
    ///
    /// - Parameter keepingLines: whether line breaks stay as they are; in an attribute a reader
    ///   would make spaces of them.
    func xml(keepingLines: Bool) -> String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "\n" where keepingLines: text.unicodeScalars.append(scalar)
            case "\t", "\n", "\r": text += "&#\(scalar.value);"
            case "\0"..<" ", "\u{FFFE}", "\u{FFFF}": text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
