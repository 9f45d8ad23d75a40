package import Document
package import Policy

/// Reviews requests one after another: bytes in, bytes out, no IO, no clock of its own.
///
/// Each admission loop has one of its own and reads into the same memory again and again.
package final class Reviewer {
    /// The policies in force; they may be replaced between reviews.
    package var policies: PolicySet
    private let limits: ReadingLimits
    private let document = Document()
    private var memory = EvaluationMemory()

    /// Nodes beyond this many are given back after a review: 64 KiB stay.
    private static let keptNodes = 4096

    /// Makes a reviewer.
    package init(policies: PolicySet, limits: ReadingLimits = .admission) {
        self.policies = policies
        self.limits = limits
    }

    /// Reviews the AdmissionReview that lies in `range` of `body`, at a moment of the wall clock,
    /// and calls `report` with the decision, whose nodes live only as long as that call.
    package func review<Result>(
        _ body: [UInt8], _ range: Range<Int>, at moment: Moment,
        report: (borrowing Decision) -> Result
    ) throws(InvalidReview) -> Result {
        // Behind the decision's end, so that nobody else has its memory.
        defer {
            document.release(keepingNodes: Self.keptNodes)
            memory.removeAll()
        }
        return try decide(body, range, at: moment, report: report)
    }

    private func decide<Result>(
        _ body: [UInt8], _ range: Range<Int>, at moment: Moment,
        report: (borrowing Decision) -> Result
    ) throws(InvalidReview) -> Result {
        let review = try AdmissionReviewReader.read(
            body, range, into: document, policies: policies, limits: limits)
        let verdict = policies.evaluate(review.subject, at: moment, using: &memory)
        return report(
            Decision(
                uid: review.uid, subject: review.subject, verdict: verdict,
                body: AdmissionResponse(to: review, verdict).write()))
    }
}

/// What was decided, for the answer, the log and the metrics.
package struct Decision {
    /// The review's id.
    package let uid: Node
    /// Who does what to which object.
    package let subject: Subject
    /// What the policies say.
    package let verdict: Verdict
    /// The body of the answer.
    package let body: [UInt8]
}
