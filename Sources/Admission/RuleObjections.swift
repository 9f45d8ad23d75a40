internal import Document
internal import Policy

/// What one rule objects to, as people are told: each place once, however many policies apply the
/// rule to it.
struct RuleObjections {
    /// A field that is wrong in some way, and the policies that say so.
    struct Place {
        let objection: Verdict.Objection
        /// The policies beside the objection's own; empty for nearly all.
        fileprivate(set) var otherPolicies: [String] = []

        /// The rule, and the policies where they are not called as it is.
        var title: String {
            if otherPolicies.isEmpty, objection.policy.name == objection.rule {
                return objection.rule
            }
            return RuleObjections.title(
                objection.rule, [objection.policy.name] + otherPolicies)
        }
    }

    /// The rule's id, or `unreadable-object`.
    let rule: String
    /// The policies, in the order of their names.
    private(set) var policies: [String] = []
    /// The places, in the order of the objections.
    private(set) var places: [Place] = []
    /// Where each place stands; made when a second policy comes, which may say of it the same.
    private var indices: [Key: Int] = [:]

    private struct Key: Hashable {
        let path: ArraySlice<UInt8>
        let message: ArraySlice<UInt8>

        init(_ objection: Verdict.Objection, _ text: [UInt8]) {
            path = objection.words.path(in: text)
            message = objection.words.message(in: text)
        }
    }

    /// How many policies a title names.
    private static let namedPolicies = 3

    private init(_ rule: String) { self.rule = rule }

    /// One for each rule, in the order in which they occur, of the objections that are told.
    static func all(
        in verdict: Verdict, where isTold: (Policy) -> Bool
    ) -> [RuleObjections] {
        var all: [RuleObjections] = []
        for objection in verdict.objections where isTold(objection.policy) {
            // What a rule objects to stands together, but for its policies' names.
            let index =
                all.last?.rule == objection.rule
                ? all.count - 1 : all.firstIndex { $0.rule == objection.rule }
            if index == nil { all.append(RuleObjections(objection.rule)) }
            all[index ?? all.count - 1].add(objection, verdict.text)
        }
        return all
    }

    private mutating func add(_ objection: Verdict.Objection, _ text: [UInt8]) {
        if policies.last != objection.policy.name { policies.append(objection.policy.name) }
        guard policies.count > 1 else { return places.append(Place(objection: objection)) }
        if policies.count == 2, indices.isEmpty {
            for (index, place) in places.enumerated() {
                indices[Key(place.objection, text)] = index
            }
        }
        let key = Key(objection, text)
        if let index = indices[key] {
            let last = places[index].otherPolicies.last ?? places[index].objection.policy.name
            if last != objection.policy.name {
                places[index].otherPolicies.append(objection.policy.name)
            }
        } else {
            indices[key] = places.count
            places.append(Place(objection: objection))
        }
    }

    /// The rule, and its policies where they are not called as it is: `no-ssh (policy p)`.
    static func title(_ rule: String, _ policies: [String]) -> String {
        if policies.count == 1, policies[0] == rule { return rule }
        let noun = policies.count == 1 ? "policy" : "policies"
        let more = policies.count - namedPolicies
        let names = policies.prefix(namedPolicies).joined(separator: ", ")
        return "\(rule) (\(noun) \(names)\(more > 0 ? " and \(more) more" : ""))"
    }
}
