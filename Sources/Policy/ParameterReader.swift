package import Document

/// Reads an object of a policy file strictly: what is asked for is known, everything else is an
/// error with line, column and the nearest known name. It collects every problem, so that one run
/// shows them all.
package struct ParameterReader {
    /// What is wrong so far.
    package private(set) var problems: [PolicyProblem] = []
    private let node: Node?
    private let file: String
    private let title: String
    private var known: [String] = []

    /// Reads `node`, or nothing where it is absent. `title` names it in messages: `spec.match`.
    package init(_ node: Node?, file: String, title: String) {
        self.file = file
        self.title = title
        self.node = node.flatMap { $0.isNull ? nil : $0 }
        if let node = self.node, node.kind != .object {
            report("\(title) is \(node.kind.phrase); expected an object", at: node)
        }
    }

    /// Adds a problem at a node, or at the object where the node is absent.
    package mutating func report(_ message: String, at place: Node?) {
        let position = (place ?? node)?.position ?? SourcePosition(line: 1, column: 1)
        problems.append(PolicyProblem(file: file, position: position, message: message))
    }

    /// Takes over what a reader of an inner object found.
    mutating func adopt(_ inner: [PolicyProblem]) { problems += inner }

    /// The member, where it is there and not `null`; from now on its name is known.
    package mutating func value(_ name: String) -> Node? {
        known.append(name)
        return node?.present(name)
    }

    /// Where the object begins, for problems about what it lacks.
    package var place: Node? { node }

    private mutating func mismatch(_ name: String, _ value: Node, expected: String) {
        report("\(title).\(name) is \(value.kind.phrase); expected \(expected)", at: value)
    }

    /// A string, or nil where it is absent.
    package mutating func string(_ name: String) -> String? {
        guard let value = value(name) else { return nil }
        if let string = value.string { return string }
        mismatch(name, value, expected: "a string")
        return nil
    }

    /// A boolean.
    package mutating func boolean(_ name: String, default fallback: Bool = false) -> Bool {
        guard let value = value(name) else { return fallback }
        if let boolean = value.boolean { return boolean }
        mismatch(name, value, expected: "true or false")
        return fallback
    }

    /// One of the cases of an enumeration of strings.
    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, default fallback: Choice
    ) -> Choice {
        guard let value = value(name) else { return fallback }
        let names = Choice.allCases.map(\.rawValue)
        guard let text = value.string else {
            mismatch(name, value, expected: Self.oneOf(names))
            return fallback
        }
        if let choice = Choice(rawValue: text) { return choice }
        report(
            "\(title).\(name) is \"\(text)\"; expected \(Self.oneOf(names))"
                + Nearest.hint(for: text, among: names), at: value)
        return fallback
    }

    /// A list of cases of an enumeration of strings.
    mutating func choices<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String
    ) -> [Choice] {
        let names = Choice.allCases.map(\.rawValue)
        return (strings(name) ?? []).enumerated().compactMap { index, entry in
            if let choice = Choice(rawValue: entry.text) { return choice }
            report(
                "\(title).\(name)[\(index)] is \"\(entry.text)\"; expected \(Self.oneOf(names))"
                    + Nearest.hint(for: entry.text, among: names), at: entry.node)
            return nil
        }
    }

    /// A list of strings, with their nodes for further complaints.
    package mutating func strings(_ name: String) -> [(text: String, node: Node)]? {
        guard let value = value(name) else { return nil }
        guard value.kind == .array else {
            mismatch(name, value, expected: "a list of strings")
            return nil
        }
        var strings: [(String, Node)] = []
        for (index, element) in value.elements.enumerated() {
            if let text = element.string {
                strings.append((text, element))
            } else {
                mismatch("\(name)[\(index)]", element, expected: "a string")
            }
        }
        return strings
    }

    /// A list of strings that are not blank, or a built-in list where it is absent.
    package mutating func words(_ name: String, default fallback: [String] = []) -> [String] {
        guard let strings = strings(name) else { return fallback }
        return strings.compactMap { text, node in
            if !text.allSatisfy(\.isWhitespace) { return text }
            report("\(title).\(name) has a blank entry; remove it or write a value", at: node)
            return nil
        }
    }

    /// A list of globs, or a built-in list where it is absent.
    package mutating func globs(_ name: String, default fallback: [Glob] = []) -> [Glob] {
        guard let strings = strings(name) else { return fallback }
        return strings.compactMap { text, node in
            if let glob = Glob(text) { return glob }
            report("\(title).\(name) has an empty pattern, which would match nothing", at: node)
            return nil
        }
    }

    /// A list of ports, 1 to 65535, or a built-in list where it is absent.
    package mutating func ports(_ name: String, default fallback: [Int]) -> [Int] {
        guard let value = value(name) else { return fallback }
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
        return ports
    }

    /// A list of objects, each given to `read` with a reader of its own.
    package mutating func objects<Value>(
        _ name: String, _ read: (inout ParameterReader) -> Value?
    ) -> [Value] {
        guard let value = value(name) else { return [] }
        guard value.kind == .array else {
            mismatch(name, value, expected: "a list of objects")
            return []
        }
        var values: [Value] = []
        for (index, element) in value.elements.enumerated() {
            var reader = ParameterReader(
                element, file: file, title: "\(title).\(name)[\(index)]")
            if element.isNull {
                reader.report("\(reader.title) is null; expected an object", at: element)
            }
            if let value = read(&reader) { values.append(value) }
            reader.rejectUnknownNames()
            problems += reader.problems
        }
        return values
    }

    /// A map of strings.
    mutating func stringMap(_ name: String) -> [(key: String, value: String)] {
        guard let value = value(name) else { return [] }
        guard value.kind == .object else {
            mismatch(name, value, expected: "a map of strings")
            return []
        }
        var pairs: [(String, String)] = []
        for (key, value) in value.members {
            let keyText = key.string ?? ""
            if let text = value.string {
                pairs.append((keyText, text))
            } else {
                mismatch("\(name)[\"\(keyText)\"]", value, expected: "a string")
            }
        }
        return pairs
    }

    /// Reads a member that is an object with a reader of its own.
    package mutating func object<Value>(_ name: String, _ read: (inout ParameterReader) -> Value)
        -> Value
    {
        let value = value(name)
        var reader = ParameterReader(
            value, file: file, title: title.isEmpty ? name : "\(title).\(name)")
        let result = read(&reader)
        reader.rejectUnknownNames()
        problems += reader.problems
        return result
    }

    /// Complains of every member that nobody asked for.
    package mutating func rejectUnknownNames() {
        guard let node, node.kind == .object else { return }
        for (key, _) in node.members {
            let name = key.string ?? ""
            guard !known.contains(name) else { continue }
            let place = title.isEmpty ? "\"\(name)\"" : "\"\(name)\" in \(title)"
            let list = Set(known).sorted().joined(separator: ", ")
            report(
                "unknown field \(place)\(Nearest.hint(for: name, among: known)); "
                    + (known.isEmpty ? "expected no fields" : "expected \(list)"), at: key)
        }
    }

    private static func oneOf(_ names: [String]) -> String {
        names.count == 1 ? names[0] : "one of \(names.joined(separator: ", "))"
    }
}

/// Something wrong in a policy file.
package struct PolicyProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file's name as it was given.
    package let file: String
    /// Where in the file.
    package let position: SourcePosition
    /// What is wrong, and what was expected.
    package let message: String

    /// Makes a problem.
    package init(file: String, position: SourcePosition, message: String) {
        self.file = file
        self.position = position
        self.message = message
    }

    /// `policies/a.yaml:3:7: unknown field …`.
    package var description: String {
        "\(file):\(position.line):\(position.column): \(message)"
    }
}
