import Testing

@testable import Document

/// Limits that no ordinary test text reaches.
let roomy = ReadingLimits(depth: 64, nodes: 10_000)

/// Reads one JSON text.
func readJSON(
    _ text: String, limits: ReadingLimits = roomy
) throws(DocumentError) -> Document {
    let document = Document.kept()
    try JSONReader.read(Array(text.utf8), limits: limits, into: document)
    return document
}

/// Reads every document of a YAML text and writes each as JSON.
func readYAML(
    _ text: [UInt8], limits: ReadingLimits = roomy
) throws(DocumentError) -> [String] {
    let reader = YAMLReader(text, limits: limits)
    let document = Document()
    var documents: [String] = []
    while try reader.next(into: document) {
        documents.append(document.root.map { json($0) } ?? "nothing")
    }
    return documents
}

func readYAML(
    _ text: String, limits: ReadingLimits = roomy
) throws(DocumentError) -> [String] {
    try readYAML(Array(text.utf8), limits: limits)
}

/// The error of a text that must not be read, as `line 1, column 2: message`.
func yamlError(_ text: String, limits: ReadingLimits = roomy) -> String {
    do throws(DocumentError) {
        return "read as \(try readYAML(text, limits: limits))"
    } catch {
        return error.description
    }
}

/// A tree in one line of JSON, so that trees compare as texts.
func json(_ node: Node) -> String {
    switch node.kind {
    case .null: "null"
    case .boolean: node.boolean == true ? "true" : "false"
    case .number: node.numberText ?? "no number"
    case .string: quoted(node.string ?? "no string")
    case .array: "[" + node.elements.map { json($0) }.joined(separator: ",") + "]"
    case .object:
        "{"
            + node.members.map { quoted($0.key.string ?? "no key") + ":" + json($0.value) }
            .joined(separator: ",") + "}"
    }
}

private func quoted(_ text: String) -> String {
    var writer = JSONWriter()
    writer.string(text)
    return String(decoding: writer.takeBytes(), as: UTF8.self)
}
