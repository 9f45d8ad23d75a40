package import Document

/// What a policy set says of a subject.
package struct Verdict: Sendable {
    /// Everything that is wrong, in the order of policies' names, then of the object.
    package internal(set) var objections: [Objection] = []
    /// What the objections say.
    package internal(set) var text: [UInt8] = []
    /// What would be wrong, but for exceptions; in the same order.
    package internal(set) var excepted: [ExceptedViolation] = []
    /// What was let through by an explicit grant.
    package internal(set) var notices: [Notice] = []
    /// Whether the subject was let through unseen as the mirror of a static Pod.
    package internal(set) var isMirrorPod = false
    /// Whether the subject carries a pod template and is of a kind that no table knows: no rule
    /// about workloads saw it.
    package internal(set) var isUncoveredWorkload = false

    /// Forgets everything; the memory of what most reviews find is kept for the next.
    mutating func removeAll() {
        objections.removeAll(keepingCapacity: objections.capacity <= Self.keptObjections)
        text.removeAll(keepingCapacity: text.capacity <= Self.keptText)
        excepted = []
        notices = []
        isMirrorPod = false
        isUncoveredWorkload = false
    }

    /// How many objections' memory is kept.
    private static let keptObjections = 256
    /// How many bytes of text are kept.
    private static let keptText = 64 << 10

    /// Whether nothing that is wrong denies.
    package var isAllowed: Bool { !objections.contains(where: \.denies) }

    /// The objections with their words as strings, for reports.
    package var violations: [Violation] { objections.map { Violation($0, in: text) } }

    /// One thing that a policy objects to, whose words stand in the verdict's text.
    package struct Objection: Sendable {
        /// The policy that objects.
        package let policy: Policy
        /// The rule's id, or `unreadable-object`.
        package let rule: String
        /// Which of the rule's checks found it; all that one check finds is mended alike.
        package let check: String
        /// Where in the verdict's text path, message and fix stand. They never hold a secret's
        /// value.
        package let words: ViolationWords

        /// Whether the policy denies.
        package var denies: Bool { policy.gravestAction == .deny }
    }
}

/// A violation, and the exception that lets it pass: the first by name of those that would.
package struct ExceptedViolation: Sendable {
    /// What a policy would object to.
    package let violation: Violation
    /// What lets it pass.
    package let exception: PolicyException
}

/// One thing that a policy objects to.
///
/// A class, since a verdict's violations are looked through several times.
package final class Violation: Equatable, Sendable {
    /// The rule's id, or `unreadable-object`.
    package let rule: String
    /// Which of the rule's checks found it; all that one check finds is mended alike.
    package let check: String
    /// The policy that objects.
    private let source: Policy
    /// The field to mend; empty for a CONNECT.
    package let path: FieldPath
    /// What is wrong. Never holds a secret's value.
    package let message: String
    /// How to mend it.
    package let fix: String

    /// Makes strings of the words of an objection, which stand in `text`.
    init(_ objection: Verdict.Objection, in text: [UInt8]) {
        rule = objection.rule
        check = objection.check
        source = objection.policy
        path = FieldPath(String(decoding: objection.words.path(in: text), as: UTF8.self))
        message = String(decoding: objection.words.message(in: text), as: UTF8.self)
        fix = String(decoding: objection.words.fix(in: text), as: UTF8.self)
    }

    /// Whether all that is reported of two violations is equal.
    package static func == (left: Violation, right: Violation) -> Bool {
        left.rule == right.rule && left.policy == right.policy && left.path == right.path
            && left.message == right.message && left.fix == right.fix
            && left.actions == right.actions
    }

    /// The policy's name.
    package var policy: String { source.name }

    /// What the policy does, with the enforcement cap applied.
    package var actions: [Policy.Action] { source.actions }

    /// Whether the policy denies.
    package var denies: Bool { source.gravestAction == .deny }

    /// The gravest of the actions: the violation's severity in reports.
    package var gravestAction: Policy.Action { source.gravestAction }
}
