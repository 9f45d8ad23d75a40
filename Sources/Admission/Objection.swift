internal import Document
internal import Policy

/// What one rule objects to, as people are told: each place once, however many policies apply the
/// rule to it.
struct Objection {
    /// A field that is wrong in some way, and the policies that say so.
    struct Place {
        let violation: Violation
        /// The policies beside the violation's own; empty for nearly all.
        fileprivate(set) var otherPolicies: [String] = []

        /// The rule, and the policies where they are not called as it is.
        var title: String {
            if otherPolicies.isEmpty, violation.policy == violation.rule { return violation.rule }
            return Objection.title(violation.rule, [violation.policy] + otherPolicies)
        }
    }

    /// The rule's id, or `unreadable-object`.
    let rule: String
    /// The policies, in the order of their names.
    private(set) var policies: [String] = []
    /// The places, in the order of the violations.
    private(set) var places: [Place] = []
    /// Where each place stands; made when a second policy comes, which may say of it the same.
    private var indices: [Key: Int] = [:]

    private struct Key: Hashable {
        let path: FieldPath
        let message: String

        init(_ violation: Violation) {
            path = violation.path
            message = violation.message
        }
    }

    /// How many policies a title names.
    private static let namedPolicies = 3

    private init(_ rule: String) { self.rule = rule }

    /// One objection for each rule, in the order in which they occur.
    static func all(in violations: [Violation]) -> [Objection] {
        var objections: [Objection] = []
        for violation in violations {
            let index = objections.firstIndex { $0.rule == violation.rule }
            if index == nil { objections.append(Objection(violation.rule)) }
            objections[index ?? objections.count - 1].add(violation)
        }
        return objections
    }

    private mutating func add(_ violation: Violation) {
        if policies.last != violation.policy { policies.append(violation.policy) }
        guard policies.count > 1 else { return places.append(Place(violation: violation)) }
        if policies.count == 2, indices.isEmpty {
            for (index, place) in places.enumerated() { indices[Key(place.violation)] = index }
        }
        let key = Key(violation)
        if let index = indices[key] {
            let last = places[index].otherPolicies.last ?? places[index].violation.policy
            if last != violation.policy { places[index].otherPolicies.append(violation.policy) }
        } else {
            indices[key] = places.count
            places.append(Place(violation: violation))
        }
    }

    /// The rule, and its policies where they are not called as it is: `no-ssh (policy p)`.
    static func title(_ rule: String, _ policies: [String]) -> String {
        if policies == [rule] { return rule }
        let noun = policies.count == 1 ? "policy" : "policies"
        let more = policies.count - namedPolicies
        let names = policies.prefix(namedPolicies).joined(separator: ", ")
        return "\(rule) (\(noun) \(names)\(more > 0 ? " and \(more) more" : ""))"
    }
}
