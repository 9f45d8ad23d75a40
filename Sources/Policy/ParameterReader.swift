package import Document

/// Reads an object of a policy file strictly: what is asked for is known, everything else is an
/// error with line, column and the nearest known name. It collects every problem, so that one run
/// shows them all.
///
/// It notes what it was asked for, so that schemas and listings are made from the reading itself.
package struct ParameterReader {
    /// What is wrong so far.
    package private(set) var problems: [PolicyProblem] = []
    /// What could be read and cannot be meant, so far.
    private(set) var warnings: [PolicyProblem] = []
    /// What was asked for, in the order of the first time.
    private(set) var fields: [ParameterField] = []
    private let node: Node?
    private let file: String
    private let title: String
    /// Where the object begins, or where it would.
    private let position: SourcePosition
    /// Whether nothing is read, only noted.
    let isLearning: Bool
    /// While learning one of several variants: the field that decides, and its value.
    private var decided: (name: String, value: String)?

    /// Reads `node`, or nothing where it is absent. `title` names it in messages: `spec.match`.
    package init(_ node: Node?, file: String, title: String) {
        self.init(
            node, file: file, title: title, position: SourcePosition(line: 1, column: 1),
            isLearning: false)
    }

    private init(
        _ node: Node?, file: String, title: String, position: SourcePosition, isLearning: Bool
    ) {
        self.file = file
        self.title = title
        self.node = node.flatMap { $0.isNull ? nil : $0 }
        self.position = node?.position ?? position
        self.isLearning = isLearning
        if let node = self.node, node.kind != .object {
            report("\(title) is \(node.kind.phrase); expected an object", at: node)
        }
    }

    /// What `read` asks for: it is given nothing to read, and its problems do not count.
    static func fields(askedForBy read: (inout ParameterReader) -> Void) -> [ParameterField] {
        var reader = ParameterReader(learning: nil)
        read(&reader)
        return reader.fields
    }

    private init(learning decided: (name: String, value: String)?) {
        self.init(
            nil, file: "", title: "", position: SourcePosition(line: 1, column: 1),
            isLearning: true)
        self.decided = decided
    }

    /// Adds a problem at a node, or at the object where the node is absent.
    package mutating func report(_ message: String, at place: Node?) {
        if isLearning { return }
        problems.append(
            PolicyProblem(file: file, position: place?.position ?? position, message: message))
    }

    /// Adds something that can be read and cannot be meant.
    mutating func warn(_ message: String, at place: Node?) {
        if isLearning { return }
        warnings.append(
            PolicyProblem(file: file, position: place?.position ?? position, message: message))
    }

    /// Takes over what a reader of an inner object found.
    private mutating func adopt(_ inner: ParameterReader) {
        problems += inner.problems
        warnings += inner.warnings
    }

    /// Where the object begins, for problems about what it lacks.
    package var place: Node? { node }

    /// While one of several variants is being learned, the value of the field that decides.
    func assumed(_ name: String) -> String? { decided?.name == name ? decided?.value : nil }

    mutating func mismatch(_ name: String, _ value: Node, expected: String) {
        report("\(title).\(name) is \(value.kind.phrase); expected \(expected)", at: value)
    }

    /// What is no object lacks no member: that it is none has been said.
    mutating func reportMissing(_ name: String, expected: String) {
        guard node?.kind ?? .object == .object else { return }
        report("\(fullName(name)) is missing; expected \(expected)", at: nil)
    }

    /// The full name of a field, for messages.
    func fullName(_ name: String) -> String { title.isEmpty ? name : "\(title).\(name)" }
}

// MARK: What was asked for

extension ParameterReader {
    /// The member, where it is there and not `null`; from now on its name is known.
    package mutating func value(
        _ name: String, as shape: ParameterShape = .anything, isRequired: Bool = false,
        doc: String = ""
    ) -> Node? {
        note(name) { field in
            if shape != .anything { field.shape = shape }
            if isRequired { field.isRequired = true }
            let doc = doc.isEmpty ? Self.sharedDocs[name] ?? "" : doc
            if !doc.isEmpty { field.summary = doc }
        }
        return node?.present(name)
    }

