import Document
import Policy
import Testing

@testable import Admission

/// What the API server is told of exceptions.
@Suite struct ExceptionResponseTests {
    /// `image-digest` denies; these are exceptions from it, as lines of a `match` and a reason.
    private static func policies(
        _ exceptions: (match: String, reason: String)..., action: String = "Deny"
    ) throws -> PolicySet {
        let policy = """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: pinned}
            spec: {rule: image-digest, validationActions: [\(action)]}
            """
        let texts = exceptions.enumerated().map { index, exception in
            """
            apiVersion: cattleguard.dev/v1
            kind: PolicyException
            metadata: {name: e\(index)}
            spec:
              policies: [pinned]
              match: {\(exception.match)}
              reason: "\(exception.reason)"
              expiresAt: 2026-12-01T00:00:00Z
            """
        }
        let text = ([policy] + texts).joined(separator: "\n---\n")
        return try PolicyReader.read([PolicyFile(name: "p.yaml", bytes: Array(text.utf8))])
    }

    private static func review(_ images: String...) -> String {
        let containers = images.map { #"{"name":"c","image":"\#($0)"}"# }
        let list = containers.joined(separator: ",")
        return ReviewerTests.review(
            ReviewerTests.members(
                object: #"{"metadata":{"name":"a"},"spec":{"containers":[\#(list)]}}"#))
    }

    private static let uid = ReviewerTests.uid

    @Test func anExceptionIsNamedInTheAuditAnnotations() throws {
        let policies = try Self.policies((match: "names: [a]", reason: "INC-1: no digest yet"))
        let answer =
            #"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"#
            + #""uid":"\#(Self.uid)","allowed":true,"auditAnnotations":{"#
            + #""exceptions":"e0: pinned: image-digest: INC-1: no digest yet"}}}"#
        #expect(try ReviewerTests.answer(Self.review("nginx"), policies: policies) == answer)
        // The same for several violations alike, and for a retry.
        #expect(
            try ReviewerTests.answer(Self.review("nginx", "redis"), policies: policies) == answer)
    }

    @Test(arguments: ["Warn", "Audit"])
    func whatIsExceptedIsNeitherWarnedOfNorAudited(action: String) throws {
        let policies = try Self.policies((match: "names: [a]", reason: "r"), action: action)
        let answer = try ReviewerTests.answer(Self.review("nginx"), policies: policies)
        #expect(
            answer.hasSuffix(
                #""allowed":true,"auditAnnotations":{"exceptions":"e0: pinned: image-digest: r"}}}"#
            ))
    }

    /// A denial tells of what denies, and the audit log of what was let pass beside it.
    @Test func aDenialBesideAnException() throws {
        let policies = try Self.policies((match: "images: ['*/nginx']", reason: "r"))
        let answer = try ReviewerTests.answer(
            Self.review("nginx", "redis"), policies: policies)
        #expect(answer.contains(#""allowed":false"#))
        #expect(answer.contains(#""field":"spec.containers[1].image""#))
        #expect(!answer.contains(#""field":"spec.containers[0].image""#))
        #expect(
            answer.contains(#""auditAnnotations":{"exceptions":"e0: pinned: image-digest: r"}"#))
    }

    @Test func severalExceptionsAndALongReason() throws {
        let reason = String(repeating: "r", count: PolicyException.shownReason)
        let policies = try Self.policies(
            (match: "images: ['*/nginx']", reason: reason),
            (match: "images: ['*/redis']", reason: reason + "s"))
        let answer = try ReviewerTests.answer(
            Self.review("redis", "nginx"), policies: policies)
        let cut = reason.dropLast(3) + "…"
        #expect(
            answer.contains(
                #""exceptions":"e1: pinned: image-digest: \#(cut); e0: pinned: image-digest: "#
                    + #"\#(reason)"}"#))
    }

    @Test(arguments: [(20, ""), (21, "; and 1 more")])
    func anAnnotationNamesTwentyUses(count: Int, end: String) throws {
        let images = (0..<count).map { "i\($0)" }
        let policy = """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: pinned}
            spec: {rule: image-digest, validationActions: [Deny]}
            """
        let exceptions = images.map { image in
            """
            apiVersion: cattleguard.dev/v1
            kind: PolicyException
            metadata: {name: e-\(image)}
            spec:
              policies: [pinned]
              match: {images: ["*/\(image)"]}
              reason: r
              expiresAt: 2026-12-01T00:00:00Z
            """
        }
        let text = ([policy] + exceptions).joined(separator: "\n---\n")
        let policies = try PolicyReader.read([
            PolicyFile(name: "p.yaml", bytes: Array(text.utf8))
        ])
        let list = images.map { #"{"name":"c","image":"\#($0)"}"# }.joined(separator: ",")
        let answer = try ReviewerTests.answer(
            ReviewerTests.review(
                ReviewerTests.members(
                    object: #"{"metadata":{"name":"a"},"spec":{"containers":[\#(list)]}}"#)),
            policies: policies)
        #expect(answer.contains(#"; e-i19: pinned: image-digest: r\#(end)"}}}"#))
    }

    /// The moment is the caller's: at the end the same review is denied.
    @Test func theClockIsInjected() throws {
        let policies = try Self.policies((match: "names: [a]", reason: "r"))
        let reviewer = Reviewer(policies: policies)
        let bytes = Array(Self.review("nginx").utf8)
        let end = try Moment(rfc3339: "2026-12-01T00:00:00Z")
        for (moment, isAllowed) in [
            (Moment(seconds: end.seconds - 1, nanoseconds: 999_999_999), true), (end, false),
        ] {
            let answer = try reviewer.review(bytes, bytes.indices, at: moment) {
                $0.verdict.isAllowed
            }
            #expect(answer == isAllowed)
        }
    }
}
