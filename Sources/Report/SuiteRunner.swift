internal import Document
package import Policy

/// What a runner of suites cannot do itself: it reads no files and knows no AdmissionReviews.
package protocol SuiteSurroundings {
    /// The bytes of a file.
    func file(_ path: String) throws(SuiteFault) -> [UInt8]
    /// The policy files of a folder, or the one that the path names.
    func policies(_ path: String) throws(SuiteFault) -> [PolicyFile]
    /// What the webhook would say to an AdmissionReview in JSON.
    func review(
        _ body: [UInt8], by policies: PolicySet, at moment: Moment
    ) throws(SuiteFault) -> ReviewedRequest
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
    private let moment: Moment
    private let selection: Glob?
    private var report = SuiteReport()
    private var coverage: [DocumentKey: CoveredPolicy] = [:]
    private var exceptions: [DocumentKey: CoveredException] = [:]

    /// A policy or an exception; several suites may read it.
    private struct DocumentKey: Hashable {
        let file: String
        let name: String
    }

    /// Begins a run.
    ///
    /// - Parameters:
    ///   - surroundings: what reads files and reviews.
    ///   - moment: what the wall clock reads, where neither suite nor test says what it should.
    ///   - selection: which tests are run, by their names; nil for all.
    package init(
        _ surroundings: any SuiteSurroundings, at moment: Moment, selection: Glob? = nil
    ) {
        self.surroundings = surroundings
        self.moment = moment
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
            report.exceptions = exceptions.values.sorted {
                ($0.file, $0.exception) < ($1.file, $1.exception)
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
        note(set)
        var result = SuiteResult(file: suite.file, name: suite.name)
        for test in tests { result.tests.append(run(test, of: suite, set)) }
        report.suites.append(result)
    }

    /// Notes what the tests of a suite may cover.
    private mutating func note(_ set: PolicySet) {
        for policy in set.policies {
            let key = DocumentKey(file: policy.file, name: policy.name)
            guard coverage[key] == nil else { continue }
            coverage[key] = CoveredPolicy(
                policy: policy.name, rule: policy.ruleID, file: policy.file, isCovered: false)
        }
        for exception in set.exceptions {
            let key = DocumentKey(file: exception.file, name: exception.name)
            guard exceptions[key] == nil else { continue }
            exceptions[key] = CoveredException(
                exception: exception.name, file: exception.file, isCovered: false)
        }
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
        let unknown = unknownNames(in: suite, set)
        if !unknown.isEmpty { throw SuiteProblems(all: unknown) }
        return set
    }

    /// A policy that is not there is never violated, an exception never used: an expectation that
    /// names one is a mistake.
    private func unknownNames(in suite: TestSuite, _ set: PolicySet) -> [PolicyProblem] {
        let expectations = suite.tests.map(\.expectation)
        let policies = expectations.flatMap { $0.violations?.entries ?? [] }.compactMap(\.policy)
        let exceptions = expectations.flatMap { $0.exceptions?.entries ?? [] }
        let known = (set.policies.map(\.name), set.exceptions.map(\.name))
        let problems =
            policies.compactMap { name, place in
                unknown("policy", name, at: place, in: suite, among: known.0)
            }
            + exceptions.compactMap {
                unknown("exception", $0.name, at: $0.place, in: suite, among: known.1)
            }
        return problems.sorted { $0.position < $1.position }
    }

    private func unknown(
        _ noun: String, _ name: String, at place: TestSuite.Place, in suite: TestSuite,
        among names: [String]
    ) -> PolicyProblem? {
        if names.contains(name) { return nil }
        let hint = Nearest.hint(for: name, among: names)
        let known = names.isEmpty ? " has none" : "'s are \(names.joined(separator: ", "))"
        return PolicyProblem(
            file: suite.file, position: place,
            message: "there is no \(noun) \"\(name)\"\(hint); the suite\(known)".readable())
    }

    private mutating func run(
        _ test: PolicyTest, of suite: TestSuite, _ set: PolicySet
    ) -> TestResult {
        var result = TestResult(name: test.name, position: test.place)
        let moment = test.now ?? suite.now ?? moment
        let judge = SuiteJudge(surroundings, set, at: moment, file: suite.file, place: test.place)
        judge.judge(test.input)
        result.problems = judge.problems
        guard judge.problems.isEmpty else { return result }
        let comparison = SuiteComparison(test.expectation, judge.judgement, at: moment, set)
        result.mismatches = comparison.mismatches
        for policy in set.policies where comparison.expectedPolicies.contains(policy.name) {
            coverage[DocumentKey(file: policy.file, name: policy.name)]?.isCovered = true
        }
        for exception in set.exceptions
        where comparison.expectedExceptions.contains(exception.name) {
            exceptions[DocumentKey(file: exception.file, name: exception.name)]?.isCovered = true
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
