import Document
import Policy
import Testing

@testable import Admission

/// The envelope: what is read, what is refused, and with which words.
@Suite struct ReviewerTests {
    static let uid = "705ab4f5-6393-11e8-b7cc-42010a800002"

    /// A policy of `image-digest` and one of `no-exec`, both denying.
    static func policies(_ action: String = "Deny", match: String = "{}") throws -> PolicySet {
        let text = ["image-digest", "no-exec"].map { rule in
            """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: \(rule)}
            spec: {rule: \(rule), validationActions: [\(action)], match: \(match)}
            """
        }.joined(separator: "\n---\n")
        return try PolicyReader.read([PolicyFile(name: "p.yaml", bytes: Array(text.utf8))])
    }

    /// The members of a request for a Pod, in the API server's order.
    static func members(object: String) -> [String] {
        [
            #""uid":"\#(uid)""#, #""kind":{"group":"","version":"v1","kind":"Pod"}"#,
            #""resource":{"group":"","version":"v1","resource":"pods"}"#,
            #""name":"a""#, #""namespace":"shop""#, #""operation":"CREATE""#,
            #""userInfo":{"username":"alice","groups":["dev"]}"#, #""object":\#(object)"#,
            #""oldObject":null"#, #""dryRun":false"#, #""options":null"#,
        ]
    }

    static let badPod =
        #"{"metadata":{"name":"a"},"spec":{"containers":[{"name":"web","image":"nginx"}]}}"#

    static func review(_ members: [String], version: String = "admission.k8s.io/v1") -> String {
        #"{"kind":"AdmissionReview","apiVersion":"\#(version)","request":{"#
            + members.joined(separator: ",") + "}}"
    }

    static func answer(
        _ text: String, limits: ReadingLimits = .admission, policies: PolicySet? = nil
    ) throws -> String {
        let bytes = Array(text.utf8)
        let reviewer = Reviewer(policies: try policies ?? self.policies(), limits: limits)
        return try reviewer.review(bytes, bytes.indices) {
            String(decoding: $0.body, as: UTF8.self)
        }
    }

    static func refusal(_ text: String) throws -> String? {
        do {
            _ = try answer(text)
            return nil
        } catch let error as InvalidReview {
            return error.description
        }
    }

    // MARK: Answers