    /// What parameters are that many rules have.
    private static let sharedDocs = [
        "exemptImages":
            "Globs of normalised names, without tag and digest: docker.io/library/nginx.",
        "allowedUsers": "Globs of users who may, with a warning and an audit annotation each time.",
        "allowedGroups": "Globs of groups that may, likewise.",
    ]

    private mutating func note(_ name: String, _ change: (inout ParameterField) -> Void) {
        if let index = fields.firstIndex(where: { $0.name == name }) {
            change(&fields[index])
        } else {
            var field = ParameterField(name: name)
            change(&field)
            fields.append(field)
        }
    }

    private mutating func note(_ name: String, fallback: JSONValue) {
        note(name) { $0.fallback = fallback }
    }

    mutating func note(_ name: String, setting: JSONValue) {
        note(name) { $0.setting = setting }
    }

    /// What the file says of the fields asked for.
    var settings: JSONValue {
        .object(
            fields.compactMap { field in
                field.setting.map { JSONValue.Member(name: field.name, value: $0) }
            })
    }

    /// What holds of the fields asked for, without what is empty.
    private var values: JSONValue {
        .object(
            fields.compactMap { field in
                field.value.isEmpty ? nil : JSONValue.Member(name: field.name, value: field.value)
            })
    }

    /// The shape of an object that `read` reads.
    private static func shape(
        of variants: Variants?, _ read: (inout ParameterReader) -> Void
    ) -> ParameterShape {
        guard let variants else { return .object(fields(askedForBy: read)) }
        return .variants(
            by: variants.name,
            variants.values.map { value in
                var reader = ParameterReader(learning: (variants.name, value))
                read(&reader)
                return ParameterShape.Variant(value: value, fields: reader.fields)
            })
    }

    /// That the fields of an object depend on the value of one of them.
    package struct Variants {
        /// The field that decides.
        package let name: String
        /// Its values.
        package let values: [String]
    }
}

// MARK: Types

extension ParameterReader {
    /// A string of a form, or nil where it is absent or has another.
    package mutating func string(
        _ name: String, _ form: TextForm = .any, isRequired: Bool = false, doc: String = ""
    ) -> String? {
        guard let value = value(name, as: .text(form), isRequired: isRequired, doc: doc) else {
            if isRequired { reportMissing(name, expected: form.expectation) }
            return assumed(name)
        }
        guard let string = value.string else {
            mismatch(name, value, expected: "a string")
            return nil
        }
        guard form.accepts(string) else {
            report("\(fullName(name)) is \"\(string)\"; expected \(form.expectation)", at: value)
            return nil
        }
        note(name, setting: .string(string))
        return string
    }

    /// A boolean.
    package mutating func boolean(
        _ name: String, default fallback: Bool = false, doc: String = ""
    ) -> Bool {
        let value = value(name, as: .boolean, doc: doc)
        note(name, fallback: .boolean(fallback))
        guard let value else { return fallback }
        guard let boolean = value.boolean else {
            mismatch(name, value, expected: "true or false")
            return fallback
        }
        note(name, setting: .boolean(boolean))
        return boolean
    }

