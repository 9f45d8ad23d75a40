import Policy

@testable import Admission

/// What the wall clock reads where a test says nothing else: 2026-11-01T00:00:00Z.
let anyMoment = Moment(seconds: 1_793_491_200)

extension Reviewer {
    /// Reviews at a moment at which nothing in particular happens.
    func review<Result>(
        _ body: [UInt8], _ range: Range<Int>, report: (borrowing Decision) -> Result
    ) throws(InvalidReview) -> Result {
        try review(body, range, at: anyMoment, report: report)
    }
}
