internal import Document

/// What is let pass for a while although policies object to it: for a stated reason, and never
/// beyond a stated moment. Past that it is inert everywhere, and changes nothing but the metrics.
package final class PolicyException: Sendable {
    /// The exception's unique name.
    package let name: String
    /// The file it was read from.
    package let file: String
    /// The names of the policies it excepts from, in the order of the file; never empty.
    package let policies: [String]
    /// Why there is an exception; never blank.
    package let reason: String
    /// The moment from which on it is inert.
    package let expiresAt: Moment
    /// That moment as the file writes it.
    package let expiryText: String
    /// Who approved of it, where the file says so. Nobody checks that.
    package let approvedBy: String?
    private let match: Match
    private let images: [Glob]

    /// How long before its end an exception is `expiring`, in seconds: a week.
    package static let noticePeriod: Int64 = 7 * 86_400
    /// How many bytes of a reason are shown where room is short.
    package static let shownReason = 256

    /// Where an exception stands between its making and its end.
    package enum State: String, CaseIterable, Sendable {
        /// In force, and for longer than the notice period.
        case active
        /// In force, for at most the notice period.
        case expiring
        /// No longer in force.
        case expired
    }

    init(
        name: String, file: String, policies: [String], match: Match, images: [Glob],
        reason: String, expiresAt: Moment, expiryText: String, approvedBy: String?
    ) {
        self.name = name
        self.file = file
        self.policies = policies
        self.match = match
        self.images = images
        self.reason = reason
        self.expiresAt = expiresAt
        self.expiryText = expiryText
        self.approvedBy = approvedBy
    }

    /// Where the exception stands at a moment.
    package func state(at moment: Moment) -> State {
        if moment >= expiresAt { return .expired }
        let isNear = moment.advanced(bySeconds: Self.noticePeriod) >= expiresAt
        return isNear ? .expiring : .active
    }

    /// Whether the exception is for the subject, which touches `kind`, at a moment, as far as its
    /// images do not decide. `judged` are the kinds that the policy matches; empty stands for all.
    ///
    /// Who made a workload is not known of what its controller makes. So an exception for some
    /// users is for that only where the policy judges the workload, too: there, others' workloads
    /// do not come as far.
    ///
    /// Outside a cluster nobody asks. There a policy applies as if its users and groups matched,
    /// and an exception as if they did not: a check must not promise what the gate will refuse.
    func covers(
        _ subject: Subject, touching kind: GroupKind, ofJudged judged: [GroupKind],
        at moment: Moment
    ) -> Bool {
        if moment >= expiresAt { return false }
        let isForSome = !match.users.isEmpty || !match.groups.isEmpty
        if subject.isRequest || !isForSome, match.matches(subject, touching: kind) { return true }
        guard match.matchesNamespace(of: subject),
            let made = ControlledObject(subject, touching: kind)
        else { return false }
        return (!isForSome || made.isMade(byOneOf: judged, named: []))
            && made.isMade(byOneOf: match.kinds, named: match.names)
    }

    /// Whether the exception is for a violation of a container with this image. One that is for
    /// some images only is not for what has none.
    func covers(image: Node?) -> Bool { images.isEmpty || images.matches(image: image) }
}
