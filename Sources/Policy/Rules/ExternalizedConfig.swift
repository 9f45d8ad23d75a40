internal import Document

/// `externalized-config`: no secret is written out where configuration is.
///
/// A secret in a manifest is in every copy of the manifest, and nobody can replace it without a
/// rollout. Sees `env[].value`, `command`, `args` and the commands of hooks and probes of every
/// container, and `data` of ConfigMaps with its keys as names; `binaryData` is no text. A value is
/// a secret by its name (`SecretNames`): any literal, or where the name only suggests it, a literal
/// that looks random; or by a vendor's shape (`SecretShapes`), whatever the name. Allowed are
/// `valueFrom`, references to other variables, what everybody may see, and Secrets themselves.
/// https://kubernetes.io/docs/concepts/configuration/secret/. No output ever holds the value.
struct ExternalizedConfig: StateRule {
    static let id = "externalized-config"
    static let summary =
        "No secret is written into a variable, an argument or a ConfigMap; it lies in a Secret."
    static let scope = RuleScope(workloads: true, kinds: [GroupKind("", "ConfigMap")])

    private let names: SecretNames
    private let exemptNames: [Glob]
    private let exemptImages: [Glob]

    init(parameters: inout ParameterReader) {
        let additional = parameters.words(
            "additionalNames",
            doc: "Further words in a name that make any literal a secret.")
        for word in additional where SecretNames.normalised(word).isEmpty {
            parameters.report(
                "spec.parameters.additionalNames has \"\(word)\"; expected a word with a letter or "
                    + "digit, since _, - and . do not count", at: nil)
        }
        names = SecretNames(additional: additional)
        exemptNames = parameters.globs(
            "exemptNames", doc: "Globs of names of variables, flags and keys that hold no secret.")
        exemptImages = parameters.globs("exemptImages")
    }

    func judge(
        _ object: ReviewedObject, into findings: inout Findings
    ) throws(UnreadableObject) {
        if object.kind == GroupKind("", "ConfigMap") {
            return try judgeConfigMap(object.node, into: &findings)
        }
        for container in object.workload.containers {
            let image = try container.image()
            if exemptImages.matches(image: image) { continue }
            try findings.append(ofImage: image) { findings throws(UnreadableObject) in
                try judgeVariables(of: container, into: &findings)
                try judgeCommands(of: container, into: &findings)
            }
        }
    }

    private func isExempt(_ name: Node) -> Bool {
        !exemptNames.isEmpty && exemptNames.anyMatches(name.string ?? "")
    }
}

// MARK: Variables and ConfigMaps

extension ExternalizedConfig {
    private func judgeVariables(
        of container: Workload.Container, into findings: inout Findings
    ) throws(UnreadableObject) {
        guard let list = try container.node.list("env", of: .object, in: container.path) else {
            return
        }
        for (index, variable) in list.enumerated() {
            func path() -> FieldPath { container.path.field("env").element(index) }
            let name = try variable.string("name", in: path())
            guard let value = try variable.string("value", in: path()), !value.isEmptyString
            else { continue }
            guard let secret = judge(value, named: name) else { continue }
            if let name, isExempt(name) { continue }
            let title = Text(name: name) ?? "[\(index)]"
            secret.add(
                check: "variable", element: "\(container.element)/\(title)",
                path: path().field("value"),
                subject: "variable \"\(title)\" of \(container.title)",
                fix: Self.containerFix,
                to: &findings)
        }
    }

    private func judgeConfigMap(
        _ configMap: Node, into findings: inout Findings
    ) throws(UnreadableObject) {
        guard let data = try configMap.member("data", .object, in: .root) else { return }
        for (key, value) in data.members where !value.isNull {
            func path() -> FieldPath { FieldPath("data").key(key.string ?? "") }
            guard value.kind == .string else {
                throw UnreadableObject(path(), "expected a string, found \(value.kind.phrase)")
            }
            guard !value.isEmptyString, let secret = judge(value, named: key, mayBeFile: true),
                !isExempt(key)
            else { continue }
            let title = Text(name: key) ?? ""
            secret.add(
                check: "data", element: title, path: path(),
                subject: "key \"\(title)\" of the ConfigMap", fix: Self.configMapFix,
                to: &findings)
        }
    }

    /// What is wrong with a value, or nil where nothing is.
    private func judge(
        _ value: Node, named name: Node?, mayBeFile: Bool = false
    ) -> LiteralSecret? {
        let meaning = name?.withCharacters { name in
            mayBeFile && SecretNames.isFile(name) ? .harmless : names.meaning(of: name)
        }
        let counts = meaning == .secret && name?.withCharacters(SecretNames.counts) == true
        return value.withCharacters { LiteralSecret($0, meaning ?? .harmless, counts: counts) }
    }

    private static var containerFix: Text {
        "keep it in a Secret and refer to it by env[].valueFrom.secretKeyRef or a mounted file; "
            + "replace the value that stood here, since it was readable"
    }

    private static var configMapFix: Text {
        "keep it in a Secret, which the Pods mount or refer to by secretKeyRef; "
            + "replace the value that stood here, since it was readable"
    }
}

// MARK: Commands

extension ExternalizedConfig {
    private func judgeCommands(
        of container: Workload.Container, into findings: inout Findings
    ) throws(UnreadableObject) {
        let node = container.node
        for field in ["command", "args"] {
            try judgeWords(of: node, field, container, container.path, into: &findings)
        }
        if let lifecycle = try node.member("lifecycle", .object, in: container.path) {
            let path = container.path.field("lifecycle")
            for hook in ["postStart", "preStop"] {
                try judgeHandler(of: lifecycle, hook, container, path, into: &findings)
            }
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            try judgeHandler(of: node, probe, container, container.path, into: &findings)
        }
    }

    private func judgeHandler(
        of node: Node, _ field: String, _ container: Workload.Container,
        _ path: @autoclosure () -> FieldPath, into findings: inout Findings
    ) throws(UnreadableObject) {
        guard let handler = try node.member(field, .object, in: path()),
            let exec = try handler.member("exec", .object, in: path().member(field))
        else { return }
        try judgeWords(
            of: exec, "command", container, path().member(field).field("exec"), into: &findings)
    }

    /// Judges the words of a command: each as a whole for shapes, and the options and assignments
    /// in it by their names.
    private func judgeWords(
        of node: Node, _ field: String, _ container: Workload.Container,
        _ path: @autoclosure () -> FieldPath, into findings: inout Findings
    ) throws(UnreadableObject) {
        guard let words = try node.list(field, of: .string, in: path()) else { return }
        var reader = CommandLineSecrets(names: names)
        for (index, word) in words.enumerated() {
            word.withCharacters { reader.read($0) }
            guard !reader.found.isEmpty else { continue }
            let place = path().member(field).element(index)
            for (name, secret) in reader.found where !exemptNames.anyMatches(name) {
                let subject: Text = name.isEmpty ? "a word in" : "\"\(name)\" in"
                secret.add(
                    check: field, element: "\(container.element)/\(name)", path: place,
                    subject: "\(subject) the \(field) of \(container.title)",
                    fix: Self.containerFix, to: &findings)
            }
        }
    }
}
