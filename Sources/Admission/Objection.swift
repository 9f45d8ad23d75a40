internal import Document
internal import Policy

/// What one rule objects to, as people are told: each place once, however many policies apply the
/// rule to it.
struct Objection {
    /// A field that is wrong in some way, and the policies that say so.
    struct Place {
        let violation: Violation
        fileprivate(set) var policies: [String]
    }

    /// The rule's id, or `unreadable-object`.
    let rule: String
    /// The policies, in the order of their names.
    private(set) var policies: [String] = []
    /// The places, in the order of the violations.
    private(set) var places: [Place] = []
    private var indices: [Key: Int] = [:]

    private struct Key: Hashable {
        let path: FieldPath
        let message: String
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
        let key = Key(path: violation.path, message: violation.message)
        if let index = indices[key] {
            if places[index].policies.last != violation.policy {
                places[index].policies.append(violation.policy)
            }
        } else {
            indices[key] = places.count
            places.append(Place(violation: violation, policies: [violation.policy]))
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
