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

/// Reads policy files strictly: what is not understood is an error, never ignored.
///
/// All files are read before any document is looked at, since documents speak of each other: kinds
/// first, then the policies that name them.
package struct PolicyReader {
    /// The only `apiVersion` there is.
    package static let apiVersion = "cattleguard.dev/v1"

    /// What a policy file may hold, in the order in which it is looked at.
    private enum DocumentKind: String, CaseIterable {
        case workloadKind = "WorkloadKind"
        case policy = "Policy"
        case exception = "PolicyException"

        /// What it is for, in one sentence.
        var summary: String {
            switch self {
            case .workloadKind: "Where a custom kind carries pod specs, so that rules see them."
            case .policy: "A rule, what it is about, and what happens where it is violated."
            case .exception: "What policies let pass, for a reason and until a moment."
            }
        }
    }

    /// A document of a file, and what it says it is.
    private struct ParsedDocument {
        /// What the reader's nodes stand in, and live as long as.
        let document: Document
        let file: PolicyFile
        let kind: DocumentKind
        /// Its reader, which knows the two members that say so.
        var reader: ParameterReader
    }

    private let enforcement: Enforcement
    private var table: WorkloadTable
    private var workloads: [GroupKind: WorkloadTable.Entry] = [:]
    private var documents: [ParsedDocument] = []
    private var policies: [Policy] = []
    private var exceptions: [PolicyException] = []
    private var problems: [PolicyProblem] = []
    private var warnings: [PolicyProblem] = []
    /// Where each name of a kind was first used, to say so where it is used again.
    private var names: [DocumentKind: [String: String]] = [:]

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
            if kind == .workloadKind { reader.table = reader.table.adding(reader.workloads) }
        }
        if reader.policies.isEmpty, reader.problems.isEmpty, !allowEmpty {
            reader.problems.append(
                PolicyProblem(
                    file: folder, position: SourcePosition(line: 1, column: 1),
                    message: "holds no policy; write one, or say --allow-empty"))
        }
        let warnings = reader.warnings.sorted()
        guard reader.problems.isEmpty else {
            throw PolicyProblems(all: reader.problems.sorted(), warnings: warnings)
        }
        return PolicySet(
            reader.policies, exceptions: reader.exceptions, table: reader.table,
            warnings: warnings)
    }

    /// What is asked for of each kind of document.
    package static var shapes: [DocumentShape] {
        DocumentKind.allCases.map { kind in
            var reader = PolicyReader(enforcement: .declared, table: .shipped)
            let fields = ParameterReader.fields { root in
                _ = root.value("apiVersion", as: .choice([apiVersion]), isRequired: true)
                _ = root.value("kind", as: .choice([kind.rawValue]), isRequired: true)
                reader.read(&root, as: kind, of: PolicyFile(name: "", bytes: []))
            }
            return DocumentShape(name: kind.rawValue, summary: kind.summary, fields: fields)
        }
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
                ParsedDocument(document: document, file: file, kind: kind, reader: reader))
            return
        }
        let kinds = DocumentKind.allCases.map(\.rawValue).sorted()
        let found = name.map { "\"\($0.string ?? $0.kind.phrase)\"" } ?? "missing"
        let hint = Nearest.hint(for: name?.string ?? "", among: kinds)
        let expected = kinds.map { "\"\($0)\"" }.joined(separator: ", ")
        reader.report("kind is \(found); expected one of \(expected)\(hint)", at: name)
        _ = (reader.value("metadata"), reader.value("spec"))
        reader.rejectUnknownNames()
        problems += reader.problems
    }

    private mutating func read(_ document: ParsedDocument) {
        var reader = document.reader
        read(&reader, as: document.kind, of: document.file)
        reader.rejectUnknownNames()
        problems += reader.problems
        warnings += reader.warnings
    }

    private mutating func read(
        _ root: inout ParameterReader, as kind: DocumentKind, of file: PolicyFile
    ) {
        let name = readName(&root, of: file, kind)
        switch kind {
        case .workloadKind:
            let place = "\(file.name):\(root.place?.position.line ?? 1)"
            root.object("spec", isRequired: true) { spec in
                readWorkloadKind(&spec, source: place)
            }
        case .policy:
            let rules = ParameterReader.Variants(
                name: "rule", values: RuleCatalogue.all.map { $0.id })
            let policy = root.object("spec", variants: rules, isRequired: true) { spec in
                readSpec(&spec, name: name, file: file.name)
            }
            if let policy { policies.append(policy) }
        case .exception:
            let known = PolicyExceptionReader(
                policies: policies, names: Array((names[.policy] ?? [:]).keys), table: table)
            let exception = root.object("spec", isRequired: true) { spec in
                known.read(&spec, name: name, file: file.name)
            }
            if let exception { exceptions.append(exception) }
        }
    }

    private mutating func readName(
        _ root: inout ParameterReader, of file: PolicyFile, _ kind: DocumentKind
    ) -> String {
        let (name, place) = root.object("metadata", isRequired: true) { metadata in
            let name = metadata.string(
                "name", .name, isRequired: true,
                doc: "Unique among the documents of its kind; metrics and messages show it.")
            // Whatever tools write beside the name is not ours to judge.
            _ = (metadata.value("labels"), metadata.value("annotations"))
            _ = metadata.value("namespace")
            return (name, metadata.place?.present("name"))
        }
        guard let name else { return "" }
        if let first = names[kind]?[name] {
            let noun = kind == .policy ? "policy" : kind.rawValue
            root.report("the name \"\(name)\" is taken by a \(noun) in \(first)", at: place)
        } else {
            names[kind, default: [:]][name] =
                place.map { "\(file.name):\($0.position.line)" } ?? file.name
        }
        return name
    }

    private mutating func readWorkloadKind(_ spec: inout ParameterReader, source: String) {
        guard let (kind, entry) = WorkloadKindReader().read(&spec, source: source) else { return }
        if let first = workloads[kind]?.source {
            spec.report(
                "\(kind) is described in \(first) already", at: spec.place?.present("kind"))
        } else {
            workloads[kind] = entry
        }
    }

    private func readSpec(
        _ spec: inout ParameterReader, name: String, file: String
    ) -> Policy? {
        let rule = readRule(&spec)
        let actions = readActions(&spec)
        let (match, declaredMatch) = spec.object(
            "match", doc: "What the policy is about. All of it must hold; what is left out, holds."
        ) { match in
            (readMatch(&match, rule: rule), match.settings)
        }
        let existing = spec.choice(
            "existingViolations", default: Policy.ExistingViolations.allow,
            doc: "Allow: an update is judged by what it adds or changes. Deny: by all of it.")
        guard let rule else {
            _ = spec.value("parameters")
            return nil
        }
        let (bound, parameters) = spec.object("parameters", doc: rule.summary) { parameters in
            (Policy.BoundRule(rule.init(parameters: &parameters)), parameters.fields)
        }
        return Policy(
            name: name, file: file, ruleID: rule.id, validationActions: actions,
            enforcement: enforcement, match: match, existingViolations: existing,
            scope: rule.scope, rule: bound, declaredMatch: declaredMatch, parameters: parameters)
    }

    private func readRule(_ spec: inout ParameterReader) -> (any Rule.Type)? {
        let ids = RuleCatalogue.all.map { $0.id }
        let place = spec.value(
            "rule", as: .choice(ids), isRequired: true, doc: "The rule that the policy applies.")
        guard let id = place?.string ?? spec.assumed("rule") else {
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
        let shape = ParameterShape.List(
            of: .choice(names), least: 1, isDistinct: true, apart: ["Deny", "Warn"])
        let strings = spec.strings(
            "validationActions", as: .list(shape), default: ["Warn"],
            doc: "Deny refuses; Warn lets it in and tells the user; Audit only writes it down.")
        guard let strings else { return [.warn] }
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
        let meant = Match(
            namespaces: match.globs("namespaces", doc: "Globs of the object's namespace."),
            excludeNamespaces: match.globs(
                "excludeNamespaces", doc: "Globs of namespaces where the policy does not hold."),
            kinds: readKinds(&match, rule: rule),
            names: match.globs("names", doc: "Globs of the object's name."),
            operations: readOperations(&match, rule: rule),
            users: match.globs("users", doc: "Globs of the name of who asks."),
            groups: match.globs("groups", doc: "Globs; one must fit one group of who asks."),
            excludeUsers: match.globs(
                "excludeUsers", doc: "Globs of users for whom the policy does not hold."),
            excludeGroups: match.globs(
                "excludeGroups", doc: "Globs of groups for whom the policy does not hold."),
            objectSelector: match.object(
                "objectSelector",
                doc: "Labels of the object. Users write labels: it protects nothing.",
                readSelector))
        for (field, message) in meant.contradictions {
            match.warn(message, at: match.place?.present(field))
        }
        return meant
    }

    /// Kinds by name: a built-in one alone, a custom one with its group.
    private func readKinds(
        _ match: inout ParameterReader, rule: (any Rule.Type)?
    ) -> [GroupKind] {
        var kinds: [GroupKind] = []
        let visible = rule?.scope.visibleKinds(in: table) ?? []
        let strings = match.strings(
            "kinds", as: .list(ParameterShape.List(of: Self.shape(ofKindsIn: visible, rule))),
            doc: "Kinds; with the group where it is not Kubernetes' own: argoproj.io/Rollout.")
        for (text, node) in strings ?? [] {
            guard let rule else { continue }
            if let kind = visible.first(where: { $0.isNamed(text) }) {
                kinds.append(kind)
                continue
            }
            let names = visible.map(\.shortName).sorted()
            let hint = Nearest.hint(for: text, among: names)
            match.report(
                "the rule \(rule.id) sees no kind \"\(text)\"\(hint); "
                    + "it sees \(names.joined(separator: ", "))"
                    + Self.advice(on: text, rule), at: node)
        }
        return kinds
    }

    /// How a custom kind comes to be seen.
    private static func advice(on kind: String, _ rule: any Rule.Type) -> String {
        let isCustom = TextForm.customKind.accepts(kind) && kind.contains(".")
        guard rule.scope.workloads, isCustom else { return "" }
        return "; a WorkloadKind tells where another carries Pods"
    }

    /// A kind as a policy names it: a custom workload may be any.
    private static func shape(
        ofKindsIn visible: [GroupKind], _ rule: (any Rule.Type)?
    ) -> ParameterShape {
        let names = visible.map(\.shortName)
        guard rule?.scope.workloads == false else {
            return .either([.choice(names.sorted()), .text(.customKind)])
        }
        return .choice(Set(names + visible.map(\.description)).sorted())
    }

    private func readOperations(
        _ match: inout ParameterReader, rule: (any Rule.Type)?
    ) -> [Subject.Operation] {
        let names = Subject.Operation.allCases.map(\.rawValue)
        var operations: [Subject.Operation] = []
        let place = match.value("operations")
        let shape = ParameterShape.List(
            of: .choice(names), needed: rule?.scope.operations.map(\.rawValue) ?? [])
        let strings = match.strings(
            "operations", as: .list(shape), doc: "What is done: CREATE, UPDATE, DELETE, CONNECT.")
        for (text, node) in strings ?? [] {
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
        let operators = ParameterReader.Variants(
            name: "operator", values: LabelSelector.Operator.allCases.map(\.rawValue))
        requirements += selector.objects("matchExpressions", variants: operators) { expression in
            let key = expression.string("key", .filled, isRequired: true)
            let place = expression.value("operator", isRequired: true)
            let comparison =
                expression.choice("operator", of: LabelSelector.Operator.self) ?? .in
            if place == nil {
                expression.report(
                    "a label expression needs an operator: In, NotIn, Exists or DoesNotExist",
                    at: nil)
            }
            let takesValues = comparison == .in || comparison == .notIn
            let shape = ParameterShape.List(
                of: .text(.any), least: takesValues ? 1 : 0, most: takesValues ? nil : 0)
            let values =
                expression.strings("values", as: .list(shape), isRequired: takesValues)?
                .map(\.text) ?? []
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
