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

    private let policies: PolicySet
    private let document: Document
    private let objects: Objects
    private var reader: JSONReader
    /// Who does what, as far as it was known before the first object.
    private var known: Subject?
    /// Whether a policy concerns that.
    private var isConcerned = true
    /// Whether the new object is looked at all the same.
    private var mayMiss = false
    /// How many members `request` had when that was asked.
    private var knownMembers = 0

    /// The envelope's own levels, which do not count against an object's depth: the review and its
    /// request.
    private static let envelopeDepth = 2

    /// What is asked about while reading: first the two objects. The rest is left out: no rule
    /// reads `status` and `managedFields`, which are half of a usual review, and nothing that is
    /// decided depends on the others.
    private static let filter = MemberFilter([
        newObject, oldObject,
        newObject + ["status"], oldObject + ["status"],
        newObject + ["metadata", "managedFields"], oldObject + ["metadata", "managedFields"],
        ["request", "userInfo", "extra"], ["request", "requestKind"],
        ["request", "requestResource"], ["request", "requestSubResource"], ["request", "options"],
    ])
    private static let newObject = ["request", "object"]
    private static let oldObject = ["request", "oldObject"]
    /// Where the two objects stand in the filter.
    private static let newObjectIndex = 0
    private static let oldObjectIndex = 1

    private init(
        _ document: Document, _ policies: PolicySet, _ limits: ReadingLimits, _ objects: Objects
    ) {
        self.document = document
        self.policies = policies
        self.objects = objects
        reader = JSONReader(document, limits: limits, outerDepth: Self.envelopeDepth)
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
            if !reader.hasMisjudged { return try reader.review(unreadable) }
            objects = .both
        }
    }

    private mutating func readEnvelope() throws(DocumentError) {
        var inner = reader
        defer { reader = inner }
        _ = try inner.readValue(asking: Self.filter) { index, parent in
            choose(index, in: parent)
        }
        try inner.end()
    }

    /// What becomes of a member of the filter.
    private mutating func choose(_ index: Int, in parent: Node) -> JSONReader.Choice {
        guard index == Self.newObjectIndex || index == Self.oldObjectIndex else { return .skip }
        switch objects {
        case .both: return .read
        case .newOnly: return index == Self.newObjectIndex ? .read : .skipAtAnyDepth
        case .neither: return .skipAtAnyDepth
        case .whatPoliciesConcern:
            if known == nil {
                // Where the envelope is not understood yet, a policy may concern it.
                known = try? AdmissionRequest(parent).subject()
                knownMembers = parent.count
                isConcerned = known.map(policies.concerns) ?? true
                mayMiss = !isConcerned && known.map(policies.mayMiss) ?? false
            }
            let isRead = isConcerned || (mayMiss && index == Self.newObjectIndex)
            return isRead ? .read : .skipAtAnyDepth
        }
    }

    /// What the object caused is judged, not refused: which objects to leave out to get at the
    /// rest of the review, or nil where the error is the envelope's.
    private func retry(after error: DocumentError) -> Objects? {
        guard error.kind == .limit || error.kind == .duplicateKey, objects != .neither else {
            return nil
        }
        let keys = reader.keysToError
        if keys.count > 1, keys[0].equals("request") {
            if keys[1].equals("object") { return .neither }
            if keys[1].equals("oldObject"), objects != .newOnly { return .newOnly }
        }
        // An object that fills the node limit leaves none for the little that follows it.
        return error.kind == .limit ? .neither : nil
    }

    /// Whether something that decides came after the objects: only `dryRun` and what is skipped
    /// may.
    private var hasMisjudged: Bool {
        guard known != nil, let request = document.root?["request"] else { return false }
        var members = request.members
        for _ in 0..<knownMembers { _ = members.next() }
        while let (key, _) = members.next() {
            if !key.equals("object"), !key.equals("oldObject"), !key.equals("dryRun") {
                return true
            }
        }
        return false
    }

    private func review(_ unreadable: UnreadableObject?) throws(InvalidReview) -> AdmissionReview {
        guard let root = document.root else { throw InvalidReview("the body is empty") }
        let version = try AdmissionReview.Version(of: root)
        guard let node = root.present("request") else {
            throw InvalidReview("request is missing; expected an object")
        }
        let request = try AdmissionRequest(node)
        let uid = try request.uid()
        let subject: Subject
        if let known { subject = known } else { subject = try request.subject() }
        subject.object = node.present("object")
        subject.oldObject = node.present("oldObject")
        subject.unreadable = unreadable
        return AdmissionReview(version: version, uid: uid, subject: subject)
    }
}
