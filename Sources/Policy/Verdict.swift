package import Document

/// What a policy set says of a subject.
package struct Verdict: Sendable {
    /// Everything that is wrong, in the order of policies' names, then of the object.
    package var violations: [Violation] = []
    /// What was let through by an explicit grant.
    package var notices: [Notice] = []
    /// Whether the subject was let through unseen as the mirror of a static Pod.
    package var isMirrorPod = false

    /// Whether nothing that is wrong denies.
    package var isAllowed: Bool { !violations.contains { $0.actions.contains(.deny) } }
}

/// One thing that a policy objects to.
package struct Violation: Equatable, Sendable {
    /// The rule's id, or `unreadable-object`.
    package let rule: String
    /// The policy's name.
    package let policy: String
    /// What the policy does, with the enforcement cap applied.
    package let actions: [Policy.Action]
    /// The field to mend; empty for a CONNECT.
    package let path: FieldPath
    /// What is wrong. Never holds a secret's value.
    package let message: String
    /// How to mend it.
    package let fix: String

    /// The gravest of the actions: the violation's severity in reports.
    package var gravestAction: Policy.Action {
        actions.contains(.deny) ? .deny : actions.contains(.warn) ? .warn : .audit
    }
}
