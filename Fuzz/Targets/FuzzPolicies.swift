import Admission
import Document
import Policy
import Report

/// Whatever comes, the answer is an answer to the review that came, or the reason why there is
/// none; and the same whatever the reviewer reviewed before.
func fuzzReview(_ bytes: [UInt8], _ policies: PolicySet) {
    let fresh = review(bytes, by: Reviewer(policies: policies))
    let used = Reviewer(policies: policies)
    for sample in SampleReviews.all { _ = review(sample, by: used) }
    require(review(bytes, by: used) == fresh, "another answer after other reviews")
    switch fresh {
    case .failure(let reason):
        require(!reason.description.isEmpty, "refused without a reason")
    case .success(let answer):
        let uid = checkAnswer(answer)
        require(uid?.isEmpty == false, "an answer without a uid")
        // What a review's reader only skips may hold what a reader of everything refuses.
        let asked = Document()
        defer { withExtendedLifetime(asked) {} }
        guard (try? JSONReader.read(bytes, limits: .admission, into: asked)) != nil else { return }
        require(asked.root?["request"]?["uid"]?.string == uid, "the answer to another review")
    }
}

private func review(
    _ bytes: [UInt8], by reviewer: Reviewer
) -> Result<[UInt8], InvalidReview> {
    do throws(InvalidReview) {
        return .success(
            try reviewer.review(bytes, bytes.indices, at: sampleMoment) { decision in decision.body
            })
    } catch {
        return .failure(error)
    }
}

/// Returns the uid of what must be an answer.
@discardableResult
private func checkAnswer(_ answer: [UInt8]) -> String? {
    readOwnJSON(answer) { root in
        require(root["kind"]?.string == "AdmissionReview", "no AdmissionReview")
        let response = root["response"]
        let status = response?["status"]
        guard let isAllowed = response?["allowed"]?.boolean else { fatalError("no decision") }
        require(isAllowed == (status == nil), "a denial says why, and nothing else does")
        require(isAllowed || status?["message"]?.isEmptyString == false, "denied without a reason")
        return response?["uid"]?.string
    }
}

/// The parts of a reference lie in it, in their order.
func fuzzImage(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    _ = ImageReference.normalizedName(of: text)
    do throws(ImageReference.Problem) {
        let reference = try ImageReference(bytes.span)
        let parts = [reference.domain, reference.path, reference.tag, reference.digest]
            .compactMap { $0 }
        var end = 0
        for part in parts {
            require(part.lowerBound >= end && part.upperBound <= bytes.count, "misplaced")
            require(!part.isEmpty, "an empty part")
            end = part.upperBound
        }
        require(end == bytes.count, "a part of the reference has no name")
    } catch {
        require(!error.message.isEmpty, "refused without a reason")
    }
}

/// A policy file, as YAML and as JSON: what is read is read alike again, and can judge.
func fuzzPolicy(_ bytes: [UInt8]) {
    for name in ["policy.yaml", "policy.json"] {
        let file = PolicyFile(name: name, bytes: bytes)
        do throws(PolicyProblems) {
            let set = try PolicyReader.read([file], allowEmpty: true)
            require(set.policies.allSatisfy { !$0.name.isEmpty }, "a policy without a name")
            for exception in set.exceptions { require(exception) }
            let reviewer = Reviewer(policies: set)
            for sample in SampleReviews.all {
                guard case .success(let answer) = review(sample, by: reviewer) else {
                    fatalError("\(name) keeps a review from being read")
                }
                checkAnswer(answer)
            }
            var check = Check(policies: set, at: sampleMoment)
            check.judge(CheckSource(name: "<body>", bytes: SampleReviews.object, format: .json))
            require(check.finish().counts.problems == 0, "\(name) keeps a check from being made")
        } catch {
            require(!error.all.isEmpty, "refused without a reason")
            require(error.all.allSatisfy { !$0.message.isEmpty }, "refused without a reason")
        }
    }
}

/// An exception has an end and a reason, and excepts from policies that there are.
private func require(_ exception: PolicyException) {
    require(!exception.name.isEmpty && !exception.policies.isEmpty, "an exception from nothing")
    require(!exception.reason.allSatisfy(\.isWhitespace), "an exception without a reason")
    require(exception.state(at: exception.expiresAt) == .expired, "an exception without an end")
}
