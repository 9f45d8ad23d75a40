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
    /// What the first policy objects to, as it stands in the verdict: for nearly all rules that is
    /// all, and nothing is copied.
    private let first: ArraySlice<Verdict.Objection>
    /// What all policies object to, where there is more.
    private var merged: Merged?

    /// Room for the rules that object to most objects.
    private static let usualRules = 4
    /// How many policies a title names.
    private static let namedPolicies = 3

    /// One for each rule, in the order in which they occur, of the objections that are told.
    static func all(
        in verdict: Verdict, where isTold: (Policy) -> Bool
    ) -> [RuleObjections] {
        var all: [RuleObjections] = []
        var rest = verdict.objections[...]
        while let next = rest.first {
            // What a policy objects to by a rule stands together.
            let run = rest.prefix { $0.policy === next.policy && $0.rule == next.rule }
            rest = rest[run.endIndex...]
            guard isTold(next.policy) else { continue }
            if let index = all.firstIndex(where: { $0.rule == next.rule }) {
                all[index].merge(run, verdict.text)
            } else {
                if all.isEmpty { all.reserveCapacity(usualRules) }
                all.append(RuleObjections(rule: next.rule, first: run))
            }
        }
        return all
    }

    private mutating func merge(_ run: ArraySlice<Verdict.Objection>, _ text: [UInt8]) {
        if merged == nil { merged = Merged(first, text) }
        merged?.add(run, text)
    }

    /// How many places there are.
    var count: Int { merged?.places.count ?? first.count }

    /// The places, in the order of the objections.
    var places: some Sequence<Place> {
        (0..<count).lazy.map { index in
            merged?.places[index] ?? Place(objection: first[first.startIndex + index])
        }
    }

    /// The rule, and its policies where they are not called as it is: `no-ssh (policy p)`.
    var title: String {
        if let merged { return Self.title(rule, merged.policies) }
        return first.first.map { Place(objection: $0).title } ?? rule
    }

    private static func title(_ rule: String, _ policies: [String]) -> String {
        if policies.count == 1, policies[0] == rule { return rule }
        let noun = policies.count == 1 ? "policy" : "policies"
        let more = policies.count - namedPolicies
        let names = policies.prefix(namedPolicies).joined(separator: ", ")
        return "\(rule) (\(noun) \(names)\(more > 0 ? " and \(more) more" : ""))"
    }
}

/// What several policies object to by one rule.
private struct Merged {
    /// The policies, in the order of their names.
    private(set) var policies: [String] = []
    /// The places, in the order of the objections.
    private(set) var places: [RuleObjections.Place] = []
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

    init(_ objections: ArraySlice<Verdict.Objection>, _ text: [UInt8]) { add(objections, text) }

    mutating func add(_ objections: ArraySlice<Verdict.Objection>, _ text: [UInt8]) {
        for objection in objections { add(objection, text) }
    }

    private mutating func add(_ objection: Verdict.Objection, _ text: [UInt8]) {
        if policies.last != objection.policy.name { policies.append(objection.policy.name) }
        guard policies.count > 1 else {
            return places.append(RuleObjections.Place(objection: objection))
        }
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
            places.append(RuleObjections.Place(objection: objection))
        }
    }
}
