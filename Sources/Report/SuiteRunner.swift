internal import Document
package import Policy

/// What a runner of suites cannot do itself: it reads no files and knows no AdmissionReviews.
package protocol SuiteSurroundings {
    /// The bytes of a file.
    func file(_ path: String) throws(SuiteFault) -> [UInt8]
    /// The policy files of a folder, or the one that the path names.
    func policies(_ path: String) throws(SuiteFault) -> [PolicyFile]
    /// What the webhook would say to an AdmissionReview in JSON.
    func review(_ body: [UInt8], by policies: PolicySet) throws(SuiteFault) -> ReviewedRequest
}

/// Why the surroundings could not do what was asked.
package struct SuiteFault: Error, Equatable, Sendable {
    /// What happened, as the end of a sentence about the file.
    package let message: String

    /// Makes a fault.
    package init(_ message: String) { self.message = message }
}

/// What the webhook says to a request.
package struct ReviewedRequest: Sendable {
    /// What the request is about: `Pod shop/web`.
    package let object: String
    /// What the policies say.
    package let verdict: Verdict

    /// Takes what was judged and the verdict, which outlives the subject's nodes.
    package init(of subject: Subject, _ verdict: Verdict) {
        let place = subject.namespace.isEmpty ? "" : "\(subject.namespace)/"
        object = "\(subject.touchedKind.kind) \(place)\(subject.name)".readable()
        self.verdict = verdict
    }
}

/// Runs suites of policy tests, one file after another.
package struct SuiteRunner {
    private let surroundings: any SuiteSurroundings
    private let selection: Glob?
    private var report = SuiteReport()
    private var coverage: [PolicyKey: CoveredPolicy] = [:]

    /// A policy, which suites may name by several paths.
    private struct PolicyKey: Hashable {
        let file: String
        let name: String
    }

    /// Begins a run.
    ///
    /// - Parameters:
    ///   - surroundings: what reads files and reviews.
    ///   - selection: which tests are run, by their names; nil for all.
    package init(_ surroundings: any SuiteSurroundings, selection: Glob? = nil) {
        self.surroundings = surroundings
        self.selection = selection
    }

    /// Runs the suites of a file.
    package mutating func run(_ file: PolicyFile) {
        let reader = SuiteReader(file)
        guard reader.problems.isEmpty else { return add(reader.problems, of: file.name) }
        for suite in reader.suites { run(suite) }
    }

    /// Notes why a file of suites could not be read.
    package mutating func add(_ problem: String, of file: String) {
        add([PolicyProblem(file: file, position: .start, message: problem)], of: file)
    }

    /// Ends the run.
    package mutating func finish() -> SuiteReport {
        if selection == nil {
            report.coverage = coverage.values.sorted {
                ($0.file, $0.policy) < ($1.file, $1.policy)
            }
        }
        return report
    }

    private mutating func add(_ problems: [PolicyProblem], of file: String, name: String = "") {
        report.suites.append(SuiteResult(file: file, name: name, problems: problems))
    }

    private mutating func run(_ suite: TestSuite) {
        let tests = suite.tests.filter { selection?.matches($0.name) ?? true }
        guard !tests.isEmpty else { return }
        let set: PolicySet
        do throws(SuiteProblems) {
            set = try readPolicies(of: suite)
        } catch {
            return add(error.all, of: suite.file, name: suite.name)
        }
        for policy in set.policies {
            let key = PolicyKey(file: policy.file, name: policy.name)
            guard coverage[key] == nil else { continue }
            coverage[key] = CoveredPolicy(
                policy: policy.name, rule: policy.ruleID, file: policy.file, isCovered: false)
        }
        var result = SuiteResult(file: suite.file, name: suite.name)
        for test in tests { result.tests.append(run(test, of: suite, set)) }
        report.suites.append(result)
    }

    private func readPolicies(of suite: TestSuite) throws(SuiteProblems) -> PolicySet {
        var files: [PolicyFile] = []
        for reference in suite.policies {
            do throws(SuiteFault) {
                files += try surroundings.policies(reference.path)
            } catch {
                throw SuiteProblems(
                    "the policies \(reference.path) \(error.message)", suite, reference.place)
            }
        }
        let folder = suite.policies.map(\.path).joined(separator: ", ")
        let set: PolicySet
        do throws(PolicyProblems) {
            set = try PolicyReader.read(files, enforcement: suite.enforcement, folder: folder)
        } catch {
            throw SuiteProblems(all: error.all)
        }
        let unknown = unknownNames(in: suite, set.policies.map(\.name))
        if !unknown.isEmpty { throw SuiteProblems(all: unknown) }
        return set
    }

    /// A policy that is not there is never violated: an expectation that names one is a mistake.
    private func unknownNames(in suite: TestSuite, _ names: [String]) -> [PolicyProblem] {
        let entries = suite.tests.flatMap { $0.expectation.violations?.entries ?? [] }
        return entries.compactMap(\.policy).filter { !names.contains($0.name) }.map { policy in
            let hint = Nearest.hint(for: policy.name, among: names)
            return PolicyProblem(
                file: suite.file, position: policy.place,
                message: "there is no policy \"\(policy.name)\"\(hint); the suite's are "
                    + names.joined(separator: ", "))
        }
    }

    private mutating func run(
        _ test: PolicyTest, of suite: TestSuite, _ set: PolicySet
    ) -> TestResult {
        var result = TestResult(name: test.name, position: test.place)
        let judge = SuiteJudge(surroundings, set, file: suite.file, place: test.place)
        judge.judge(test.input)
        result.problems = judge.problems
        guard judge.problems.isEmpty else { return result }
        let comparison = SuiteComparison(test.expectation, judge.judgement)
        result.mismatches = comparison.mismatches
        for policy in set.policies where comparison.expectedPolicies.contains(policy.name) {
            coverage[PolicyKey(file: policy.file, name: policy.name)]?.isCovered = true
        }
        return result
    }
}

/// Why a suite cannot be run.
private struct SuiteProblems: Error {
    let all: [PolicyProblem]

    init(all: [PolicyProblem]) { self.all = all }

    init(_ message: String, _ suite: TestSuite, _ place: TestSuite.Place) {
        all = [PolicyProblem(file: suite.file, position: place, message: message)]
    }
}
