internal import Document

/// A policy file as it was found: its name is what messages call it.
package struct PolicyFile: Equatable, Sendable {
    /// The path or name that messages show.
    package let name: String
    /// The contents: YAML, or JSON where the name ends in `.json`.
    package let bytes: [UInt8]

    /// Makes a file.
    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    var isJSON: Bool { name.hasSuffix(".json") }
}

/// What is wrong with a set of policy files: everything that one reading could find.
package struct PolicyProblems: Error, Equatable, Sendable, CustomStringConvertible {
    /// The problems, by file and position; never empty.
    package let all: [PolicyProblem]

    /// One problem a line.
    package var description: String { all.map(\.description).joined(separator: "\n") }
}

/// Reads policy files strictly: what is not understood is an error, never ignored.
package struct PolicyReader {
    /// The only `apiVersion` there is.
    package static let apiVersion = "cattleguard.dev/v1"

    private let enforcement: Enforcement
    private let table: WorkloadTable
    private var policies: [Policy] = []
    private var problems: [PolicyProblem] = []
    /// Where each name was first used, to say so where it is used again.
    private var names: [String: String] = [:]

    /// Reads the files into a set.
    ///
    /// - Parameters:
    ///   - files: the files, whose order does not matter: policies are evaluated by name.
    ///   - enforcement: the cap on every policy's actions.
    ///   - table: the kinds that carry pod specs.
    ///   - allowEmpty: whether a set without any policy is wanted.
    ///   - folder: what a message about an empty set calls the place.
    package static func read(
        _ files: [PolicyFile], enforcement: Enforcement = .declared,
        table: WorkloadTable = .shipped, allowEmpty: Bool = false, folder: String = "policies"
    ) throws(PolicyProblems) -> PolicySet {
        var reader = PolicyReader(enforcement: enforcement, table: table)
        for file in files { reader.read(file) }
        if reader.policies.isEmpty, reader.problems.isEmpty, !allowEmpty {
            reader.problems.append(
                PolicyProblem(
                    file: folder, position: SourcePosition(line: 1, column: 1),
                    message: "holds no policy; write one, or say --allow-empty"))
        }
        guard reader.problems.isEmpty else {
            throw PolicyProblems(
                all: reader.problems.sorted { ($0.file, $0.position) < ($1.file, $1.position) })
        }
        return PolicySet(reader.policies, table: table)
    }

    private init(enforcement: Enforcement, table: WorkloadTable) {
        self.enforcement = enforcement
        self.table = table
    }

    private mutating func read(_ file: PolicyFile) {
        let document = Document()
        do throws(DocumentError) {
            if file.isJSON {
                try JSONReader.read(file.bytes, limits: .manifestJSON, into: document)
                if let root = document.root { read(root, of: file) }
            } else {
                let reader = YAMLReader(file.bytes, limits: .manifestYAML)
                while try reader.next(into: document) {
                    if let root = document.root { read(root, of: file) }
                }
            }
        } catch {
            problems.append(
                PolicyProblem(file: file.name, position: error.position, message: error.message))
        }
    }

    private mutating func read(_ root: Node, of file: PolicyFile) {
        guard root.kind == .object else {
            problems.append(
                PolicyProblem(
                    file: file.name, position: root.position,
                    message: "the document is \(root.kind.phrase); expected a Policy"))
            return
        }
        var reader = ParameterReader(root, file: file.name, title: "")
        readObject(&reader, root, of: file)
        reader.rejectUnknownNames()
        problems += reader.problems
    }

    private mutating func readObject(
        _ reader: inout ParameterReader, _ root: Node, of file: PolicyFile
    ) {
        let version = reader.value("apiVersion")
        let kind = reader.value("kind")
        if version?.equals(Self.apiVersion) != true {
            let found = version.map { "\"\($0.string ?? $0.kind.phrase)\"" } ?? "missing"
            reader.report("apiVersion is \(found); expected \"\(Self.apiVersion)\"", at: version)
        }
        guard kind?.equals("Policy") == true else {
            let found = kind.map { "\"\($0.string ?? $0.kind.phrase)\"" } ?? "missing"
            let hint = Nearest.hint(for: kind?.string ?? "", among: ["Policy"])
            reader.report("kind is \(found); expected \"Policy\"\(hint)", at: kind)
            _ = (reader.value("metadata"), reader.value("spec"))
            return
        }
        let name = readName(&reader, of: file)
        let policy = reader.object("spec") { spec in
            readSpec(&spec, name: name, file: file.name)
        }
        if let policy { policies.append(policy) }
    }

    private mutating func readName(
        _ reader: inout ParameterReader, of file: PolicyFile
    ) -> String {
        let root = reader.place
        let place = root?.present("metadata")?.present("name") ?? root?.present("metadata") ?? root
        let name = reader.object("metadata") { metadata in
            // Whatever tools write beside the name is not ours to judge.
            _ = (metadata.value("labels"), metadata.value("annotations"))
            _ = metadata.value("namespace")
            return metadata.string("name")
        }
        guard let name else {
            if root?.present("metadata")?.present("name") == nil {
                reader.report("metadata.name is missing; expected \(Self.nameForm)", at: place)
            }
            return ""
        }
        guard Self.isName(name) else {
            reader.report("metadata.name is \"\(name)\"; expected \(Self.nameForm)", at: place)
            return ""
        }
        if let first = names[name] {
            reader.report("the name \"\(name)\" is taken by a policy in \(first)", at: place)
        } else {
            names[name] = place.map { "\(file.name):\($0.position.line)" } ?? file.name
        }
        return name
    }

    private static let nameForm = "lower-case letters, digits, '-' and '.', at most 253"

    /// An RFC 1123 subdomain, as Kubernetes names its objects.
    private static func isName(_ name: String) -> Bool {
        guard name.utf8.count <= 253, let first = name.utf8.first, let last = name.utf8.last else {
            return false
        }
        func isInner(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return isInner(first) && isInner(last)
            && name.utf8.allSatisfy {
                isInner($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
    }

    private func readSpec(
        _ spec: inout ParameterReader, name: String, file: String
    ) -> Policy? {
        let rule = readRule(&spec)
        let actions = readActions(&spec)
        let match = spec.object("match") { match in
            readMatch(&match, rule: rule)
        }
        let existing = spec.choice("existingViolations", default: Policy.ExistingViolations.allow)
        guard let rule else {
            _ = spec.value("parameters")
            return nil
        }
        let bound = spec.object("parameters") { Self.bind(rule, &$0) }
        guard let bound else { return nil }
        return Policy(
            name: name, file: file, ruleID: rule.id, validationActions: actions,
            enforcement: enforcement, match: match, existingViolations: existing,
            scope: rule.scope, rule: bound)
    }

    private static func bind(
        _ rule: any Rule.Type, _ parameters: inout ParameterReader
    ) -> Policy.BoundRule? {
        switch rule.init(parameters: &parameters) {
        case let rule as any StateRule: .state(rule)
        case let rule as any ActRule: .act(rule)
        default: nil
        }
    }

    private func readRule(_ spec: inout ParameterReader) -> (any Rule.Type)? {
        let place = spec.value("rule")
        let ids = RuleCatalogue.all.map { $0.id }
        guard let id = place?.string else {
            let found = place.map { "is \($0.kind.phrase)" } ?? "is missing"
            spec.report(
                "spec.rule \(found); expected one of \(ids.joined(separator: ", "))", at: place)
            return nil
        }
        if let rule = RuleCatalogue.rule(id) { return rule }
        spec.report(
            "there is no rule \"\(id)\"\(Nearest.hint(for: id, among: ids)); "
                + "expected one of \(ids.joined(separator: ", "))", at: place)
        return nil
    }

    private func readActions(_ spec: inout ParameterReader) -> [Policy.Action] {
        let names = Policy.Action.allCases.map(\.rawValue)
        let place = spec.value("validationActions")
        guard let strings = spec.strings("validationActions") else { return [.warn] }
        var actions: [Policy.Action] = []
        for (text, node) in strings {
            guard let action = Policy.Action(rawValue: text) else {
                spec.report(
                    "there is no action \"\(text)\"\(Nearest.hint(for: text, among: names)); "
                        + "expected Deny, Warn or Audit", at: node)
                continue
            }
            if actions.contains(action) {
                spec.report("the action \(text) stands twice", at: node)
            }
            actions.append(action)
        }
        if strings.isEmpty {
            spec.report("spec.validationActions is empty; expected Deny, Warn or Audit", at: place)
        }
        if actions.contains(.deny), actions.contains(.warn) {
            spec.report(
                "spec.validationActions has both Deny and Warn: a denial would warn of itself; "
                    + "expected one of the two", at: place)
        }
        return actions
    }
}

// MARK: spec.match

extension PolicyReader {
    private func readMatch(_ match: inout ParameterReader, rule: (any Rule.Type)?) -> Match {
        Match(
            namespaces: match.globs("namespaces"),
            excludeNamespaces: match.globs("excludeNamespaces"),
            kinds: readKinds(&match, rule: rule), names: match.globs("names"),
            operations: readOperations(&match, rule: rule), users: match.globs("users"),
            groups: match.globs("groups"), excludeUsers: match.globs("excludeUsers"),
            excludeGroups: match.globs("excludeGroups"),
            objectSelector: match.object("objectSelector", readSelector))
    }

    /// Kinds by name: a built-in one alone, a custom one with its group.
    private func readKinds(
        _ match: inout ParameterReader, rule: (any Rule.Type)?
    ) -> [GroupKind] {
        var kinds: [GroupKind] = []
        for (text, node) in match.strings("kinds") ?? [] {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            let candidates =
                parts.count == 2
                ? [GroupKind(String(parts[0]), String(parts[1]))]
                : Self.builtInGroups.map { GroupKind($0, text) }
            guard let rule else { continue }
            let visible = table.kinds.filter { rule.scope.covers($0, in: table) }
            let seen =
                visible
                + [.pod, .service, .node].filter {
                    rule.scope.covers($0, in: table) && !visible.contains($0)
                }
            if let kind = candidates.first(where: { rule.scope.covers($0, in: table) }) {
                kinds.append(kind)
                continue
            }
            let names = seen.map(Self.policyName).sorted()
            let hint = Nearest.hint(for: text, among: names)
            match.report(
                "the rule \(rule.id) sees no kind \"\(text)\"\(hint); "
                    + "it sees \(names.joined(separator: ", "))", at: node)
        }
        return kinds
    }

    private static let builtInGroups = ["", "apps", "batch"]

    /// How a policy file names a kind.
    private static func policyName(of kind: GroupKind) -> String {
        builtInGroups.contains(kind.group) ? kind.kind : kind.description
    }

    private func readOperations(
        _ match: inout ParameterReader, rule: (any Rule.Type)?
    ) -> [Subject.Operation] {
        let names = Subject.Operation.allCases.map(\.rawValue)
        var operations: [Subject.Operation] = []
        let place = match.value("operations")
        for (text, node) in match.strings("operations") ?? [] {
            if let operation = Subject.Operation(rawValue: text) {
                operations.append(operation)
            } else {
                match.report(
                    "there is no operation \"\(text)\"\(Nearest.hint(for: text, among: names)); "
                        + "expected one of \(names.joined(separator: ", "))", at: node)
            }
        }
        if let rule, !operations.isEmpty,
            !operations.contains(where: rule.scope.operations.contains)
        {
            let seen = rule.scope.operations.map(\.rawValue).joined(separator: " and ")
            match.report(
                "the rule \(rule.id) sees only \(seen): with these operations the policy would "
                    + "never apply", at: place)
        }
        return operations
    }

    private func readSelector(_ selector: inout ParameterReader) -> LabelSelector {
        var requirements = selector.stringMap("matchLabels").map { key, value in
            LabelSelector.Requirement(key: key, operator: .in, values: [value])
        }
        requirements += selector.objects("matchExpressions") { expression in
            let key = expression.string("key")
            let place = expression.value("operator")
            let comparison = expression.choice("operator", default: LabelSelector.Operator.in)
            let values = expression.strings("values")?.map(\.text) ?? []
            if key?.isEmpty ?? true { expression.report("a label expression needs a key", at: nil) }
            if place == nil {
                expression.report(
                    "a label expression needs an operator: In, NotIn, Exists or DoesNotExist",
                    at: nil)
            }
            let takesValues = comparison == .in || comparison == .notIn
            if place != nil, takesValues == values.isEmpty {
                expression.report(
                    takesValues
                        ? "the operator \(comparison.rawValue) needs values"
                        : "the operator \(comparison.rawValue) takes no values", at: place)
            }
            return LabelSelector.Requirement(
                key: key ?? "", operator: comparison, values: values)
        }
        return LabelSelector(requirements: requirements)
    }
}
