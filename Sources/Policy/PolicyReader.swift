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
///
/// All files are read before any document is looked at, since documents speak of each other: kinds
/// first, then the policies that name them.
package struct PolicyReader {
    /// The only `apiVersion` there is.
    package static let apiVersion = "cattleguard.dev/v1"

    /// What a policy file may hold, in the order in which it is looked at.
    private enum DocumentKind: String, CaseIterable {
        case policy = "Policy"
    }

    /// A document of a file, and what it says it is.
    private struct ParsedDocument {
        let file: PolicyFile
        let root: Node
        let kind: DocumentKind
        /// Its reader, which knows the two members that say so.
        var reader: ParameterReader
    }

    private let enforcement: Enforcement
    private let table: WorkloadTable
    private var documents: [ParsedDocument] = []
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
        for file in files { reader.parse(file) }
        for kind in DocumentKind.allCases {
            for document in reader.documents where document.kind == kind { reader.read(document) }
        }
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

    private mutating func parse(_ file: PolicyFile) {
        do throws(DocumentError) {
            if file.isJSON {
                let document = Document()
                try JSONReader.read(file.bytes, limits: .manifestJSON, into: document)
                parse(document, of: file)
            } else {
                let reader = YAMLReader(file.bytes, limits: .manifestYAML)
                var document = Document()
                while try reader.next(into: document) {
                    parse(document, of: file)
                    document = Document()
                }
            }
        } catch {
            problems.append(
                PolicyProblem(file: file.name, position: error.position, message: error.message))
        }
    }

    /// Finds out what a document is.
    private mutating func parse(_ document: Document, of file: PolicyFile) {
        guard let root = document.root else { return }
        guard root.kind == .object else {
            problems.append(
                PolicyProblem(
                    file: file.name, position: root.position,
                    message: "the document is \(root.kind.phrase); expected a Policy"))
            return
        }
        var reader = ParameterReader(root, file: file.name, title: "")
        let version = reader.value("apiVersion")
        if version?.equals(Self.apiVersion) != true {
            let found = version.map { "\"\($0.string ?? $0.kind.phrase)\"" } ?? "missing"
            reader.report("apiVersion is \(found); expected \"\(Self.apiVersion)\"", at: version)
        }
        let name = reader.value("kind")
        if let kind = name?.string.flatMap(DocumentKind.init) {
            documents.append(
                ParsedDocument(file: file, root: root, kind: kind, reader: reader))
            return
        }
        let kinds = DocumentKind.allCases.map(\.rawValue)
        let found = name.map { "\"\($0.string ?? $0.kind.phrase)\"" } ?? "missing"
        let hint = Nearest.hint(for: name?.string ?? "", among: kinds)
        let expected = kinds.map { "\"\($0)\"" }.joined(separator: " or ")
        reader.report("kind is \(found); expected \(expected)\(hint)", at: name)
        _ = (reader.value("metadata"), reader.value("spec"))
        reader.rejectUnknownNames()
        problems += reader.problems
    }

    private mutating func read(_ document: ParsedDocument) {
        var reader = document.reader
        let name = readName(&reader, of: document.file)
        switch document.kind {
        case .policy:
            let policy = reader.object("spec") { spec in
                readSpec(&spec, name: name, file: document.file.name)
            }
            if let policy { policies.append(policy) }
        }
        reader.rejectUnknownNames()
        problems += reader.problems
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
        return Policy(
            name: name, file: file, ruleID: rule.id, validationActions: actions,
            enforcement: enforcement, match: match, existingViolations: existing,
            scope: rule.scope, rule: bound)
    }

    private static func bind(
        _ rule: any Rule.Type, _ parameters: inout ParameterReader
    ) -> Policy.BoundRule {
        Policy.BoundRule(rule.init(parameters: &parameters))
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
            guard let rule else { continue }
            let visible = rule.scope.visibleKinds(in: table)
            if let kind = visible.first(where: { $0.isNamed(text) }) {
                kinds.append(kind)
                continue
            }
            let names = visible.map(\.shortName).sorted()
            let hint = Nearest.hint(for: text, among: names)
            match.report(
                "the rule \(rule.id) sees no kind \"\(text)\"\(hint); "
                    + "it sees \(names.joined(separator: ", "))", at: node)
        }
        return kinds
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
