package import Document
package import Policy

/// What a check found: the value that every format writes.
package struct CheckReport: Equatable, Sendable {
    /// What policies object to, by source, document and position.
    package internal(set) var findings: [CheckFinding] = []
    /// What policies would object to, but for exceptions, in the same order. It fails nothing.
    package internal(set) var excepted: [CheckFinding] = []
    /// What could not be checked, and why.
    package internal(set) var problems: [CheckProblem] = []
    /// Documents that are no Kubernetes objects, having neither `apiVersion` nor `kind`:
    /// kustomizations, Helm values. kubectl could not apply them.
    package internal(set) var skipped: [DocumentPlace] = []
    /// Objects that carry a pod template and are of a kind that no table knows: no rule about
    /// workloads saw them.
    package internal(set) var uncovered: [UncoveredObject] = []
    /// Policies whose rules are about acts, of which a manifest tells nothing.
    package internal(set) var notApplicable: [InapplicablePolicy] = []
    /// How much was looked at and found; complete where the lists above stop at a limit.
    package internal(set) var counts = CheckCounts()

    /// What the check comes to, from the best to the worst.
    package enum Outcome: String, Comparable, Sendable {
        /// No policy denies or warns.
        case passed
        /// A policy warns; none denies.
        case warned
        /// A policy denies.
        case denied
        /// Something could not be checked, whatever the rest came to.
        case unchecked

        /// Orders from the best to the worst.
        package static func < (left: Outcome, right: Outcome) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .passed: 0
            case .warned: 1
            case .denied: 2
            case .unchecked: 3
            }
        }
    }

    /// What the check comes to.
    package var outcome: Outcome {
        if counts.problems > 0 { return .unchecked }
        if counts.denied > 0 { return .denied }
        return counts.warned > 0 ? .warned : .passed
    }
}

/// How much a check looked at and found.
package struct CheckCounts: Equatable, Sendable {
    /// Files, standard input or bodies.
    package internal(set) var sources = 0
    /// Documents that are not empty.
    package internal(set) var documents = 0
    /// Kubernetes objects, those of lists included.
    package internal(set) var objects = 0
    /// Violations of policies that deny.
    package internal(set) var denied = 0
    /// Violations of policies that warn.
    package internal(set) var warned = 0
    /// Violations of policies that only record.
    package internal(set) var audited = 0
    /// Violations that exceptions let pass.
    package internal(set) var excepted = 0
    /// What could not be checked.
    package internal(set) var problems = 0
    /// Objects that carry a pod template which no rule saw.
    package internal(set) var uncovered = 0

    /// All violations but those that exceptions let pass.
    package var violations: Int { denied + warned + audited }
}

/// A document of a source, and a place in it.
package struct DocumentPlace: Equatable, Sendable {
    /// The source's name: a path, or `<stdin>`.
    package let source: String
    /// The number of the document in the source, from 1; empty documents are not counted.
    package let document: Int
    /// Line and column in the source.
    package let position: SourcePosition

    /// Makes a place.
    package init(source: String, document: Int, position: SourcePosition) {
        self.source = source
        self.document = document
        self.position = position
    }
}

/// An object, as a report calls it.
package struct CheckedObject: Equatable, Sendable {
    /// Its `apiVersion`: `apps/v1`.
    package let apiVersion: String
    /// Its kind: `Deployment`.
    package let kind: String
    /// Its namespace, the default one where it names none; empty for a cluster-scoped object.
    package let namespace: String
    /// Its name, or its `generateName` with a `*`; empty where it has neither.
    package let name: String
    /// Where it lies in its document: `items[2]` of a list, else the root.
    package let path: FieldPath

    /// `Deployment shop/web`.
    package var title: String {
        let name = self.name.isEmpty ? "(unnamed)" : self.name
        return namespace.isEmpty ? "\(kind) \(name)" : "\(kind) \(namespace)/\(name)"
    }
}

/// One violation, and where it lies.
package struct CheckFinding: Equatable, Sendable {
    /// Where the field to mend lies; where it is missing, its nearest parent.
    package let place: DocumentPlace
    /// The object that violates.
    package let object: CheckedObject
    /// What the webhook would say of the object, word for word.
    package let violation: Violation
    /// What lets the violation pass, or nil where nothing does.
    package let exception: PolicyException?

    /// Whether everything that is reported of two findings is equal.
    package static func == (left: CheckFinding, right: CheckFinding) -> Bool {
        left.place == right.place && left.object == right.object
            && left.violation == right.violation && left.exception === right.exception
    }
}

/// An object that carries a pod template which no rule saw.
package struct UncoveredObject: Equatable, Sendable {
    /// Where it begins.
    package let place: DocumentPlace
    /// The object.
    package let object: CheckedObject
}

/// Something that could not be checked.
package struct CheckProblem: Equatable, Sendable {
    /// The source's name.
    package let source: String
    /// The number of the document, or nil where the source as a whole is meant.
    package let document: Int?
    /// Where, if it is known.
    package let position: SourcePosition?
    /// What was found and what was expected.
    package let message: String

    /// Makes a problem; of a file that could not be read, for instance.
    package init(
        source: String, document: Int? = nil, position: SourcePosition? = nil, message: String
    ) {
        self.source = source
        self.document = document
        self.position = position
        self.message = message.readable()
    }
}

/// A policy that says nothing of manifests, or whose rule has a part that does not.
package struct InapplicablePolicy: Equatable, Sendable {
    /// The policy's name.
    package let policy: String
    /// Its rule's id.
    package let rule: String
    /// Whether the rest of the rule was applied: only what it says of acts was not.
    package let isPart: Bool
}
