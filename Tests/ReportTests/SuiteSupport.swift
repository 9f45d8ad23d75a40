import Admission
import Document
import Policy

@testable import Report

/// Files in memory, and the webhook's reviewer.
struct Surroundings: SuiteSurroundings {
    var files: [String: String] = [:]

    func file(_ path: String) throws(SuiteFault) -> [UInt8] {
        guard let text = files[path] else { throw SuiteFault("cannot be read: no such file") }
        return Array(text.utf8)
    }

    func policies(_ path: String) throws(SuiteFault) -> [PolicyFile] {
        [PolicyFile(name: path, bytes: try file(path))]
    }

    func review(_ body: [UInt8], by policies: PolicySet) throws(SuiteFault) -> ReviewedRequest {
        do throws(InvalidReview) {
            return try Reviewer(policies: policies).review(body, body.indices) { decision in
                ReviewedRequest(of: decision.subject, decision.verdict)
            }
        } catch {
            throw SuiteFault(error.description)
        }
    }
}

/// Digests are required, by denial; read-only roots are, by a warning; exec is forbidden.
let testedPolicies =
    policy("pinned-images", rule: "image-digest")
    + policy("read-only-roots", rule: "read-only-root-filesystem", actions: "[Warn, Audit]")
    + policy("shells", rule: "no-exec", match: "{excludeGroups: [operators]}")

/// A Pod with one container, which violates what its arguments say.
func pod(_ name: String = "web", image: String = pinned, readOnly: Bool = true) -> String {
    """
    {apiVersion: v1, kind: Pod, metadata: {name: \(name)}, spec: {containers: [{name: web, \
    image: "\(image)", securityContext: {readOnlyRootFilesystem: \(readOnly)}}]}}
    """
}

let pinned = "web@sha256:" + String(repeating: "0", count: 64)

/// A suite file of tests, each begun by `- `: the first stands in line 7, column 3.
func suiteText(_ tests: String, spec: String = "policies: policies.yaml") -> String {
    """
    apiVersion: cattleguard.dev/v1
    kind: TestSuite
    metadata: {name: tested}
    spec:
      \(spec)
      tests:
      \(tests.replacing("\n", with: "\n  "))
    """
}

/// Runs one suite file, called `suites/a.yaml`.
func runSuite(
    _ text: String, files: [String: String] = [:], selection: Glob? = nil
) -> SuiteReport {
    var files = files
    files["suites/policies.yaml"] = testedPolicies
    var runner = SuiteRunner(Surroundings(files: files), selection: selection)
    runner.run(PolicyFile(name: "suites/a.yaml", bytes: Array(text.utf8)))
    return runner.finish()
}

/// Everything that could not be read or run, a line each.
func problems(of report: SuiteReport) -> [String] {
    report.suites.flatMap { $0.problems + $0.tests.flatMap(\.problems) }.map(\.description)
}

/// What is other than expected, a line each.
func mismatches(of report: SuiteReport) -> [String] {
    report.suites.flatMap(\.tests).flatMap(\.mismatches).flatMap { mismatch in
        mismatch.expected.map { "\($0.position.line): - \($0.text)" }
            + mismatch.found.map { "\(mismatch.position.line): + \($0)" }
    }
}
