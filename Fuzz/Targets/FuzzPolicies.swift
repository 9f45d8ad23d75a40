import Admission
import Document
import Policy
import Report

/// When everything is judged: 2026-11-01T00:00:00Z.
private let moment = Moment(seconds: 1_793_491_200)

/// Whatever comes, the answer is a review's answer, or the reason why there is none.
func fuzzReview(_ bytes: [UInt8], _ policies: PolicySet) {
    let reviewer = Reviewer(policies: policies)
    do throws(InvalidReview) {
        let answer = try reviewer.review(bytes, 0..<bytes.count, at: moment) { decision in
            decision.body
        }
        let document = Document()
        do throws(DocumentError) {
            try JSONReader.read(answer, limits: .admission, into: document)
        } catch {
            fatalError("the answer is no JSON: \(error)")
        }
        let response = document.root?["response"]
        require(response?["uid"]?.string?.isEmpty == false, "an answer without a uid")
        require(response?["allowed"]?.boolean != nil, "an answer without a decision")
    } catch {
        require(!error.description.isEmpty, "refused without a reason")
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

/// A policy file, as YAML and as JSON.
func fuzzPolicy(_ bytes: [UInt8]) {
    for name in ["policy.yaml", "policy.json"] {
        do throws(PolicyProblems) {
            let set = try PolicyReader.read(
                [PolicyFile(name: name, bytes: bytes)], allowEmpty: true)
            require(set.policies.allSatisfy { !$0.name.isEmpty }, "a policy without a name")
            for exception in set.exceptions { require(exception) }
        } catch {
            require(!error.all.isEmpty, "refused without a reason")
        }
    }
}

/// An exception has an end and a reason, and excepts from policies that there are.
private func require(_ exception: PolicyException) {
    require(!exception.name.isEmpty && !exception.policies.isEmpty, "an exception from nothing")
    require(!exception.reason.allSatisfy(\.isWhitespace), "an exception without a reason")
    require(exception.state(at: exception.expiresAt) == .expired, "an exception without an end")
}

/// Manifests in both languages, reported in every format.
func fuzzCheck(_ bytes: [UInt8], _ policies: PolicySet) {
    for format in [CheckSource.Format.yaml, .json] {
        var check = Check(policies: policies, at: moment, namespace: "default")
        check.judge(CheckSource(name: "<body>", bytes: bytes, format: format))
        let report = check.finish()
        for writer in ReportFormats.all { _ = writer.write(report) }
    }
}
