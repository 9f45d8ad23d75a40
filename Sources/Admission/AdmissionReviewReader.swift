package import Document
package import Policy

/// Reads one AdmissionReview from JSON.
///
/// An object that no policy concerns is validated and skipped. The API server writes what decides
/// that before the objects; where somebody else does not, everything is read again in full.
package struct AdmissionReviewReader {
    /// Which of the two objects are read into the tree.
    private enum Objects {
        /// Those that a policy may ask for, by what is known before them.
        case whatPoliciesConcern
        /// Both.
        case both
        /// The new one alone: the stored one is past a limit.
        case newOnly
        /// Neither: the new one is past a limit.
        case neither
    }

    /// The members of `request`, in the order in which the API server writes them.
    private enum Member: Int {
        case uid, kind, resource, subResource, requestKind, requestResource, requestSubResource
        case name, namespace, operation, userInfo, object, oldObject, dryRun, options

        static let count = 15

        /// Whether nothing that is decided depends on it.
        var isSkipped: Bool {
            switch self {
            case .requestKind, .requestResource, .requestSubResource, .dryRun, .options: true
            default: false
            }
        }

        var key: String {
            switch self {
            case .uid: "uid"
            case .kind: "kind"
            case .resource: "resource"
            case .subResource: "subResource"
            case .requestKind: "requestKind"
            case .requestResource: "requestResource"
            case .requestSubResource: "requestSubResource"
            case .name: "name"
            case .namespace: "namespace"
            case .operation: "operation"
            case .userInfo: "userInfo"
            case .object: "object"
            case .oldObject: "oldObject"
            case .dryRun: "dryRun"
            case .options: "options"
            }
        }
    }

    private let policies: PolicySet
    private let document: Document
    private let limits: ReadingLimits
    private let objects: Objects
    private var reader: JSONReader

    private var apiVersion: Node?
    private var kind: Node?
    private var hasRequest = false
    /// The values of `request`; nil for what is absent or was not read.
    private var values = InlineArray<15, Node?>(repeating: nil)
    /// A bit for each member that came.
    private var seen: UInt16 = 0
    /// The member being read, for what is done about an error in it.
    private var current: Member?
    /// Whether something came after the objects that `known` should have held.
    private var isMisread = false
    /// Who does what, as far as it was known before the first object.
    private var known: Subject?

    /// No rule reads these, and together they are half of a usual review.
    private static let omitted = [
        JSONReader.OmittedMember("status"),
        JSONReader.OmittedMember("managedFields", in: "metadata"),
    ]
    private static let omittedOfUser = [JSONReader.OmittedMember("extra")]

    private init(
        _ document: Document, _ policies: PolicySet, _ limits: ReadingLimits, _ objects: Objects
    ) {
        self.document = document
        self.policies = policies
        self.limits = limits
        self.objects = objects
        reader = JSONReader(document, limits: limits)
    }

    /// Reads the review that lies in `range` of `text`.
    package static func read(
        _ text: [UInt8], _ range: Range<Int>, into document: Document, policies: PolicySet,
        limits: ReadingLimits
    ) throws(InvalidReview) -> AdmissionReview {
        var objects = Objects.whatPoliciesConcern
        var unreadable: UnreadableObject?
        while true {
            document.reset(json: text, range: range)
            var reader = AdmissionReviewReader(document, policies, limits, objects)
            do throws(DocumentError) {
                try reader.readEnvelope()
            } catch {
                guard let retry = reader.retry(after: error) else { throw InvalidReview(error) }
                objects = retry
                if retry == .neither { unreadable = UnreadableObject(.root, error.message) }
                continue
            }
            if !reader.isMisread { return try reader.review(unreadable) }
            objects = .both
        }
    }

    /// What the object caused is judged, not refused: which objects to leave out to get at the
    /// rest of the review, or nil where the error is the envelope's.
    private func retry(after error: DocumentError) -> Objects? {
        guard error.kind == .limit || error.kind == .duplicateKey else { return nil }
        switch (current, objects) {
        case (.object, .whatPoliciesConcern), (.object, .both), (.object, .newOnly): return .neither
        case (.oldObject, .whatPoliciesConcern), (.oldObject, .both): return .newOnly
        default: return nil
        }
    }
}

// MARK: The envelope

extension AdmissionReviewReader {
    private mutating func readEnvelope() throws(DocumentError) {
        try reader.beginObject()
        var isFirst = true
        while let key = try reader.nextMember(isFirst: isFirst) {
            isFirst = false
            if key.equals("request") {
                try rejectSecond(key, hasRequest)
                hasRequest = true
                try readRequest()
            } else if key.equals("apiVersion") {
                try rejectSecond(key, apiVersion != nil)
                apiVersion = try reader.readValue()
            } else if key.equals("kind") {
                try rejectSecond(key, kind != nil)
                kind = try reader.readValue()
            } else {
                try reader.skipValue()
            }
        }
        try reader.end()
    }

    private mutating func readRequest() throws(DocumentError) {
        if reader.nextIsNull() {
            hasRequest = false
            return try reader.skipValue()
        }
        try reader.beginObject()
        var isFirst = true
        var expected = 0
        while let key = try reader.nextMember(isFirst: isFirst) {
            isFirst = false
            current = Self.member(key, expecting: &expected)
            if let current, !current.isSkipped {
                try read(current, key)
            } else {
                try reader.skipValue()
            }
        }
        current = nil
    }

