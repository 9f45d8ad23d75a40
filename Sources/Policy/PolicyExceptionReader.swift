internal import Document

/// Reads the `spec` of a PolicyException, once all policies have been read.
struct PolicyExceptionReader {
    /// The policies that could be read.
    private let policies: [Policy]
    /// The names of all policies, of those that could not be read too.
    private let names: [String]
    private let table: WorkloadTable

    init(policies: [Policy], names: [String], table: WorkloadTable) {
        self.policies = policies
        self.names = names.sorted()
        self.table = table
    }

    /// Reads a spec; nil where it lacks something without which there is no exception.
    func read(
        _ spec: inout ParameterReader, name: String, file: String
    ) -> PolicyException? {
        let excepted = readPolicies(&spec)
        let place = spec.value("match")
        let (match, images, isLimited) = spec.object(
            "match", isRequired: true,
            doc: "What is excepted. All of it must hold; what is left out, holds."
        ) { match in
            readMatch(&match, policies: excepted)
        }
        if !isLimited {
            spec.report(
                "spec.match sets no limit, which would switch the policies off; say what is "
                    + "excepted, or give the policies the action Audit", at: place)
        }
        let reason = readReason(&spec)
        let expiry = readExpiry(&spec)
        let approvedBy = spec.string("approvedBy", doc: "Who approved of it; nobody checks that.")
        guard let reason, let expiry else { return nil }
        return PolicyException(
            name: name, file: file, policies: excepted, match: match, images: images,
            reason: reason, expiresAt: expiry.moment, expiryText: expiry.text,
            approvedBy: approvedBy)
    }

    private func readPolicies(_ spec: inout ParameterReader) -> [String] {
        let place = spec.value("policies")
        let shape = ParameterShape.List(of: .text(.name), least: 1, isDistinct: true)
        let strings = spec.strings(
            "policies", as: .list(shape), isRequired: true, doc: "Names of policies.")
        guard let strings, !strings.isEmpty else {
            if place?.kind ?? .array == .array {
                spec.report(
                    "spec.policies is \(place == nil ? "missing" : "empty"); "
                        + "expected names of policies", at: place)
            }
            return []
        }
        var excepted: [String] = []
        for (text, node) in strings {
            if !names.contains(text) {
                spec.report(
                    "there is no policy \"\(text)\"\(Nearest.hint(for: text, among: names)); "
                        + "expected \(Self.list(names))", at: node)
            } else if excepted.contains(text) {
                spec.report("the policy \(text) stands twice", at: node)
            } else {
                excepted.append(text)
            }
        }
        return excepted
    }

    private static func list(_ names: [String]) -> String {
        switch names.count {
        case 0: "names of policies, of which there are none"
        case 1: names[0]
        default: "one of \(names.joined(separator: ", "))"
        }
    }

    private func readReason(_ spec: inout ParameterReader) -> String? {
        let place = spec.value(
            "reason", as: .text(.word), isRequired: true,
            doc: "Why there is an exception, for whoever finds it in an audit log.")
        if let place, place.string == nil {
            spec.report("spec.reason is \(place.kind.phrase); expected a string", at: place)
            return nil
        }
        if let reason = place?.string, TextForm.word.accepts(reason) { return reason }
        spec.report(
            "spec.reason is \(place == nil ? "missing" : "blank"); say why there is an "
                + "exception, for whoever finds it in an audit log", at: place)
        return nil
    }

    private func readExpiry(_ spec: inout ParameterReader) -> (moment: Moment, text: String)? {
        let moment = spec.moment(
            "expiresAt", isRequired: true,
            doc: "From when on it is inert: a date and time with its offset (RFC 3339).")
        guard let moment, let text = spec.value("expiresAt")?.string else { return nil }
        return (moment, text)
    }
}

// MARK: spec.match

extension PolicyExceptionReader {
    /// Reads the match; `isLimited` is false where it is well formed and leaves nothing out.
    private func readMatch(
        _ match: inout ParameterReader, policies: [String]
    ) -> (Match, images: [Glob], isLimited: Bool) {
        let read = Match(
            namespaces: match.globs("namespaces", doc: "Globs of the object's namespace."),
            excludeNamespaces: match.globs(
                "excludeNamespaces", doc: "Globs of namespaces where nothing is excepted."),
            kinds: readKinds(&match, policies: policies),
            names: match.globs("names", doc: "Globs of the object's name."), operations: [],
            users: match.globs("users", doc: "Globs of the name of who asks."),
            groups: match.globs("groups", doc: "Globs; one must fit one group of who asks."),
            excludeUsers: [], excludeGroups: [], objectSelector: LabelSelector(requirements: []))
        let images = match.globs(
            "images",
            doc: "Globs of the violating container's image: docker.io/library/nginx, without tag.")
        let lists = [
            read.namespaces, read.excludeNamespaces, read.names, read.users, read.groups, images,
        ]
        let isLimited = lists.contains { !$0.isEmpty && !$0.contains(where: \.matchesEverything) }
        let namesKinds = match.value("kinds")?.elements.contains { _ in true } ?? false
        return (read, images, isLimited || namesKinds || !match.problems.isEmpty)
    }

    /// Kinds that one of the policies sees: any other would be excepted from nothing.
    private func readKinds(
        _ match: inout ParameterReader, policies names: [String]
    ) -> [GroupKind] {
        let policies = policies.filter { names.contains($0.name) }
        var visible: [GroupKind] = []
        for kind in policies.flatMap(visibleKinds) where !visible.contains(kind) {
            visible.append(kind)
        }
        var kinds: [GroupKind] = []
        let strings = match.strings(
            "kinds", doc: "Kinds; with the group where it is not Kubernetes' own.")
        for (text, node) in strings ?? [] {
            if let kind = visible.first(where: { $0.isNamed(text) }) {
                kinds.append(kind)
                continue
            }
            // A policy that is missing or could not be read is problem enough.
            guard !policies.isEmpty, policies.count == names.count else { continue }
            let known = visible.map(\.shortName).sorted()
            let verb = names.count == 1 ? "policy \(names[0]) sees" : "policies see"
            match.report(
                "the \(verb) no kind \"\(text)\"\(Nearest.hint(for: text, among: known)); "
                    + "expected one of \(known.joined(separator: ", "))", at: node)
        }
        return kinds
    }

    /// The kinds that the policy judges, and the workloads that make such: a policy of Pods alone
    /// sees a Deployment by its Pods.
    private func visibleKinds(to policy: Policy) -> [GroupKind] {
        let visible = policy.scope.visibleKinds(in: table)
        let matched = policy.match.kinds
        if matched.isEmpty { return visible }
        return visible.filter { kind in
            if matched.contains(kind) { return true }
            guard policy.scope.workloads, table.contains(kind) else { return false }
            let made = ControlledObject.kind(madeBy: kind)
            return matched.contains(made)
                || matched.contains(ControlledObject.kind(madeBy: made))
        }
    }
}
