package import Document
package import Policy

/// What the tests of some suites came to: the value that every format writes.
package struct SuiteReport: Equatable, Sendable {
    /// A suite's results, or why it could not be run, in the order of the files.
    package internal(set) var suites: [SuiteResult] = []
    /// The policies that the suites name, by file and name; nil where only some tests were run.
    package internal(set) var coverage: [CoveredPolicy]?
    /// The exceptions from them, by file and name; nil where only some tests were run.
    package internal(set) var exceptions: [CoveredException]?

    /// What a test, or all of them, came to, from the best to the worst.
    package enum Outcome: String, CaseIterable, Sendable {
        /// All is as expected.
        case passed
        /// Something is other than expected.
        case failed
        /// Something could not be run, whatever the rest came to.
        case unchecked
    }

    /// How many tests came to an outcome. A suite that could not be run counts as one test.
    package func count(_ outcome: Outcome) -> Int {
        suites.reduce(0) { $0 + $1.count(outcome) }
    }

    /// What all came to.
    package var outcome: Outcome {
        if count(.unchecked) > 0 { return .unchecked }
        return count(.failed) > 0 ? .failed : .passed
    }

    /// The policies that no test saw violated as it expected.
    package var uncovered: [CoveredPolicy] { (coverage ?? []).filter { !$0.isCovered } }
}

/// What one suite came to.
package struct SuiteResult: Equatable, Sendable {
    /// The suite's file.
    package let file: String
    /// The suite's name; empty where it could not be read.
    package let name: String
    /// Why the suite could not be run; then it has no tests.
    package internal(set) var problems: [PolicyProblem] = []
    /// The results of its tests, in its order.
    package internal(set) var tests: [TestResult] = []

    /// How many of its tests came to an outcome.
    package func count(_ outcome: SuiteReport.Outcome) -> Int {
        let unrunnable = problems.isEmpty || outcome != .unchecked ? 0 : 1
        return unrunnable + tests.filter { $0.outcome == outcome }.count
    }
}

/// What one test came to.
package struct TestResult: Equatable, Sendable {
    /// The test's name.
    package let name: String
    /// Where it stands in the suite's file.
    package let position: SourcePosition
    /// What is other than expected.
    package internal(set) var mismatches: [Mismatch] = []
    /// Why it could not be run.
    package internal(set) var problems: [PolicyProblem] = []

    /// What it came to.
    package var outcome: SuiteReport.Outcome {
        if !problems.isEmpty { return .unchecked }
        return mismatches.isEmpty ? .passed : .failed
    }
}

/// A difference between what a test expects and what was found.
package struct Mismatch: Equatable, Sendable {
    /// Which expectation it concerns: `decision`, `violations`, `exceptions`.
    package let subject: String
    /// Where that stands in the suite's file.
    package let position: SourcePosition
    /// What was expected and not found.
    package let expected: [Line]
    /// What was found and not expected.
    package let found: [String]

    /// One thing that was expected, and where.
    package struct Line: Equatable, Sendable {
        /// What was expected.
        package let text: String
        /// Where that stands in the suite's file.
        package let position: SourcePosition
    }
}

/// A policy that suites name, and whether a test shows that it objects to anything.
package struct CoveredPolicy: Equatable, Sendable {
    /// The policy's name.
    package let policy: String
    /// Its rule's id.
    package let rule: String
    /// The file it was read from.
    package let file: String
    /// Whether a test expected it to be violated, and it was.
    package internal(set) var isCovered: Bool
}

/// An exception beside the policies that suites name, and whether a test shows that it lets
/// anything pass.
package struct CoveredException: Equatable, Sendable {
    /// The exception's name.
    package let exception: String
    /// The file it was read from.
    package let file: String
    /// Whether a test expected it to be used, and it was.
    package internal(set) var isCovered: Bool
}