    /// Which member a key names. The search begins behind the one before, so that the usual order
    /// costs one comparison.
    private static func member(_ key: Node, expecting expected: inout Int) -> Member? {
        for offset in 0..<Member.count {
            let index = (expected + offset) % Member.count
            if let member = Member(rawValue: index), key.equals(member.key) {
                expected = index + 1
                return member
            }
        }
        return nil
    }

    private mutating func read(_ member: Member, _ key: Node) throws(DocumentError) {
        let bit: UInt16 = 1 << UInt16(member.rawValue)
        try rejectSecond(key, seen & bit != 0)
        seen |= bit
        let value: Node?
        switch member {
        case .object:
            value = try readObject(isWanted: objects != .neither)
        case .oldObject:
            value = try readObject(isWanted: objects != .neither && objects != .newOnly)
        case .userInfo:
            value = try reader.readValue(omitting: Self.omittedOfUser)
        default:
            value = try reader.readValue()
        }
        values[member.rawValue] = value?.isNull ?? true ? nil : value
        let isObject = member == .object || member == .oldObject
        if !isObject, known != nil { isMisread = true }
    }

    private func rejectSecond(_ key: Node, _ isSecond: Bool) throws(DocumentError) {
        guard isSecond else { return }
        throw DocumentError(
            .duplicateKey, "the name \"\(key.string ?? "")\" stands twice in one object",
            at: key.position)
    }

    /// Reads an object, or validates it where nobody asks for it and returns nil.
    private mutating func readObject(isWanted: Bool) throws(DocumentError) -> Node? {
        guard isWanted else {
            try reader.skipValue(depth: .max)
            return nil
        }
        if objects == .whatPoliciesConcern {
            // Where the envelope is not understood yet, a policy may concern it.
            if known == nil { known = try? subject() }
            if let known, !policies.concerns(known) {
                try reader.skipValue()
                return nil
            }
        }
        return try reader.readValue(omitting: Self.omitted)
    }
}

// MARK: The review

extension AdmissionReviewReader {
    private func review(_ unreadable: UnreadableObject?) throws(InvalidReview) -> AdmissionReview {
        guard kind?.equals("AdmissionReview") == true else {
            throw InvalidReview("kind is \(found(kind)); expected \"AdmissionReview\"")
        }
        guard
            let version = AdmissionReview.Version.allCases.first(where: {
                apiVersion?.equals($0.rawValue) ?? false
            })
        else {
            let versions = AdmissionReview.Version.allCases.map { "\"\($0.rawValue)\"" }
            throw InvalidReview(
                "apiVersion is \(found(apiVersion)); expected \(versions.joined(separator: " or "))"
            )
        }
        guard hasRequest else {
            throw InvalidReview("request is missing; expected an object")
        }
        guard let uid = self[.uid], uid.kind == .string, !uid.isEmptyString else {
            throw InvalidReview(
                "request.uid is \(found(self[.uid])); expected a string that is not empty")
        }
        var subject: Subject
        if let known { subject = known } else { subject = try self.subject() }
        subject.object = self[.object]
        subject.oldObject = self[.oldObject]
        subject.unreadable = unreadable
        return AdmissionReview(
            version: version, uid: uid,
            resourceGroup: self[.resource]?["group"]?.string ?? "", subject: subject)
    }

    /// Who does what, without the objects.
    private func subject() throws(InvalidReview) -> Subject {
        let operation = try operation()
        let kind = GroupKind(
            self[.kind]?["group"]?.string ?? "",
            try requiredName("request.kind.kind", self[.kind]?["kind"]))
        var subject = Subject(operation: operation, kind: kind, isRequest: true)
        subject.resource = try requiredName(
            "request.resource.resource", self[.resource]?["resource"])
        subject.subresource = try text("request.subResource", self[.subResource])
        subject.namespace = try text("request.namespace", self[.namespace])
        subject.requestName = try typed("request.name", self[.name], .string)
        let user = try typed("request.userInfo", self[.userInfo], .object)
        subject.user = try typed("request.userInfo.username", user?.present("username"), .string)
        subject.groups = try typed("request.userInfo.groups", user?.present("groups"), .array)
        return subject
    }

    private subscript(_ member: Member) -> Node? { values[member.rawValue] }

    private func operation() throws(InvalidReview) -> Subject.Operation {
        for operation in Subject.Operation.allCases
        where self[.operation]?.equals(operation.rawValue) ?? false {
            return operation
        }
        throw InvalidReview(
            "request.operation is \(found(self[.operation])); "
                + "expected CREATE, UPDATE, DELETE or CONNECT")
    }

    private func requiredName(_ field: String, _ node: Node?) throws(InvalidReview) -> String {
        let name = try text(field, node)
        if !name.isEmpty { return name }
        throw InvalidReview("\(field) is \(found(node)); expected a string that is not empty")
    }

    private func text(_ field: String, _ node: Node?) throws(InvalidReview) -> String {
        try typed(field, node, .string)?.string ?? ""
    }

    private func typed(
        _ field: String, _ node: Node?, _ kind: Node.Kind
    ) throws(InvalidReview) -> Node? {
        guard let node, node.kind != kind else { return node }
        throw InvalidReview("\(field) is \(found(node)); expected \(kind.phrase)")
    }

    private func found(_ node: Node?) -> String {
        guard let node else { return "missing" }
        return node.string.map { "\"\($0.readable(limit: 80))\"" } ?? node.kind.phrase
    }
}
