internal import Document
package import Policy

/// Writes the answer to a review: only `apiVersion`, `kind` and `response`, never a patch.
package struct AdmissionResponse {
    private let review: AdmissionReview
    private let verdict: Verdict

    /// The API server keeps warnings of up to 4,096 bytes in total and cuts all of them where
    /// there are more.
    static let maximumWarnings = 10
    /// How long one warning may be, in bytes.
    static let maximumWarningLength = 256
    /// How long a warning should be for a terminal: its field is named where that fits.
    static let desiredWarningLength = 120
    /// How many places of one rule a message names.
    static let placesPerRule = 3
    /// How many rules a message may be about before it begins with an overview.
    static let rulesWithoutOverview = 3
    /// How many violations, or uses of exceptions, an audit annotation names.
    static let auditedViolations = 20

    /// Answers `review` with what the policies say of it.
    package init(to review: AdmissionReview, _ verdict: Verdict) {
        self.review = review
        self.verdict = verdict
    }

    /// The body of the answer.
    package func write() -> [UInt8] {
        var bytes: [UInt8] = []
        let isPlain = verdict.violations.isEmpty && verdict.excepted.isEmpty
        bytes.reserveCapacity(isPlain ? 192 : 2048)
        var json = JSONWriter(appendingTo: bytes)
        json.beginObject()
        json.member("apiVersion", review.version.rawValue)
        json.member("kind", "AdmissionReview")
        json.key("response")
        json.beginObject()
        json.key("uid")
        json.string(review.uid)
        let isAllowed = verdict.isAllowed
        json.member("allowed", isAllowed)
        if !isPlain || !verdict.notices.isEmpty || verdict.isMirrorPod {
            if !isAllowed { writeStatus(to: &json) }
            writeAuditAnnotations(to: &json)
            if isAllowed { writeWarnings(to: &json) }
        }
        json.endObject()
        json.endObject()
        return json.takeBytes()
    }

    // MARK: A denial

    /// `metav1.Status`, as the API server's own Forbidden.
    private func writeStatus(to json: inout JSONWriter) {
        let denying = verdict.violations.filter(\.denies)
        json.key("status")
        json.beginObject()
        json.member("status", "Failure")
        json.key("message")
        json.string { text in Self.writeMessage(for: denying, to: &text) }
        json.member("reason", "Forbidden")
        json.key("details")
        json.beginObject()
        json.member("name", review.subject.name)
        let group = review.subject.resourceGroup
        if !group.isEmpty { json.member("group", group) }
        json.member("kind", review.subject.resource)
        json.key("causes")
        json.beginArray()
        for violation in denying {
            json.beginObject()
            json.member("reason", violation.rule)
            json.key("message")
            json.string { text in
                text.text(violation.message)
                text.text(": ")
                text.text(violation.fix)
            }
            json.member("field", violation.path.description)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        json.member("code", 403)
        json.endObject()
    }

    /// A paragraph for each rule: its first places, how many more there are, and how to mend these.
    /// Where there are many, a line before them names them all: terminals and tools cut what is
    /// long.
    private static func writeMessage(for violations: [Violation], to text: inout JSONWriter) {
        let objections = Objection.all(in: violations)
        if objections.count > rulesWithoutOverview {
            let rules = objections.map { objection in
                let count = objection.places.count
                return count == 1 ? objection.rule : "\(objection.rule) (\(count))"
            }
            text.text("\(rules.count) rules object: \(rules.joined(separator: ", ")).\n")
        }
        for (index, objection) in objections.enumerated() {
            if index > 0 { text.text("\n") }
            write(objection, to: &text)
        }
    }

    private static func write(_ objection: Objection, to text: inout JSONWriter) {
        text.text(Objection.title(objection.rule, objection.policies))
        var fixes: [(check: String, text: String)] = []
        for (index, place) in objection.places.prefix(placesPerRule).enumerated() {
            let violation = place.violation
            text.text(index == 0 ? ": " : "; ")
            text.text(violation.message)
            if violation.path != .root {
                text.text(" (")
                text.text(violation.path.description)
                text.text(")")
            }
            // Of one check the first fix is an example for all.
            if !fixes.contains(where: { $0 == violation.check || $1 == violation.fix }) {
                fixes.append((violation.check, violation.fix))
            }
        }
        let more = objection.places.count - placesPerRule
        text.text(more > 0 ? "; and \(more) more." : ".")
        for fix in fixes {
            text.text("\n  To fix: ")
            text.text(fix.text)
        }
    }

    // MARK: Beside the decision

    private func writeWarnings(to json: inout JSONWriter) {
        var warnings: [(subject: String, text: String)] = []
        for notice in verdict.notices where notice.isWarned {
            warnings.append((notice.kind, "\(notice.kind): \(notice.message)"))
        }
        let warned = verdict.violations.filter { $0.actions.contains(.warn) }
        for objection in Objection.all(in: warned) {
            for place in objection.places {
                warnings.append((objection.rule, Self.warning(place)))
            }
        }
        // The API server drops repetitions.
        var unique: Set<String> = []
        warnings.removeAll { !unique.insert($0.text).inserted }
        guard !warnings.isEmpty else { return }
        json.key("warnings")
        json.beginArray()
        for index in Self.chosen(warnings.map(\.subject)) {
            json.string(warnings[index].text.readable(limit: Self.maximumWarningLength))
        }
        let more = warnings.count - Self.maximumWarnings
        if more > 0 { json.string("and \(more) more violation\(more == 1 ? "" : "s") of policies") }
        json.endArray()
    }

    /// Which warnings are given where there are too many: of every rule the first, then of every
    /// rule the second, so that no rule is silent because another is loud. In their own order.
    private static func chosen(_ subjects: [String]) -> [Int] {
        guard subjects.count > maximumWarnings else { return Array(subjects.indices) }
        var counts: [String: Int] = [:]
        let ranks = subjects.map { subject in
            counts[subject, default: 0] += 1
            return counts[subject, default: 0]
        }
        return subjects.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
            .prefix(maximumWarnings).sorted()
    }

    private static func warning(_ place: Objection.Place) -> String {
        let violation = place.violation
        let text = "\(place.title): \(violation.message)"
        let path = violation.path.description
        let length = text.utf8.count + path.utf8.count + " ()".utf8.count
        return path.isEmpty || length > desiredWarningLength ? text : "\(text) (\(path))"
    }

    /// Facts for the audit log, the same on every retry. Keys are qualified names without a
    /// prefix: the API server puts the webhook's name before them.
    private func writeAuditAnnotations(to json: inout JSONWriter) {
        let audited = verdict.violations.filter { $0.actions.contains(.audit) }
        guard
            !audited.isEmpty || !verdict.excepted.isEmpty || !verdict.notices.isEmpty
                || verdict.isMirrorPod
        else { return }
        json.key("auditAnnotations")
        json.beginObject()
        if !audited.isEmpty { json.member("violations", Self.auditText(audited)) }
        if !verdict.excepted.isEmpty {
            json.member("exceptions", Self.auditText(verdict.excepted))
        }
        var kinds: [String] = []
        for notice in verdict.notices where !kinds.contains(notice.kind) {
            kinds.append(notice.kind)
            let notices = verdict.notices.filter { $0.kind == notice.kind }
            let text = notices.map { "\($0.policy): \($0.message)" }.joined(separator: "; ")
            json.member(notice.kind, text)
        }
        if verdict.isMirrorPod {
            json.member("mirror-pod", "allowed: a static Pod runs whether or not it is mirrored")
        }
        json.endObject()
    }

    private static func auditText(_ violations: [Violation]) -> String {
        auditText(
            violations.map { violation in
                let text = "\(violation.policy): \(violation.rule): \(violation.message)"
                return violation.path == .root ? text : "\(text) (\(violation.path))"
            })
    }

    /// `hotfix-4711: pinned-images: image-digest: INC-4711: the vendor's image has no digest yet`:
    /// the exception, the policy, the rule and the reason, once for all violations alike.
    private static func auditText(_ excepted: [ExceptedViolation]) -> String {
        struct Use: Hashable { let exception, policy, rule: String }
        var seen: Set<Use> = []
        var texts: [String] = []
        for (violation, exception) in excepted.map({ ($0.violation, $0.exception) }) {
            let use = Use(
                exception: exception.name, policy: violation.policy, rule: violation.rule)
            guard seen.insert(use).inserted else { continue }
            let reason = exception.reason.readable(limit: PolicyException.shownReason)
            texts.append("\(use.exception): \(use.policy): \(use.rule): \(reason)")
        }
        return auditText(texts)
    }

    private static func auditText(_ texts: [String]) -> String {
        let more = texts.count - auditedViolations
        return texts.prefix(auditedViolations).joined(separator: "; ")
            + (more > 0 ? "; and \(more) more" : "")
    }
}
