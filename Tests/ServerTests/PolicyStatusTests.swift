import Document
import Policy
import Testing

@testable import Server

@Suite struct PolicyStatusTests {
    private func warning(problems count: Int, text: String = "wrong") -> [Substring] {
        var status = PolicyStatus(LoadedPolicies(set: .empty), counters: [], now: 0)
        status.refusal = PolicyStatus.Refusal(
            (1...count).map { line in
                PolicyProblem(
                    file: "a.yaml", position: SourcePosition(line: line, column: 7), message: text)
            }, moment: 1_000_000_000)
        return status.warning?.split(separator: "\n") ?? []
    }

    @Test func itIsReadyAndSaysWhatIsWrong() {
        let status = PolicyStatus(LoadedPolicies(set: .empty), counters: [], now: 0)
        #expect(status.warning == nil)
        #expect(
            warning(problems: 2) == [
                "ready, but not by the policies that are there: at 1970-01-01T00:00:01.000000Z "
                    + "they were refused, and the 0 of 1970-01-01T00:00:00.000000Z "
                    + "(digest cbf29ce484222325) stay in force",
                "a.yaml:1:7: wrong", "a.yaml:2:7: wrong",
            ])
    }

    @Test func twentyProblemsAreToldAndTheRestCounted() {
        #expect(warning(problems: 20).count == 21)
        #expect(warning(problems: 20).last == "a.yaml:20:7: wrong")
        #expect(warning(problems: 21).count == 22)
        #expect(warning(problems: 21).last == "and 1 more")
    }

    @Test func aProblemIsALineOfBoundedLength() {
        let long = String(repeating: "x", count: 600)
        #expect(warning(problems: 1, text: long).last == "a.yaml:1:7: \(long)")
        #expect(warning(problems: 1, text: "\n\(long)").last?.hasSuffix("x…") == true)
    }
}