    @Test(arguments: ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"])
    func answersInTheVersionThatCame(_ version: String) throws {
        let text = Self.review(Self.members(object: "null"), version: version)
        #expect(
            try Self.answer(text) == #"{"apiVersion":"\#(version)","kind":"AdmissionReview","#
                + #""response":{"uid":"\#(Self.uid)","allowed":true}}"#)
    }

    @Test func echoesAnUidWithEscapesAsItCame() throws {
        let text = Self.review(Self.members(object: "null"))
            .replacing(Self.uid, with: #"a\u0041\"\ud83d\ude00"#)
        #expect(try Self.answer(text).contains(#""uid":"a\u0041\"\ud83d\ude00","allowed":true"#))
    }

    @Test func findsTheReviewInTheMiddleOfABuffer() throws {
        let text = Self.review(Self.members(object: Self.badPod))
        let bytes = Array("POST /validate\r\n\r\n".utf8) + Array(text.utf8) + Array("POST".utf8)
        let reviewer = Reviewer(policies: try Self.policies())
        let isAllowed = try reviewer.review(bytes, 18..<bytes.count - 4) { $0.verdict.isAllowed }
        #expect(!isAllowed)
    }

    /// The API server's order lets an object be skipped; any other order must decide alike.
    @Test(arguments: 0..<60)
    func decidesAlikeInEveryOrderOfMembers(seed: Int) throws {
        var generator = SplitMix(state: UInt64(seed))
        let members = Self.members(object: Self.badPod).shuffled(using: &generator)
        #expect(try Self.answer(Self.review(members)).contains(#""allowed":false"#))
    }

    /// With these policies a ConfigMap concerns nobody, until the kind that follows says Pod.
    @Test func readsAnObjectAgainWhenItsKindComesLate() throws {
        var members = Self.members(object: Self.badPod)
        members.append(members.remove(at: 1))
        #expect(try Self.answer(Self.review(members)).contains(#""allowed":false"#))
    }

    @Test func readsAnObjectAgainWhenItsSubresourceComesLate() throws {
        var members = Self.members(object: Self.badPod)
        members.append(#""subResource":"status""#)
        #expect(try Self.answer(Self.review(members)).contains(#""allowed":true"#))
        members[members.count - 1] = #""subResource":"ephemeralcontainers""#
        #expect(try Self.answer(Self.review(members)).contains(#""allowed":false"#))
    }

    // MARK: Refusals

    @Test(arguments: [
        (
            "",
            "the body is no AdmissionReview: line 1, column 1: expected a value, "
                + "found the end of the text"
        ),
        ("[]", "the body is an array; expected an AdmissionReview object"),
        ("{}", #"kind is missing; expected "AdmissionReview""#),
        (#"{"kind":"Pod"}"#, #"kind is "Pod"; expected "AdmissionReview""#),
        (
            #"{"kind":"AdmissionReview"}"#,
            #"apiVersion is missing; expected "admission.k8s.io/v1" or "admission.k8s.io/v1beta1""#
        ),
        (
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v2"}"#,
            #"apiVersion is "admission.k8s.io/v2"; expected "admission.k8s.io/v1" or "#
                + #""admission.k8s.io/v1beta1""#
        ),
        (
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}"#,
            "request is missing; expected an object"
        ),
        (
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":null}"#,
            "request is missing; expected an object"
        ),
        (
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":7}"#,
            "request is a number; expected an object"
        ),
        (
            #"{"kind":1,"kind":2}"#,
            "the body is no AdmissionReview: line 1, column 11: "
                + #"the name "kind" stands twice in one object"#
        ),
        (
            "{} x",
            "the body is no AdmissionReview: line 1, column 4: "
                + "expected the end of the text, found 'x'"
        ),
    ])
    func refusesWhatIsNoReview(text: String, message: String) throws {
        let refusal = try Self.refusal(text)
        #expect(refusal == message)
    }

    @Test(arguments: [
        (0, "", "request.uid is missing; expected a string that is not empty"),
        (0, #""uid":"""#, #"request.uid is ""; expected a string that is not empty"#),
        (0, #""uid":7"#, "request.uid is a number; expected a string that is not empty"),
        (1, "", "request.kind.kind is missing; expected a string that is not empty"),
        (1, #""kind":{"kind":{}}"#, "request.kind.kind is an object; expected a string"),
        (2, "", "request.resource.resource is missing; expected a string that is not empty"),
        (3, #""name":["a"]"#, "request.name is an array; expected a string"),
        (4, #""namespace":1"#, "request.namespace is a number; expected a string"),
        (5, "", "request.operation is missing; expected CREATE, UPDATE, DELETE or CONNECT"),
        (
            5, #""operation":"PATCH""#,
            #"request.operation is "PATCH"; expected CREATE, UPDATE, DELETE or CONNECT"#
        ),
        (6, #""userInfo":"alice""#, #"request.userInfo is "alice"; expected an object"#),
        (
            6, #""userInfo":{"groups":"dev"}"#,
            #"request.userInfo.groups is "dev"; expected an array"#
        ),
    ])
    func refusesAnEnvelopeThatSaysTooLittle(index: Int, member: String, message: String) throws {
        var members = Self.members(object: Self.badPod)
        members.remove(at: index)
        if !member.isEmpty { members.insert(member, at: index) }
        let refusal = try Self.refusal(Self.review(members))
        #expect(refusal == message)
    }

    @Test func refusesAMemberThatStandsTwice() throws {
        let members = Self.members(object: Self.badPod) + [#""operation":"DELETE""#]
        let refusal = try Self.refusal(Self.review(members))
        #expect(refusal?.hasSuffix(#"the name "operation" stands twice in one object"#) == true)
        let twoObjects = Self.members(object: Self.badPod) + [#""object":null"#]
        #expect(
            try Self.refusal(Self.review(twoObjects))?
                .hasSuffix(#"the name "object" stands twice in one object"#) == true)
    }

    /// No beginning of a review is one, and none of them does harm.
    @Test func refusesEveryTruncation() throws {
        let text = Self.review(Self.members(object: Self.badPod))
        for count in 0..<text.utf8.count {
            #expect(try Self.refusal(String(text.prefix(count))) != nil)
        }
    }

    // MARK: What the object caused

    static func nested(_ depth: Int) -> String {
        #"{"spec":{"x":"# + String(repeating: "[", count: depth - 2)
            + String(repeating: "]", count: depth - 2) + "}}"
    }

    @Test func judgesAnObjectAtTheDepthLimitAndNotOnePast() throws {
        let limits = ReadingLimits(depth: 20, nodes: 1000)
        let atLimit = Self.review(Self.members(object: Self.nested(20)))
        #expect(try Self.answer(atLimit, limits: limits).contains(#""allowed":true"#))
        let onePast = Self.review(Self.members(object: Self.nested(21)))
        let answer = try Self.answer(onePast, limits: limits)
        #expect(answer.contains(#""reason":"unreadable-object""#))
        #expect(answer.contains("the object cannot be judged: nested more than 20 levels deep"))
        #expect(answer.contains(#""causes":[{"reason":"unreadable-object","#))
    }

    @Test func countsNodesExactly() throws {
        // An array's own node and one for each element; the envelope before it takes 30.
        func pod(_ elements: Int) -> String {
            "{\"spec\":{\"x\":[" + Array(repeating: "1", count: elements).joined(separator: ",")
                + "]}}"
        }
        let limits = ReadingLimits(depth: 20, nodes: 100)
        var unreadableFrom: Int?
        for elements in 1..<100 where unreadableFrom == nil {
            let text = Self.review(Self.members(object: pod(elements)))
            if try Self.answer(text, limits: limits).contains("unreadable-object") {
                unreadableFrom = elements
            }
        }
        let found = try #require(unreadableFrom)
        let text = Self.review(Self.members(object: pod(found)))
        #expect(
            try Self.answer(text, limits: limits)
                .contains("the object cannot be judged: more than 100 keys and values"))
    }

    @Test func judgesDuplicateNamesInAnObjectAsUnreadable() throws {
        let pod = #"{"spec":{"containers":[{"image":"a@sha256:1","image":"nginx"}]}}"#
        let answer = try Self.answer(Self.review(Self.members(object: pod)))
        #expect(
            answer.contains(
                #"the object cannot be judged: the name \"image\" stands twice in one object"#))
    }

    @Test func neverTouchesAnObjectThatNoPolicyConcerns() throws {
        let limits = ReadingLimits(depth: 20, nodes: 1000)
        let policies = try Self.policies(match: "{namespaces: [bank]}")
        let text = Self.review(Self.members(object: Self.nested(21)))
        let answer = try Self.answer(text, limits: limits, policies: policies)
        #expect(answer.contains(#""allowed":true"#))
    }

    @Test func anAdvisoryPolicyWarnsOfAnUnreadableObject() throws {
        let limits = ReadingLimits(depth: 20, nodes: 1000)
        let text = Self.review(Self.members(object: Self.nested(21)))
        let answer = try Self.answer(text, limits: limits, policies: Self.policies("Warn"))
        #expect(
            answer.contains(
                #""allowed":true,"warnings":["unreadable-object (policy image-digest): the "#
                    + #"object cannot be judged: nested more than 20 levels deep"]"#))
    }

    /// An old object past a limit forgives nothing, and does not hide the new one.
    @Test func judgesTheNewObjectWhereTheOldIsPastALimit() throws {
        let limits = ReadingLimits(depth: 20, nodes: 1000)
        var members = Self.members(object: Self.badPod)
        members[5] = #""operation":"UPDATE""#
        members[8] = #""oldObject":\#(Self.nested(21))"#
        let answer = try Self.answer(Self.review(members), limits: limits)
        #expect(answer.contains(#""reason":"image-digest""#))
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
