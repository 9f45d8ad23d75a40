import Document
import Foundation
import Policy
import Testing

@testable import Admission

/// The answer: messages for people, causes for programs, warnings within Kubernetes' limits.
@Suite struct AdmissionResponseTests {
    static func pod(containers: Int, image: String = "nginx") -> String {
        let list = (0..<containers).map { #"{"name":"c\#($0)","image":"\#(image)"}"# }
        return #"{"metadata":{"name":"a"},"spec":{"containers":[\#(list.joined(separator: ","))]}}"#
    }

    static func answer(_ object: String, action: String, operation: String = "CREATE") throws
        -> Document
    {
        let text = ReviewerTests.review(ReviewerTests.members(object: object))
        let answer = try ReviewerTests.answer(text, policies: ReviewerTests.policies(action))
        let document = Document()
        try JSONReader.read(Array(answer.utf8), limits: .admission, into: document)
        return document
    }

    @Test func aDenialIsAStatusLikeTheServersOwn() throws {
        let text = ReviewerTests.review(ReviewerTests.members(object: Self.pod(containers: 1)))
        #expect(
            try ReviewerTests.answer(text)
                == #"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"#
                + #""uid":"\#(ReviewerTests.uid)","allowed":false,"status":{"status":"Failure","#
                + #""message":"image-digest: container \"c0\" has the image \"nginx\", which is "#
                + #"not pinned by a digest (spec.containers[0].image).\n  To fix: name it by its "#
                + #"digest: \"nginx@sha256:<digest>\"","reason":"Forbidden","details":{"#
                + #""name":"a","kind":"pods","causes":[{"reason":"image-digest","message":"#
                + #""container \"c0\" has the image \"nginx\", which is not pinned by a digest: "#
                + #"name it by its digest: \"nginx@sha256:<digest>\"","#
                + #""field":"spec.containers[0].image"}]},"code":403}}}"#)
    }

    /// All causes, but only three places in the message, which stays short.
    @Test func aLongMessageIsCutAndTheCausesAreNot() throws {
        let document = try Self.answer(Self.pod(containers: 40), action: "Deny")
        let status = try #require(document.root?["response"]?["status"])
        let message = try #require(status["message"]?.string)
        #expect(message.contains("(spec.containers[2].image); and 37 more.\n"))
        #expect(!message.contains("spec.containers[3]"))
        #expect(message.utf8.count <= 1024)
        #expect(status["details"]?["causes"]?.count == 40)
        #expect(document.root?["response"]?["warnings"] == nil)
    }

    /// Mounting a socket read-only would be denied again: each kind of field has its own remedy.
    @Test func eachKindOfFieldIsToldHowToBeMended() throws {
        let pod = """
            {"metadata":{"name":"a"},"spec":{"containers":[{"name":"a","volumeMounts":[\
            {"name":"v","mountPath":"/v"},{"name":"v","mountPath":"/w"}]}],\
            "volumes":[{"name":"v","hostPath":{"path":"/"}}]}}
            """
        let review = ReviewerTests.review(ReviewerTests.members(object: pod))
        let answer = try ReviewerTests.answer(
            review, policies: Self.policies(of: ["no-host-mutation"], action: "Deny"))
        #expect(
            answer.contains(
                #"\n  To fix: set readOnly: true on the mount; what must be written goes to an "#
                    + #"emptyDir or a PersistentVolumeClaim\n  To fix: remove the volume: whoever "#
                    + "reaches the socket, read-only or not,"))
    }