    /// One of the cases of an enumeration of strings.
    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, default fallback: Choice, doc: String = ""
    ) -> Choice {
        let value = value(name, as: .choice(Choice.allCases.map(\.rawValue)), doc: doc)
        note(name, fallback: .string(fallback.rawValue))
        return read(name, value) ?? fallback
    }

    /// One of the cases of an enumeration of strings, or nil where it is absent or another.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, of type: Choice.Type, isRequired: Bool = false, doc: String = ""
    ) -> Choice? {
        let names = Choice.allCases.map(\.rawValue)
        return read(
            name, value(name, as: .choice(names), isRequired: isRequired, doc: doc))
    }

    private mutating func read<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ value: Node?
    ) -> Choice? {
        guard let value else {
            return assumed(name).flatMap(Choice.init)
        }
        let names = Choice.allCases.map(\.rawValue)
        guard let text = value.string else {
            mismatch(name, value, expected: Self.oneOf(names))
            return nil
        }
        if let choice = Choice(rawValue: text) {
            note(name, setting: .string(text))
            return choice
        }
        report(
            "\(title).\(name) is \"\(text)\"; expected \(Self.oneOf(names))"
                + Nearest.hint(for: text, among: names), at: value)
        return nil
    }

    /// A list of cases of an enumeration of strings.
    mutating func choices<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, doc: String = ""
    ) -> [Choice] {
        let names = Choice.allCases.map(\.rawValue)
        let shape = ParameterShape.list(ParameterShape.List(of: .choice(names)))
        let strings = strings(name, as: shape, default: [], doc: doc) ?? []
        return strings.enumerated().compactMap { index, entry in
            if let choice = Choice(rawValue: entry.text) { return choice }
            report(
                "\(title).\(name)[\(index)] is \"\(entry.text)\"; expected \(Self.oneOf(names))"
                    + Nearest.hint(for: entry.text, among: names), at: entry.node)
            return nil
        }
    }

    /// A list of strings, with their nodes for further complaints. `shape` says more of them than
    /// is checked here.
    package mutating func strings(
        _ name: String, as shape: ParameterShape = .texts(.any), isRequired: Bool = false,
        default fallback: [String]? = nil, doc: String = ""
    ) -> [(text: String, node: Node)]? {
        let value = value(name, as: shape, isRequired: isRequired, doc: doc)
        if let fallback { note(name) { $0.fallback = .strings(fallback) } }
        guard let value else { return nil }
        guard value.kind == .array else {
            mismatch(name, value, expected: "a list of strings")
            return nil
        }
        var strings: [(text: String, node: Node)] = []
        for (index, element) in value.elements.enumerated() {
            if let text = element.string {
                strings.append((text, element))
            } else {
                mismatch("\(name)[\(index)]", element, expected: "a string")
            }
        }
        note(name, setting: .strings(strings.map(\.text)))
        return strings
    }

    /// A list of strings that are not blank, or a built-in list where it is absent.
    package mutating func words(
        _ name: String, default fallback: [String] = [], doc: String = ""
    ) -> [String] {
        words(name, isRequired: false, default: fallback, doc: doc)
    }

    /// A list of strings that are not blank, of which there must be one where it is required.
    mutating func words(
        _ name: String, isRequired: Bool, default fallback: [String] = [], doc: String = ""
    ) -> [String] {
        let strings = strings(
            name, as: .texts(.word, least: isRequired ? 1 : 0), isRequired: isRequired,
            default: fallback, doc: doc)
        guard let strings else {
            if isRequired { reportMissing(name, expected: "a list of strings") }
            return fallback
        }
        if isRequired, strings.isEmpty {
            report("\(fullName(name)) is empty; expected a string", at: node?.present(name))
        }
        return strings.compactMap { text, node in
            if TextForm.word.accepts(text) { return text }
            report("\(title).\(name) has a blank entry; remove it or write a value", at: node)
            return nil
        }
    }

    /// A list of globs, or a built-in list where it is absent.
    package mutating func globs(
        _ name: String, default fallback: [Glob] = [], doc: String = ""
    ) -> [Glob] {
        let strings = strings(
            name, as: .texts(.filled), default: fallback.map(\.description), doc: doc)
        guard let strings else { return fallback }
        return strings.compactMap { text, node in
            if let glob = Glob(text) { return glob }
            report("\(title).\(name) has an empty pattern, which would match nothing", at: node)
            return nil
        }
    }

    /// A list of ports, 1 to 65535, or a built-in list where it is absent.
    package mutating func ports(
        _ name: String, default fallback: [Int], doc: String = ""
    ) -> [Int] {
        let shape = ParameterShape.list(ParameterShape.List(of: .integer(1...65535)))
        let value = value(name, as: shape, doc: doc)
        note(name, fallback: .array(fallback.map(JSONValue.number)))
        guard let value else { return fallback }
        guard value.kind == .array else {
            mismatch(name, value, expected: "a list of port numbers")
            return fallback
        }
        var ports: [Int] = []
        for (index, element) in value.elements.enumerated() {
            if let port = element.integer, (1...65535).contains(port) {
                ports.append(port)
            } else {
                let found = element.numberText ?? element.kind.phrase
                report(
                    "\(title).\(name)[\(index)] is \(found); expected a port number, 1 to 65535",
                    at: element)
            }
        }
        note(name, setting: .array(ports.map(JSONValue.number)))
        return ports
    }

    /// A map of strings.
    mutating func stringMap(_ name: String, doc: String = "") -> [(key: String, value: String)] {
        guard let value = value(name, as: .map, doc: doc) else { return [] }
        guard value.kind == .object else {
            mismatch(name, value, expected: "a map of strings")
            return []
        }
        var pairs: [(key: String, value: String)] = []
        for (key, value) in value.members {
            let keyText = key.string ?? ""
            if let text = value.string {
                pairs.append((keyText, text))
            } else {
                mismatch("\(name)[\"\(keyText)\"]", value, expected: "a string")
            }
        }
        note(
            name,
            setting: .object(
                pairs.map { JSONValue.Member(name: $0.key, value: .string($0.value)) }))
        return pairs
    }
}

