import Document
import Testing

@testable import Policy

/// A digest that every rule accepts.
let digest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)

/// The first document of a YAML text.
func tree(_ yaml: String) throws -> Node {
    let document = Document.kept()
    let reader = YAMLReader(Array(yaml.utf8), limits: .manifestYAML)
    _ = try reader.next(into: document)
    return try #require(document.root)
}

/// A set of policies from the text of one file.
func policySet(yaml: String, enforcement: Enforcement = .declared) throws -> PolicySet {
    try PolicyReader.read(
        [PolicyFile(name: "policies.yaml", bytes: Array(yaml.utf8))], enforcement: enforcement)
}

/// One policy that denies; `spec` holds further lines of its `spec`.
func policySet(
    _ rule: String, _ spec: String..., enforcement: Enforcement = .declared
) throws -> PolicySet {
    let lines = ["rule: \(rule)", "validationActions: [Deny]"] + spec
    return try policySet(
        yaml:
            """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: under-test}
            spec:
            \(lines.map { "  \($0)" }.joined(separator: "\n"))
            """, enforcement: enforcement)
}

/// The problems of policy files that must not load, one a line.
func problems(_ files: (name: String, text: String)...) -> [String] {
    do throws(PolicyProblems) {
        let set = try PolicyReader.read(
            files.map { PolicyFile(name: $0.name, bytes: Array($0.text.utf8)) })
        return ["loaded \(set.policies.count) policies"]
    } catch {
        return error.all.map(\.description)
    }
}

/// What the wall clock reads where a test says nothing else: 2026-11-01T00:00:00Z.
let anyMoment = Moment(seconds: 1_793_491_200)

extension PolicySet {
    /// Judges a subject at a moment at which nothing in particular happens.
    func evaluate(_ subject: Subject) -> Verdict { evaluate(subject, at: anyMoment) }
}

/// A subject of a manifest outside a cluster, or of an AdmissionReview.
func subject(_ yaml: String) throws -> Subject {
    let root = try tree(yaml)
    if root["kind"]?.equals("AdmissionReview") == true, let request = root["request"] {
        return subject(ofRequest: request)
    }
    let subject = Subject(operation: .create, kind: kind(of: root), isRequest: false)
    subject.namespace = root["metadata"]?["namespace"]?.string ?? "default"
    subject.object = root
    return subject
}

private func subject(ofRequest request: Node) -> Subject {
    func text(_ node: Node?) -> String { node?.string ?? "" }
    let kind = request["kind"]
    let subject = Subject(
        operation: Subject.Operation(rawValue: text(request["operation"])) ?? .create,
        kind: GroupKind(text(kind?["group"]), text(kind?["kind"])), isRequest: true)
    subject.resourceGroup = text(request["resource"]?["group"])
    subject.resource = text(request["resource"]?["resource"])
    subject.subresource = text(request["subResource"])
    subject.requestName = request["name"]
    subject.namespace = text(request["namespace"])
    subject.user = request["userInfo"]?["username"]
    subject.groups = request["userInfo"]?["groups"]
    subject.object = request.present("object")
    subject.oldObject = request.present("oldObject")
    return subject
}

private func kind(of root: Node) -> GroupKind {
    GroupKind(
        apiVersion: root["apiVersion"]?.string ?? "", kind: root["kind"]?.string ?? "")
}

/// A request that creates, or changes, an object.
func request(
    _ operation: Subject.Operation, _ object: String?, old: String? = nil,
    subresource: String = ""
) throws -> Subject {
    let object = try object.map(tree)
    let old = try old.map(tree)
    let kind = (object ?? old).map(kind(of:)) ?? .pod
    let subject = Subject(operation: operation, kind: kind, isRequest: true)
    subject.resource = kind.kind.lowercased() + "s"
    subject.subresource = subresource
    subject.namespace = (object ?? old)?["metadata"]?["namespace"]?.string ?? "shop"
    subject.user = try tree("alice@example.com")
    subject.groups = try tree("[developers]")
    subject.object = object
    subject.oldObject = old
    return subject
}

/// A CONNECT to `pods/exec`, whose options are YAML.
func exec(_ options: String, subresource: String = "exec") throws -> Subject {
    let kind = subresource == "attach" ? "PodAttachOptions" : "PodExecOptions"
    let subject = Subject(operation: .connect, kind: GroupKind("", kind), isRequest: true)
    subject.resource = "pods"
    subject.subresource = subresource
    subject.namespace = "shop"
    subject.requestName = try tree("web")
    subject.user = try tree("alice@example.com")
    subject.groups = try tree("[developers]")
    subject.object = try tree(options)
    return subject
}

extension Verdict {
    /// What is wrong, as fixtures say it: `path: message`, or the message where there is no path.
    var lines: [String] {
        violations.map { violation in
            violation.path == .root ? violation.message : "\(violation.path): \(violation.message)"
        }
    }
}