    /// Every rule that objects is named in the first line, wherever a tool cuts the rest.
    @Test func manyRulesBeginWithAnOverview() throws {
        let containers = (0..<40).map { #"{"name":"c\#($0)","image":"sshd"}"# }
        let pod = """
            {"metadata":{"name":"a"},"spec":{"nodeName":"n","containers":[\
            \(containers.joined(separator: ","))],"volumes":[{"name":"v",\
            "hostPath":{"path":"/run"}}]}}
            """
        let rules = RuleCatalogue.all.map { $0.id }
        let review = ReviewerTests.review(ReviewerTests.members(object: pod))
        let answer = try ReviewerTests.answer(
            review, policies: Self.policies(of: rules, action: "Deny"))
        #expect(
            answer.contains(
                #""message":"6 rules object: change-by-automation, image-digest (40), "#
                    + "no-host-mutation, no-ssh (40), read-only-root-filesystem (40), "
                    + #"replaceable-workload (2).\nchange-by-automation: "#))
        let causes = answer.components(separatedBy: #"{"reason":"#).count - 1
        #expect(causes == 124)
    }

    /// A loud rule does not silence the others.
    @Test func everyRuleWarns() throws {
        let containers = (0..<40).map { #"{"name":"c\#($0)","image":"sshd"}"# }
        let pod = """
            {"metadata":{"name":"a"},"spec":{"containers":[\(containers.joined(separator: ","))]}}
            """
        let review = ReviewerTests.review(ReviewerTests.members(object: pod))
        let answer = try ReviewerTests.answer(
            review,
            policies: Self.policies(
                of: ["image-digest", "no-ssh", "read-only-root-filesystem"], action: "Warn"))
        let warnings = answer.components(separatedBy: #""warnings":["#).last ?? ""
        let counts = ["image-digest: ", "no-ssh: ", "read-only-root-filesystem: "].map {
            warnings.components(separatedBy: #""\#($0)"#).count - 1
        }
        #expect(counts == [4, 3, 3])
        #expect(warnings.hasPrefix(#""image-digest: container \"c0\""#))
        #expect(warnings.contains("and 110 more violations of policies"))
    }

    static func policies(of rules: [String], action: String) throws -> PolicySet {
        let text = rules.map { rule in
            """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: \(rule)}
            spec: {rule: \(rule), validationActions: [\(action)]}
            """
        }
        let file = PolicyFile(
            name: "p.yaml", bytes: Array(text.joined(separator: "\n---\n").utf8))
        return try PolicyReader.read([file])
    }

    @Test(arguments: [
        (10, 10, "c9"), (11, 11, "and 1 more violation of policies"),
        (12, 11, "and 2 more violations of policies"),
    ])
    func warningsAreFewAndSaySo(containers: Int, count: Int, last: String) throws {
        let document = try Self.answer(Self.pod(containers: containers), action: "Warn")
        let response = try #require(document.root?["response"])
        #expect(response["allowed"]?.boolean == true)
        #expect(response["status"] == nil)
        let warnings = try #require(response["warnings"]).elements.compactMap(\.string)
        #expect(warnings.count == count)
        #expect(warnings.last?.contains(last) == true)
        #expect(warnings.allSatisfy { $0.utf8.count <= 256 })
    }

    /// The API server drops a warning with a control character, and cuts them all past 4,096.
    @Test func warningsAreOneLineWhateverTheObjectHolds() throws {
        let image = #"a\nb\t\u0000\u001b[31m\u2028\u202e"# + String(repeating: "x", count: 5000)
        let document = try Self.answer(Self.pod(containers: 20, image: image), action: "Warn")
        let warnings = try #require(document.root?["response"]?["warnings"])
            .elements.compactMap(\.string)
        #expect(warnings.count == 11)
        #expect(warnings.reduce(0) { $0 + $1.utf8.count } <= 4096)
        for scalar in warnings.joined().unicodeScalars {
            #expect(scalar.value >= 0x20 && scalar.value != 0x7F && scalar.value != 0x2028)
        }
    }

    @Test func auditActionsAnnotateAndDoNothingElse() throws {
        let document = try Self.answer(Self.pod(containers: 25), action: "Audit")
        let response = try #require(document.root?["response"])
        #expect(response["allowed"]?.boolean == true)
        #expect(response["warnings"] == nil)
        let text = try #require(response["auditAnnotations"]?["violations"]?.string)
        #expect(
            text.hasPrefix(
                #"image-digest: image-digest: container "c0" has the image "nginx", which is not "#
                    + "pinned by a digest (spec.containers[0].image); "))
        #expect(text.hasSuffix("; and 5 more"))
    }

    /// Policies of one rule by these names, of which each has the action beside it.
    static func answer(ofPolicies names: [(String, String)]) throws -> String {
        let text = names.map { name, action in
            """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: \(name)}
            spec: {rule: image-digest, validationActions: [\(action)]}
            """
        }.joined(separator: "\n---\n")
        let policies = try PolicyReader.read([
            PolicyFile(name: "p.yaml", bytes: Array(text.utf8))
        ])
        let review = ReviewerTests.review(ReviewerTests.members(object: Self.pod(containers: 1)))
        return try ReviewerTests.answer(review, policies: policies)
    }

    /// Two policies of one rule: one warning, which names both.
    @Test func equalWarningsAreGivenOnce() throws {
        #expect(
            try Self.answer(ofPolicies: [("b", "Warn"), ("a", "Warn"), ("c", "Audit")]).contains(
                #""warnings":["image-digest (policies a, b): container \"c0\" has the image "#
                    + #"\"nginx\", which is not pinned by a digest"]"#))
    }

    /// What several policies object to is one place of the message, and a cause for each of them.
    @Test func equalViolationsAreToldOnce() throws {
        let answer = try Self.answer(
            ofPolicies: [("a", "Deny"), ("b", "Deny"), ("c", "Deny"), ("d", "Deny"), ("e", "Warn")])
        #expect(
            answer.contains(
                #""message":"image-digest (policies a, b, c and 1 more): container \"c0\" has the "#
                    + #"image \"nginx\", which is not pinned by a digest "#
                    + #"(spec.containers[0].image).\n  To fix: name it"#))
        #expect(answer.components(separatedBy: #"{"reason":"#).count - 1 == 4)
    }

    /// Of a rule with several checks each one that is named says how to mend it.
    @Test func everyCheckHasItsFix() throws {
        let pod = #"{"metadata":{"name":"a"},"spec":{"nodeName":"n","hostname":"h"}}"#
        let review = ReviewerTests.review(ReviewerTests.members(object: pod))
        let answer = try ReviewerTests.answer(
            review, policies: Self.policies(of: ["replaceable-workload"], action: "Deny"))
        let message = try #require(answer.components(separatedBy: #""details""#).first)
        #expect(message.components(separatedBy: #"\n  To fix: "#).count - 1 == 3)
        #expect(message.contains(#"\n  To fix: leave nodeName to the scheduler; "#))
        #expect(message.contains(#"\n  To fix: leave hostname out; "#))
    }

    @Test func breakGlassIsWarnedOfAndAudited() throws {
        let text = """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: shells}
            spec:
              rule: no-exec
              validationActions: [Deny]
              parameters: {allowedGroups: ["break-*"]}
            """
        let policies = try PolicyReader.read([
            PolicyFile(name: "p.yaml", bytes: Array(text.utf8))
        ])
        let body = try ScenarioTests.body("exec-by-break-glass.json")
        let reviewer = Reviewer(policies: policies)
        let answer = try reviewer.review(body, body.indices) {
            String(decoding: $0.body, as: UTF8.self)
        }
        let act =
            #"user \"oncall@example.com\" of group \"break-glass\" may run \"ls\" in container "#
        let place = #"\"web\" of the running Pod \"p-good\""#
        let annotation = #""auditAnnotations":{"break-glass":"shells: \#(act)\#(place)"}"#
        let warning = #""warnings":["break-glass: \#(act)\#(place)"]"#
        #expect(answer.hasSuffix(#""allowed":true,\#(annotation),\#(warning)}}"#))
    }
}