// MARK: Objects

extension ParameterReader {
    /// A list of objects, each given to `read` with a reader of its own.
    package mutating func objects<Value>(
        _ name: String, doc: String = "", _ read: (inout ParameterReader) -> Value?
    ) -> [Value] {
        objects(name, variants: nil, doc: doc, read)
    }

    /// A list of objects whose fields may depend on one of them.
    mutating func objects<Value>(
        _ name: String, variants: Variants? = nil, isRequired: Bool = false,
        count: (least: Int, most: Int?) = (0, nil), doc: String = "",
        _ read: (inout ParameterReader) -> Value?
    ) -> [Value] {
        let value = value(name, isRequired: isRequired, doc: doc)
        if isLearning {
            let shape = Self.shape(of: variants) { _ = read(&$0) }
            let list = ParameterShape.List(of: shape, least: count.least, most: count.most)
            note(name) { $0.shape = .list(list) }
        }
        note(name, fallback: .array([]))
        guard let value else {
            if isRequired { reportMissing(name, expected: "a list of objects") }
            return []
        }
        guard value.kind == .array else {
            mismatch(name, value, expected: "a list of objects")
            return []
        }
        if value.count < count.least {
            report("\(fullName(name)) is empty; expected at least one object", at: value)
        }
        if let most = count.most, value.count > most {
            report(
                "\(fullName(name)) has \(value.count) elements; expected at most \(most)",
                at: value)
        }
        var values: [Value] = []
        var settings: [JSONValue] = []
        for (index, element) in value.elements.enumerated() {
            var reader = ParameterReader(
                element, file: file, title: "\(title).\(name)[\(index)]")
            if element.isNull {
                reader.report("\(reader.title) is null; expected an object", at: element)
            }
            if let value = read(&reader) { values.append(value) }
            reader.rejectUnknownNames()
            settings.append(reader.values)
            adopt(reader)
        }
        note(name, setting: .array(settings))
        return values
    }

    /// Reads a member that is an object with a reader of its own.
    package mutating func object<Value>(
        _ name: String, variants: Variants? = nil, isRequired: Bool = false, doc: String = "",
        _ read: (inout ParameterReader) -> Value
    ) -> Value {
        let value = value(name, isRequired: isRequired, doc: doc)
        if isLearning {
            let shape = Self.shape(of: variants) { _ = read(&$0) }
            note(name) { $0.shape = shape }
        }
        var reader = ParameterReader(
            value, file: file, title: fullName(name), position: position, isLearning: isLearning)
        let result = read(&reader)
        reader.rejectUnknownNames()
        if value != nil { note(name, setting: reader.settings) }
        adopt(reader)
        return result
    }

    /// Complains of every member that nobody asked for.
    package mutating func rejectUnknownNames() {
        guard let node, node.kind == .object else { return }
        let known = fields.map(\.name)
        for (key, _) in node.members {
            let name = key.string ?? ""
            guard !known.contains(name) else { continue }
            let place = title.isEmpty ? "\"\(name)\"" : "\"\(name)\" in \(title)"
            let list = known.sorted().joined(separator: ", ")
            report(
                "unknown field \(place)\(Nearest.hint(for: name, among: known)); "
                    + (known.isEmpty ? "expected no fields" : "expected \(list)"), at: key)
        }
    }

    private static func oneOf(_ names: [String]) -> String {
        names.count == 1 ? names[0] : "one of \(names.joined(separator: ", "))"
    }
}
