internal import Document
package import Policy

/// Writes the answer to a review: only `apiVersion`, `kind` and `response`, never a patch.
package struct AdmissionResponse {
    private let review: AdmissionReview
    private let verdict: Verdict

    /// The API server keeps warnings of up to 4,096 bytes in total and cuts all of them where
    /// there are more.
    static let maximumWarnings = 10
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
        let isPlain = verdict.objections.isEmpty && verdict.excepted.isEmpty
        bytes.reserveCapacity(isPlain ? 192 : 2048)
        var json = JSONWriter(appendingTo: consume bytes)
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
        json.key("status")
        json.beginObject()
        json.member("status", "Failure")
        json.key("message")
        json.string { text in writeMessage(to: &text) }
        json.member("reason", "Forbidden")
        json.key("details")
        json.beginObject()
        json.member("name", review.subject.name)
        let group = review.subject.resourceGroup
        if !group.isEmpty { json.member("group", group) }
        json.member("kind", review.subject.resource)
        json.key("causes")
        json.beginArray()
        for objection in verdict.objections where objection.denies {
            writeCause(objection, to: &json)
        }
        json.endArray()
        json.endObject()
        json.member("code", 403)
        json.endObject()
    }

    private func writeCause(_ objection: Verdict.Objection, to json: inout JSONWriter) {
        json.beginObject()
        json.member("reason", objection.rule)
        json.key("message")
        json.string { text in
            text.text(objection.words.message(in: verdict.text))
            text.text(": ")
            text.text(objection.words.fix(in: verdict.text))
        }
        json.key("field")
        json.string { text in text.text(objection.words.path(in: verdict.text)) }
        json.endObject()
    }

    /// A paragraph for each rule: its first places, how many more there are, and how to mend these.
    /// Where there are many, a line before them names them all: terminals and tools cut what is
    /// long.
    private func writeMessage(to text: inout JSONWriter) {
        let rules = RuleObjections.all(in: verdict) { $0.gravestAction == .deny }
        if rules.count > Self.rulesWithoutOverview {
            text.text("\(rules.count) rules object: ")
            for (index, rule) in rules.enumerated() {
                if index > 0 { text.text(", ") }
                text.text(rule.rule)
                if rule.count > 1 { text.text(" (\(rule.count))") }
            }
            text.text(".\n")
        }
        for (index, rule) in rules.enumerated() {
            if index > 0 { text.text("\n") }
            write(rule, to: &text)
        }
    }

    private func write(_ rule: RuleObjections, to text: inout JSONWriter) {
        text.text(rule.title)
        var fixes: [(check: String, text: ArraySlice<UInt8>)] = []
        for (index, place) in rule.places.prefix(Self.placesPerRule).enumerated() {
            let words = place.objection.words
            text.text(index == 0 ? ": " : "; ")
            text.text(words.message(in: verdict.text))
            let path = words.path(in: verdict.text)
            if !path.isEmpty {
                text.text(" (")
                text.text(path)
                text.text(")")
            }
            // Of one check the first fix is an example for all.
            let (check, fix) = (place.objection.check, words.fix(in: verdict.text))
            if !fixes.contains(where: { $0 == check || $1 == fix }) { fixes.append((check, fix)) }
        }
        let more = rule.count - Self.placesPerRule
        text.text(more > 0 ? "; and \(more) more." : ".")
        for fix in fixes {
            text.text("\n  To fix: ")
            text.text(fix.text)
        }
    }

    // MARK: Beside the decision

    private func writeWarnings(to json: inout JSONWriter) {
        let warnings = Warning.all(in: verdict)
        guard !warnings.isEmpty else { return }
        json.key("warnings")
        json.beginArray()
        if warnings.count <= Self.maximumWarnings {
            for warning in warnings { warning.write(to: &json) }
        } else {
            for index in Self.chosen(warnings) { warnings[index].write(to: &json) }
        }
        let more = warnings.count - Self.maximumWarnings
        if more > 0 { json.string("and \(more) more violation\(more == 1 ? "" : "s") of policies") }
        json.endArray()
    }

    /// Which warnings are given where there are too many: of every rule the first, then of every
    /// rule the second, so that no rule is silent because another is loud. In their own order.
    private static func chosen(_ warnings: [Warning]) -> [Int] {
        var counts: [String: Int] = [:]
        let ranks = warnings.map { warning in
            counts[warning.subject, default: 0] += 1
            return counts[warning.subject, default: 0]
        }
        return warnings.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
            .prefix(maximumWarnings).sorted()
    }

    /// Facts for the audit log, the same on every retry. Keys are qualified names without a
    /// prefix: the API server puts the webhook's name before them.
    private func writeAuditAnnotations(to json: inout JSONWriter) {
        let audited = verdict.objections.filter(\.policy.audits)
        guard
            !audited.isEmpty || !verdict.excepted.isEmpty || !verdict.notices.isEmpty
                || verdict.isMirrorPod
        else { return }
        json.key("auditAnnotations")
        json.beginObject()
        if !audited.isEmpty { json.member("violations", auditText(audited)) }
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

    private func auditText(_ objections: [Verdict.Objection]) -> String {
        let texts = objections.prefix(Self.auditedViolations).map { objection in
            let words = objection.words
            let message = String(decoding: words.message(in: verdict.text), as: UTF8.self)
            let path = words.path(in: verdict.text)
            let text = "\(objection.policy.name): \(objection.rule): \(message)"
            return path.isEmpty ? text : "\(text) (\(String(decoding: path, as: UTF8.self)))"
        }
        return Self.auditText(texts, of: objections.count)
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
        return auditText(texts, of: texts.count)
    }

    /// The first of so many texts, and how many more there are.
    private static func auditText(_ texts: [String], of count: Int) -> String {
        let more = count - auditedViolations
        return texts.prefix(auditedViolations).joined(separator: "; ")
            + (more > 0 ? "; and \(more) more" : "")
    }
}
