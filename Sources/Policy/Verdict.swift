package import Document

/// What a policy set says of a subject.
package struct Verdict: Sendable {
    /// Everything that is wrong, in the order of policies' names, then of the object.
    package var violations: [Violation] = []
    /// What would be wrong, but for exceptions; in the same order.
    package var excepted: [ExceptedViolation] = []
    /// What was let through by an explicit grant.
    package var notices: [Notice] = []
    /// Whether the subject was let through unseen as the mirror of a static Pod.
    package var isMirrorPod = false
    /// Whether the subject carries a pod template and is of a kind that no table knows: no rule
    /// about workloads saw it.
    package var isUncoveredWorkload = false

    /// Whether nothing that is wrong denies.
    package var isAllowed: Bool { !violations.contains(where: \.denies) }
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

    init(
        rule: String, check: String, source: Policy, path: FieldPath, message: String, fix: String
    ) {
        self.rule = rule
        self.check = check
        self.source = source
        self.path = path
        self.message = message
        self.fix = fix
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
