package import Document

/// A policy: a rule bound to what it is about and to what happens where it is violated.
///
/// A class, so that a review hands it round for one reference count instead of thirty.
package final class Policy: Sendable {
    /// The policy's unique name.
    package let name: String
    /// The file it was read from.
    package let file: String
    /// The id of its rule.
    package let ruleID: String
    /// What happens on a violation, as declared.
    package let validationActions: [Action]
    /// What happens on a violation, with the enforcement cap applied.
    package let actions: [Action]
    /// The gravest of these.
    package let gravestAction: Action
    /// Whether it warns, with the cap applied.
    package let warns: Bool
    /// Whether it writes audit annotations, with the cap applied.
    package let audits: Bool
    /// What it is about.
    package let match: Match
    /// Whether on UPDATE what the stored object already violated counts.
    package let existingViolations: ExistingViolations
    /// What `spec.match` says in the file.
    package let declaredMatch: JSONValue
    /// The rule's parameters, with their defaults and what the file says.
    package let parameters: [ParameterField]
    /// What the rule can see.
    let scope: RuleScope
    /// The rule with this policy's parameters.
    let rule: BoundRule

    init(
        name: String, file: String, ruleID: String, validationActions: [Action],
        enforcement: Enforcement, match: Match, existingViolations: ExistingViolations,
        scope: RuleScope, rule: BoundRule, declaredMatch: JSONValue, parameters: [ParameterField]
    ) {
        self.name = name
        self.file = file
        self.ruleID = ruleID
        self.validationActions = validationActions
        actions = enforcement.capping(validationActions)
        // In the order of their gravity, and never empty.
        gravestAction = actions.first ?? .audit
        warns = actions.contains(.warn)
        audits = actions.contains(.audit)
        self.match = match
        self.existingViolations = existingViolations
        self.scope = scope
        self.rule = rule
        self.declaredMatch = declaredMatch
        self.parameters = parameters
    }

    /// What a violation leads to; the words are those of ValidatingAdmissionPolicy.
    package enum Action: String, CaseIterable, Sendable {
        /// The request is denied.
        case deny = "Deny"
        /// The request passes with a warning to the client.
        case warn = "Warn"
        /// The request passes with an audit annotation.
        case audit = "Audit"
    }

    /// What becomes of violations that an UPDATE found in place.
    package enum ExistingViolations: String, CaseIterable, Sendable {
        /// Only what the update adds or changes counts.
        case allow = "Allow"
        /// All that is wrong counts.
        case deny = "Deny"
    }

    /// A rule with its parameters: what it says of state, of acts, or of both.
    ///
    /// As functions, which are called without a copy of the rule's parameters.
    struct BoundRule: Sendable {
        typealias StateJudge =
            @Sendable (
                ReviewedObject, inout Findings
            ) throws(UnreadableObject) -> Void
        typealias ActJudge =
            @Sendable (
                Subject, inout Findings, inout [Notice]
            ) throws(UnreadableObject) -> Void

        let judgeState: StateJudge?
        let judgeAct: ActJudge?

        init(_ rule: any Rule) {
            judgeState = (rule as? any StateRule).map(Self.stateJudge)
            judgeAct = (rule as? any ActRule).map(Self.actJudge)
        }

        private static func stateJudge(_ rule: any StateRule) -> StateJudge {
            { (object, findings) throws(UnreadableObject) in
                try rule.judge(object, into: &findings)
            }
        }

        private static func actJudge(_ rule: any ActRule) -> ActJudge {
            { (subject, findings, notices) throws(UnreadableObject) in
                try rule.judge(subject, into: &findings, notices: &notices)
            }
        }
    }

    /// How much of its rule is about acts, of which a manifest outside a cluster tells nothing.
    package var actShare: ActShare {
        if rule.judgeAct == nil { return .none }
        return rule.judgeState == nil ? .whole : .part
    }

    /// How much of a rule is about acts.
    package enum ActShare: Sendable { case none, part, whole }
}

/// A cap on what all policies may do: how a cluster is led from watching to denying.
package enum Enforcement: String, CaseIterable, Sendable {
    /// Every policy does what its file declares.
    case declared
    /// Nothing is denied: Deny becomes Warn.
    case advisory
    /// Nothing is denied or warned of: Deny and Warn become Audit.
    case audit

    /// The actions that remain under the cap, without repetition.
    func capping(_ actions: [Policy.Action]) -> [Policy.Action] {
        let capped = actions.map { action -> Policy.Action in
            switch (self, action) {
            case (.audit, _): .audit
            case (.advisory, .deny): .warn
            default: action
            }
        }
        return Policy.Action.allCases.filter(capped.contains)
    }
}
