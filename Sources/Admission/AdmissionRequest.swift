internal import Document
internal import Policy

/// The member `request` of a review: its fields, each checked for its type.
struct AdmissionRequest {
    private let node: Node

    init(_ node: Node) throws(InvalidReview) {
        guard node.kind == .object else {
            throw InvalidReview("request is \(node.kind.phrase); expected an object")
        }
        self.node = node
    }

    /// The id of this round trip, which the answer must repeat.
    func uid() throws(InvalidReview) -> Node {
        guard let uid = node["uid"], uid.kind == .string, !uid.isEmptyString else {
            throw InvalidReview(
                "request.uid is \(Self.found(node["uid"])); expected a string that is not empty")
        }
        return uid
    }

    /// Who does what, without the objects.
    func subject() throws(InvalidReview) -> Subject {
        let kind = node["kind"]
        let subject = Subject(
            operation: try operation(),
            kind: GroupKind(
                kind?["group"]?.string ?? "",
                try requiredText("request.kind.kind", kind?["kind"])),
            isRequest: true)
        let resource = node["resource"]
        subject.resource = try requiredText("request.resource.resource", resource?["resource"])
        subject.resourceGroup = resource?["group"]?.string ?? ""
        subject.subresource = try text("request.subResource", node.present("subResource"))
        subject.namespace = try text("request.namespace", node.present("namespace"))
        subject.requestName = try typed("request.name", node.present("name"), .string)
        let user = try typed("request.userInfo", node.present("userInfo"), .object)
        subject.user = try typed("request.userInfo.username", user?.present("username"), .string)
        subject.groups = try typed("request.userInfo.groups", user?.present("groups"), .array)
        return subject
    }

    private func operation() throws(InvalidReview) -> Subject.Operation {
        let operation = node["operation"]
        for known in Subject.Operation.allCases where operation?.equals(known.rawValue) ?? false {
            return known
        }
        throw InvalidReview(
            "request.operation is \(Self.found(operation)); "
                + "expected CREATE, UPDATE, DELETE or CONNECT")
    }

    private func requiredText(_ field: String, _ value: Node?) throws(InvalidReview) -> String {
        let text = try text(field, value)
        if !text.isEmpty { return text }
        throw InvalidReview(
            "\(field) is \(Self.found(value)); expected a string that is not empty")
    }

    private func text(_ field: String, _ value: Node?) throws(InvalidReview) -> String {
        try typed(field, value, .string)?.string ?? ""
    }

    private func typed(
        _ field: String, _ value: Node?, _ kind: Node.Kind
    ) throws(InvalidReview) -> Node? {
        guard let value, value.kind != kind else { return value }
        throw InvalidReview("\(field) is \(Self.found(value)); expected \(kind.phrase)")
    }

    /// A value as a message shows it.
    static func found(_ value: Node?) -> String {
        guard let value else { return "missing" }
        return value.string.map { "\"\($0.readable(limit: 80))\"" } ?? value.kind.phrase
    }
}

extension AdmissionReview.Version {
    /// The version of the envelope `root`, which must be an AdmissionReview.
    init(of root: Node) throws(InvalidReview) {
        guard root.kind == .object else {
            throw InvalidReview(
                "the body is \(root.kind.phrase); expected an AdmissionReview object")
        }
        guard root["kind"]?.equals("AdmissionReview") == true else {
            let found = AdmissionRequest.found(root["kind"])
            throw InvalidReview("kind is \(found); expected \"AdmissionReview\"")
        }
        let apiVersion = root["apiVersion"]
        for version in Self.allCases where apiVersion?.equals(version.rawValue) ?? false {
            self = version
            return
        }
        let versions = Self.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        throw InvalidReview(
            "apiVersion is \(AdmissionRequest.found(apiVersion)); expected \(versions)")
    }
}
