import Testing

@testable import Document

@Suite struct JSONWriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.takeBytes(), as: UTF8.self)
    }

    private func string(_ text: String) -> String {
        written { writer in writer.string(text) }
    }

    private func string(_ node: Node) -> String {
        written { writer in writer.string(node) }
    }

    @Test func `writes commas where they belong`() {
        let text = written { writer in
            writer.beginObject()
            writer.member("s", "x")
            writer.member("i", -1)
            writer.member("b", true)
            writer.key("a")
            writer.beginArray()
            writer.null()
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.endArray()
            writer.raw("1.5")
            writer.boolean(false)
            writer.endArray()
            writer.key("o")
            writer.beginObject()
            writer.member("k", 0)
            writer.endObject()
            writer.endObject()
        }
        #expect(
            text == #"{"s":"x","i":-1,"b":true,"a":[null,{},[],1.5,false],"o":{"k":0}}"#)
    }

    @Test(arguments: [0, 9, 10, -1, -10, 1_234_567_890, .max, .min])
    func `writes integers`(value: Int) {
        #expect(written { writer in writer.number(value) } == String(value))
    }

    @Test(arguments: [(0, 1, "0"), (7, 3, "007"), (125, 6, "000125"), (1234, 3, "1234")])
    func `fills a number up with zeros`(value: UInt, digits: Int, expected: String) {
        let text = written { writer in
            writer.string { text in text.text(value, digits: digits) }
        }
        #expect(text == "\"\(expected)\"")
    }

    /// Of every length that is looked at in another way, with and without something to escape.
    @Test(arguments: 0...20)
    func `writes keys and strings of any length`(count: Int) {
        let plain = String(repeating: "x", count: count)
        for text in [plain, plain + "\n"] {
            let expected = "\"" + text.replacing("\n", with: "\\n") + "\""
            let written = written { writer in
                writer.beginObject()
                writer.member(text, text)
                writer.member(text, text)
                writer.endObject()
            }
            #expect(written == "{\(expected):\(expected),\(expected):\(expected)}")
        }
    }

    @Test(arguments: [
        ("", #""""#), ("plain é 😀", #""plain é 😀""#), ("a\"b\\c/", #""a\"b\\c/""#),
        ("\n\r\t", #""\n\r\t""#), ("\0\u{1}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u001f\u{7F}\""),
    ])
    func `escapes strings and keys`(text: String, expected: String) throws {
        #expect(string(text) == expected)
        let member = written { writer in
            writer.beginObject()
            writer.member(text, 1)
            writer.endObject()
        }
        #expect(member == "{\(expected):1}")
        #expect(try readJSON(expected).root?.string == text)
    }

    @Test func `copies a string of JSON as it stands`() throws {
        let root = try readJSON(#"["\u00e9\/", 1]"#).root
        let elements = root?.elements.map { $0 } ?? []
        #expect(string(elements[0]) == #""\u00e9\/""#)
        #expect(string(elements[1]) == "null")
    }

    @Test func `escapes a string of YAML`() throws {
        let document = Document()
        let reader = YAMLReader(Array(#""a\"\n""#.utf8), limits: roomy)
        #expect(try reader.next(into: document))
        let root = try #require(document.root)
        #expect(string(root) == #""a\"\n""#)
    }

    @Test func `goes on at the end of given bytes`() {
        var writer = JSONWriter(appendingTo: Array("data: ".utf8))
        writer.number(1)
        #expect(writer.takeBytes() == Array("data: 1".utf8))
        #expect(writer.bytes.isEmpty)
    }
}
