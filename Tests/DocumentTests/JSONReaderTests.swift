import Testing

@testable import Document

/// The error of a text that must not be read.
private func jsonError(_ text: [UInt8], limits: ReadingLimits = roomy) -> DocumentError? {
    do throws(DocumentError) {
        try JSONReader.read(text, limits: limits, into: Document())
        return nil
    } catch {
        return error
    }
}

private func jsonError(_ text: String, limits: ReadingLimits = roomy) -> String? {
    jsonError(Array(text.utf8), limits: limits)?.description
}

@Suite struct JSONReaderTests {
    @Test(arguments: [
        ("null", "null"), (" true ", "true"), ("\t\r\nfalse", "false"), ("\"\"", "\"\""),
        ("[]", "[]"), ("{}", "{}"), ("[ ]", "[]"), ("{ }", "{}"), ("[[],[]]", "[[],[]]"),
        ("[1,[2,[3]],{\"a\":{\"b\":[{}]}}]", "[1,[2,[3]],{\"a\":{\"b\":[{}]}}]"),
        ("0", "0"), ("-0", "-0"), ("-0.0e-0", "-0.0e-0"), ("1E+2", "1E+2"),
        ("123.456e7", "123.456e7"),
        ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\""),
        ("\"\\u0041\\u00e9\\uFFFF\"", "\"Aé\u{FFFF}\""), ("\"\\uD83D\\uDE00\"", "\"😀\""),
        ("\"\\u0000\"", "\"\\u0000\""), ("\"é😀\u{7FF}\u{FFFD}\"", "\"é😀\u{7FF}\u{FFFD}\""),
        ("{\"\":1}", "{\"\":1}"), ("{\"a\":1,\"b\":[null]}", "{\"a\":1,\"b\":[null]}"),
        ("{\"\\u0061\":1}", "{\"a\":1}"),
    ])
    func `reads JSON`(text: String, expected: String) throws {
        let document = try readJSON(text)
        #expect(document.root.map { json($0) } == expected)
    }

    @Test(arguments: [
        ("", "line 1, column 1: expected a value, found the end of the text"),
        (" ", "line 1, column 2: expected a value, found the end of the text"),
        ("[", "line 1, column 2: expected a value, found the end of the text"),
        ("[1", "line 1, column 3: expected ',' or ']', found the end of the text"),
        ("[1,]", "line 1, column 4: expected a value, found ']'"),
        ("[,1]", "line 1, column 2: expected a value, found ','"),
        ("[1 2]", "line 1, column 4: expected ',' or ']', found '2'"),
        ("[1}", "line 1, column 3: expected ',' or ']', found '}'"),
        (
            "{",
            "line 1, column 2: expected a member's name in double quotes, "
                + "found the end of the text"
        ),
        ("{a:1}", "line 1, column 2: expected a member's name in double quotes, found 'a'"),
        ("{'a':1}", "line 1, column 2: expected a member's name in double quotes, found '''"),
        ("{\"a\"}", "line 1, column 5: expected ':' after a member's name, found '}'"),
        ("{\"a\":}", "line 1, column 6: expected a value, found '}'"),
        ("{\"a\":1,}", "line 1, column 8: expected a member's name in double quotes, found '}'"),
        ("{\"a\":1]", "line 1, column 7: expected ',' or '}', found ']'"),
        ("{\"a\":1 \"b\":2}", "line 1, column 8: expected ',' or '}', found '\"'"),
        ("1 2", "line 1, column 3: expected the end of the text, found '2'"),
        ("{}}", "line 1, column 3: expected the end of the text, found '}'"),
        ("tru", "line 1, column 1: expected 'true', found 't'"),
        ("nul!", "line 1, column 1: expected 'null', found 'n'"),
        ("True", "line 1, column 1: expected a value, found 'T'"),
        ("NaN", "line 1, column 1: expected a value, found 'N'"),
        ("+1", "line 1, column 1: expected a value, found '+'"),
        (".5", "line 1, column 1: expected a value, found '.'"),
        ("01", "line 1, column 2: expected the end of the text, found '1'"),
        ("-", "line 1, column 2: expected a digit, found the end of the text"),
        ("1.", "line 1, column 3: expected a digit, found the end of the text"),
        ("1e", "line 1, column 3: expected a digit, found the end of the text"),
        ("1e+x", "line 1, column 4: expected a digit, found 'x'"),
        ("0x1", "line 1, column 2: expected the end of the text, found 'x'"),
        ("\"a", "line 1, column 1: the string that begins here has no end"),
        (
            "\n\"a\nb\"",
            "line 2, column 3: expected no unescaped control character in a string, "
                + "found byte 0x0A"
        ),
        (
            "\"\\x41\"",
            "line 1, column 3: expected one of \" \\ / b f n r t u after a backslash, found 'x'"
        ),
        (
            "\"\\u12g4\"",
            "line 1, column 6: expected four hexadecimal digits after \\u, found 'g'"
        ),
        ("\"\\", "line 1, column 2: the escape that begins here has no end"),
        ("\"\\uDC00\"", "line 1, column 2: a low surrogate without a high one before it"),
        ("\"\\uD800\"", "line 1, column 2: a high surrogate without a low one after it"),
        ("\"\\uD800x\"", "line 1, column 2: a high surrogate without a low one after it"),
        ("\"\\uD800\\u0041\"", "line 1, column 2: a high surrogate without a low one after it"),
        ("\"\\uD800\\uD800\"", "line 1, column 2: a high surrogate without a low one after it"),
        ("// c\n1", "line 1, column 1: expected a value, found '/'"),
        ("[\"é\", x]", "line 1, column 7: expected a value, found 'x'"),
        ("\u{FEFF}1", "line 1, column 1: expected a value, found byte 0xEF"),
    ])
    func `says what is no JSON and where`(text: String, error: String) {
        #expect(jsonError(text) == error)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
            [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE], [0xC3, 0x28], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func `refuses what is not UTF-8`(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let error = jsonError([quote] + bytes + [quote])
        #expect(error?.kind == .encoding)
        #expect(error?.position == SourcePosition(line: 1, column: 2))
    }

    @Test(
        arguments: [
            [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
            [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF], [0x7F],
        ] as [[UInt8]])
    func `accepts the ends of each range of UTF-8`(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(jsonError([quote] + bytes + [quote]) == nil)
    }

    @Test(arguments: [
        ("{\"a\":1,\"a\":2}", "line 1, column 8", "a"),
        ("{\"a\":1,\"\\u0061\":2}", "line 1, column 8", "a"),
        ("{\"\\u0061\":1,\"a\":2}", "line 1, column 13", "a"),
        ("[{\"x\":{\"b\":1,\n\"c\":2,\n\"b\":3}}]", "line 3, column 1", "b"),
        ("{\"\":1,\"\":2}", "line 1, column 7", ""),
    ])
    func `refuses duplicate names`(text: String, place: String, name: String) {
        #expect(
            jsonError(text) == "\(place): the name \"\(name)\" stands twice in one object")
    }

    /// Swift's strings are equal where Unicode takes them for the same; JSON's are not.
    @Test(arguments: [
        (#"{"\u212a":1,"K":2}"#, "K"), (#"{"e\u0301":1,"\u00e9":2}"#, "\u{e9}"),
    ])
    func `tells names apart that only look equal`(text: String, name: String) throws {
        let document = try readJSON(text)
        #expect(document.root?[name]?.integer == 2)
    }

    @Test func `tells names of one fingerprint apart`() {
        // Equal length, first, middle and last byte.
        let names = (0..<200).map { "a\($0 + 100)mm\($0 + 100)z" }
        let members = names.map { "\"\($0)\":1" }
        #expect(jsonError("{" + members.joined(separator: ",") + "}") == nil)
        let doubled = members + [members[150]]
        #expect(
            jsonError("{" + doubled.joined(separator: ",") + "}")?
                .hasSuffix("the name \"a250mm250z\" stands twice in one object") == true)
    }

    @Test func `finds a duplicate among very many names`() {
        let members = (0..<4_000).map { "\"k\($0)\":0" }
        #expect(jsonError("{" + members.joined(separator: ",") + "}") == nil)
        let doubled = members + ["\"k1\":0"]
        #expect(
            jsonError("{" + doubled.joined(separator: ",") + "}")?
                .hasSuffix("the name \"k1\" stands twice in one object") == true)
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func `stops at the depth limit`(open: String, close: String) {
        let limits = ReadingLimits(depth: 100, nodes: 10_000)
        func text(_ depth: Int) -> String {
            let inner = open == "[" ? "" : "1"
            return String(repeating: open, count: depth) + inner
                + String(repeating: close, count: depth)
        }
        #expect(jsonError(text(100), limits: limits) == nil)
        let column = 100 * open.count + 1
        #expect(
            jsonError(text(101), limits: limits)
                == "line 1, column \(column): nested more than 100 levels deep")
    }

    @Test func `reads as deep as Kubernetes does`() {
        func text(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(jsonError(text(10_000), limits: .admission) == nil)
        #expect(jsonError(text(10_001), limits: .admission) != nil)
    }

    @Test(arguments: ["[1,2,3]", "{\"a\":1,\"b\":[2]}", "[[],[]]", "{\"a\":{}}"])
    func `stops at the node limit`(text: String) throws {
        let count = try readJSON(text).tree.nodes.count
        #expect(jsonError(text, limits: ReadingLimits(depth: 9, nodes: count)) == nil)
        #expect(
            jsonError(text, limits: ReadingLimits(depth: 9, nodes: count - 1))?
                .hasSuffix("more than \(count - 1) keys and values") == true)
    }

    private static let sample = """
        {"kind": "Pod", "metadata": {"labels": {"a\\u00e9": "é😀\\uD83D\\uDE00"}},
         "numbers": [1, -2.5e+3],
         "spec": {"containers": [{"image": "x", "ready": true, "none": null}], "empty": {}}}
        """

    @Test func `fails cleanly at every prefix of a good text`() {
        let text = Array(Self.sample.utf8)
        #expect(jsonError(text) == nil)
        for count in 0..<text.count { #expect(jsonError(Array(text[..<count])) != nil) }
    }

    @Test func `skips exactly what it reads`() {
        let text = Array(Self.sample.utf8)
        var state: UInt64 = 42
        for _ in 0..<4_000 {
            var damaged = text
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            damaged[Int(state >> 33) % damaged.count] =
                Self.alphabet[
                    Int(state >> 20) % Self.alphabet.count]
            let readError = jsonError(damaged)
            if readError?.kind == .duplicateKey { continue }
            #expect(Self.skipError(damaged) == readError)
        }
    }

    private static let alphabet = Array("{}[]:,\"\\0-e.tnu é\u{1}".utf8) + [0xFF]

    private static func skipError(_ text: [UInt8]) -> DocumentError? {
        let document = Document()
        document.reset(json: text)
        var reader = JSONReader(document, limits: roomy)
        do throws(DocumentError) {
            try reader.skipValue()
            try reader.end()
            return nil
        } catch {
            return error
        }
    }

    private static let filter = MemberFilter([
        ["status"], ["metadata", "managedFields"], ["list", "never"],
    ])

    @Test func `leaves out what is not wanted`() throws {
        let text = """
            {"status": {"a": [1, {"b": 2}]}, "metadata": {"managedFields": [{}], "name": "n"},
             "spec": {"status": 1, "managedFields": 2}, "last": {"metadata": {"managedFields": 3}},
             "list": [{"never": 1}]}
            """
        let document = Document()
        document.reset(json: Array(text.utf8))
        var reader = JSONReader(document, limits: roomy)
        let root = try reader.readValue(asking: Self.filter) { _, _ in .skip }
        #expect(
            json(root) == """
                {"metadata":{"name":"n"},"spec":{"status":1,"managedFields":2},\
                "last":{"metadata":{"managedFields":3}},"list":[{"never":1}]}
                """)
    }

    @Test func `asks with what it has read so far`() throws {
        let document = Document()
        document.reset(
            json: Array("{\"a\": 1, \"metadata\": {\"x\": 2, \"managedFields\": 3}}".utf8))
        var reader = JSONReader(document, limits: roomy)
        var seen: [Int?] = []
        let root = try reader.readValue(asking: Self.filter) { index, parent in
            seen += [index, parent.count, parent["x"]?.integer]
            return .read
        }
        #expect(seen == [1, 1, 2])
        #expect(json(root) == "{\"a\":1,\"metadata\":{\"x\":2,\"managedFields\":3}}")
    }

    @Test(arguments: [
        ("{\"status\": 1}", "{}"), ("{\"status\": 1, \"a\": 2}", "{\"a\":2}"),
        ("{\"a\": 2, \"status\": {}}", "{\"a\":2}"), ("[{\"status\": 1}]", "[{\"status\":1}]"),
        ("{\"status\": 1, \"status\": 2}", "{}"), ("{\"stat\\u0075s\": 1}", "{\"status\":1}"),
    ])
    func `skips the first, the last and the only member`(text: String, expected: String) throws {
        let document = Document()
        document.reset(json: Array(text.utf8))
        var reader = JSONReader(document, limits: roomy)
        let value = try reader.readValue(asking: Self.filter) { _, _ in .skip }
        #expect(json(value) == expected)
        try reader.end()
    }

    @Test func `validates what it skips`() {
        let document = Document()
        document.reset(json: Array("{\"status\": {\"a\" 1}}".utf8))
        var reader = JSONReader(document, limits: roomy)
        #expect(throws: DocumentError.self) {
            try reader.readValue(asking: Self.filter) { _, _ in .skip }
        }
    }

    @Test(arguments: [
        (JSONReader.Choice.skip, 3, true), (.skip, 4, false), (.skipAtAnyDepth, 4, true),
        (.skipAtAnyDepth, 5000, true), (.read, 3, true), (.read, 4, false),
    ])
    func `counts the depth of what it skips`(
        choice: JSONReader.Choice, depth: Int, isSound: Bool
    ) {
        let inner =
            String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
        let document = Document()
        document.reset(json: Array("{\"status\": \(inner)}".utf8))
        var reader = JSONReader(document, limits: ReadingLimits(depth: 3, nodes: 100))
        let value = try? reader.readValue(asking: Self.filter) { _, _ in choice }
        #expect((value != nil) == isSound)
    }

    @Test(arguments: [
        ("{\"a\": {\"b\": {\"c\" 1}}}", ["a", "b"]), ("{\"a\": {\"x\": 1, \"x\": 2}}", ["a"]),
        ("{\"a\": 1, \"b\"}", []), ("{\"a\": {\"b\": [{\"c\": [1,]}]}}", ["a", "b"]),
        ("[{\"a\": {]", []), ("{\"a\": {\"b\": {}}, \"c\": {\"d\": x}}", ["c"]),
    ])
    func `tells the way to an error`(text: String, keys: [String]) {
        let document = Document()
        document.reset(json: Array(text.utf8))
        var reader = JSONReader(document, limits: roomy)
        #expect(throws: DocumentError.self) { try reader.readValue() }
        #expect(reader.keysToError.map(\.string) == keys)
    }

    @Test func `knows where each node began`() throws {
        let document = try readJSON("{\n  \"é\": \"é\", \"list\": [\n 1, {\"k\": true}]}")
        let list = document.root?["list"]
        #expect(document.root?["é"]?.position == SourcePosition(line: 2, column: 8))
        #expect(list?.position == SourcePosition(line: 2, column: 21))
        #expect(
            list?.elements.map(\.position) == [
                SourcePosition(line: 3, column: 2), SourcePosition(line: 3, column: 5),
            ])
    }

    @Test(arguments: [(79, false), (80, false), (81, true)])
    func `cuts a long name in a message`(length: Int, isCut: Bool) {
        let name = String(repeating: "n", count: length)
        let shown = isCut ? name.prefix(80) + "…" : name[...]
        #expect(
            jsonError(Array("{\"\(name)\": 1, \"\(name)\": 2}".utf8))?.message
                == "the name \"\(shown)\" stands twice in one object")
    }

    @Test func `reads again into the same document`() throws {
        let document = try readJSON("{\"a\": [1, 2, 3]}")
        try JSONReader.read(Array("[true]".utf8), limits: roomy, into: document)
        #expect(document.root.map { json($0) } == "[true]")
        #expect(document.root?["a"] == nil)
    }
}
