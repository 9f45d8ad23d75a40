import Document
import Glibc

/// Reads texts as the program does and shows what it read, for tests that compare it with what
/// other readers make of the same bytes.
///
/// Standard input is a row of texts, each after a line `json 12` or `yaml 12` with its length in
/// bytes. For each, a line of JSON in ASCII goes to standard output: `documents` holds the values
/// that were read, `error` what ended the reading, `kind` the sort of trouble. Of JSON, which is
/// one value, `skips` says whether the reader also passes the text where it makes no nodes of it.
@main struct ReadDocuments {
    static func main() {
        let input = standardInput()
        var rest = input[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
            rest = rest[(end + 1)...]
            guard words.count == 2, let count = Int(words[1]), count <= rest.count else {
                fatalError("expected a format and a length, then as many bytes")
            }
            let text = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            print(words[0] == "json" ? readJSON(text) : readYAML(text))
        }
    }

    private static func standardInput() -> [UInt8] {
        var input: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = read(STDIN_FILENO, &piece, piece.count), count > 0 {
            input += piece[..<count]
        }
        return input
    }

    private static func readJSON(_ text: [UInt8]) -> String {
        let document = Document()
        var answer = Answer()
        do throws(DocumentError) {
            try JSONReader.read(text, limits: .manifestJSON, into: document)
            if let root = document.root { answer.documents.append(dump(root)) }
        } catch {
            answer.error = error
        }
        document.reset(json: text)
        var skipper = JSONReader(document, limits: .manifestJSON)
        do throws(DocumentError) {
            try skipper.skipValue()
            try skipper.end()
            answer.skips = true
        } catch {
            answer.skips = false
        }
        return answer.text
    }

    private static func readYAML(_ text: [UInt8]) -> String {
        let reader = YAMLReader(text, limits: .manifestYAML)
        let document = Document()
        var answer = Answer()
        do throws(DocumentError) {
            while try reader.next(into: document) {
                if let root = document.root { answer.documents.append(dump(root)) }
            }
        } catch {
            answer.error = error
        }
        return answer.text
    }

    private struct Answer {
        var documents: [String] = []
        var error: DocumentError?
        var skips: Bool?

        var text: String {
            var members = ["\"documents\":[\(documents.joined(separator: ","))]"]
            if let error {
                members.append("\"kind\":\(quoted("\(error.kind)"))")
                members.append("\"error\":\(quoted(error.description))")
            }
            if let skips { members.append("\"skips\":\(skips)") }
            return "{\(members.joined(separator: ","))}"
        }
    }

    /// A tree as JSON: members in order, numbers as the reader shows them. It walks the nodes by
    /// itself, for `JSONWriter` might make the same mistake twice and hide it.
    private static func dump(_ node: Node) -> String {
        switch node.kind {
        case .null: "null"
        case .boolean: node.boolean == true ? "true" : "false"
        case .number: node.numberText ?? "no number"
        case .string: quoted(node.string ?? "no string")
        case .array: "[\(node.elements.map(dump).joined(separator: ","))]"
        case .object: "{\(node.members.map(dump).joined(separator: ","))}"
        }
    }

    private static func dump(_ key: Node, _ value: Node) -> String {
        "\(quoted(key.string ?? "no key")):\(dump(value))"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for unit in text.utf16 {
            if unit >= 0x20, unit < 0x7F, unit != 0x22, unit != 0x5C {
                quoted.unicodeScalars.append(UnicodeScalar(UInt8(unit)))
            } else {
                let digits = String(unit, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}
