import Testing

@testable import Document

@Suite struct NodeComparisonTests {
    struct Pair: Sendable, CustomTestStringConvertible {
        let left: String
        let right: String
        let areSame: Bool
        var ignored: [[String]] = []
        var testDescription: String { "\(left) and \(right)" }
    }

    @Test(arguments: [
        Pair(left: "{}", right: "{}", areSame: true),
        Pair(left: "1", right: "1", areSame: true),
        Pair(left: "22", right: "22.0", areSame: true),
        Pair(left: "1", right: "2", areSame: false),
        Pair(left: "1.5", right: "1.25", areSame: false),
        Pair(left: "1", right: "\"1\"", areSame: false),
        Pair(left: "true", right: "false", areSame: false),
        Pair(left: "\"a\"", right: "\"a\"", areSame: true),
        Pair(left: "\"a\"", right: "\"ab\"", areSame: false),
        Pair(left: "\"a\"", right: "\"\\u0061\"", areSame: true),
        Pair(left: "\"\\u0061\"", right: "\"b\"", areSame: false),
        // One letter and a letter with a combining accent: other bytes, another value.
        Pair(left: "\"\u{E9}\"", right: "\"e\u{301}\"", areSame: false),
        Pair(left: "{\"a\":1,\"b\":2}", right: "{\"b\":2,\"a\":1}", areSame: true),
        Pair(left: "{\"a\":1,\"b\":2}", right: "{\"b\":1,\"a\":2}", areSame: false),
        Pair(left: "{\"a\":1}", right: "{\"a\":1,\"b\":null}", areSame: true),
        Pair(left: "{\"b\":null}", right: "{}", areSame: true),
        Pair(left: "{\"a\":1}", right: "{\"a\":1,\"b\":2}", areSame: false),
        Pair(left: "{\"a\":{}}", right: "{}", areSame: false),
        Pair(left: "{\"a\":{}}", right: "{\"a\":[]}", areSame: false),
        Pair(left: "{\"\u{E9}\":1,\"z\":1}", right: "{\"z\":1,\"e\u{301}\":1}", areSame: false),
        Pair(left: "[1,2]", right: "[1,2]", areSame: true),
        Pair(left: "[1,2]", right: "[2,1]", areSame: false),
        Pair(left: "[1]", right: "[1,2]", areSame: false),
        Pair(
            left: "{\"a\":1,\"b\":2}", right: "{\"a\":9,\"b\":2}", areSame: true, ignored: [["a"]]),
        Pair(
            left: "{\"a\":1,\"b\":2}", right: "{\"b\":2}", areSame: true, ignored: [["a"]]),
        Pair(left: "{\"b\":2}", right: "{\"b\":3}", areSame: false, ignored: [["a"]]),
        Pair(
            left: "{\"m\":{\"x\":1,\"y\":1}}", right: "{\"m\":{\"y\":1,\"x\":2}}", areSame: true,
            ignored: [["m", "x"]]),
        // The object that holds nothing but what is ignored came with it.
        Pair(
            left: "{}", right: "{\"m\":{\"n\":{\"x\":1}}}", areSame: true,
            ignored: [["m", "n", "x"]]),
        Pair(
            left: "{}", right: "{\"m\":{\"n\":{\"x\":1},\"o\":1}}", areSame: false,
            ignored: [["m", "n", "x"]]),
        Pair(
            left: "{\"m\":{\"x\":1}}", right: "{\"m\":{}}", areSame: true,
            ignored: [["m", "x"]]),
    ])
    func comparesByMeaning(_ pair: Pair) throws {
        let left = try json(pair.left)
        let right = try json(pair.right)
        #expect(Node.areSame(left, right, except: pair.ignored) == pair.areSame)
        #expect(Node.areSame(right, left, except: pair.ignored) == pair.areSame)
    }

    @Test func absentIsNull() throws {
        #expect(Node.areSame(nil, nil))
        #expect(Node.areSame(nil, try json("null")))
        #expect(!Node.areSame(nil, try json("0")))
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int, _ bracket: String = "[") throws -> Node {
            try json(
                String(repeating: bracket, count: depth) + String(repeating: "]", count: depth))
        }
        let limit = Node.comparedDepth
        #expect(Node.areSame(try nested(limit + 1), try nested(limit + 1, "[ ")))
        #expect(!Node.areSame(try nested(limit + 2), try nested(limit + 2, "[ ")))
        #expect(!Node.areSame(try nested(9_000), try nested(9_000, "[ ")))
        // What is written alike is the same however deep it goes.
        #expect(Node.areSame(try nested(9_000), try nested(9_000)))
    }

    /// What is written alike is compared as text; nothing that differs may pass for it.
    @Test(arguments: [
        ("{}", "{}", true), ("[]", "[]", true), ("[]", "{}", false), ("[1]", "[1]", true),
        ("[1]", "[12]", false), ("[1,2]", "[1,3]", false), ("[12]", "[1,2]", false),
        (#"["ab"]"#, #"["ab"]"#, true), (#"["ab"]"#, #"["ac"]"#, false),
        (#"["a","b"]"#, #"["a,b"]"#, false), (#"[["a"],"b"]"#, #"[["a","b"]]"#, false),
        (#"[[["a"]]]"#, #"[[["a"]]]"#, true), (#"[[["a"]],[]]"#, #"[[["a"]],[]]"#, true),
        (#"[[["a"]],[]]"#, #"[[["a"],[]]]"#, false), ("[[],[]]", "[[[]]]", false),
        (#"{"a":{"b":1}}"#, #"{"a":{"b":1}}"#, true), (#"{"a":{"b":1}}"#, #"{"a":{"b":2}}"#, false),
        (#"{"a":{"b":1},"c":2}"#, #"{"a":{"b":1,"c":2}}"#, false),
        (#"{"a":{"b":1}}"#, #"{ "a": {"b": 1} }"#, true),
        (#"{"a":true}"#, #"{"a":null}"#, false), (#"{"a":"\u0062"}"#, #"{"a":"b"}"#, true),
    ])
    func textsAndValuesAgree(left: String, right: String, areSame: Bool) throws {
        #expect(Node.areSame(try json(left), try json(right)) == areSame)
        #expect(Node.areSame(try json(" \(right)"), try json(left)) == areSame)
    }

    /// Members in another order are looked up, not searched for.
    @Test func manyMembersInAnotherOrder() throws {
        let names = (0..<20_000).map { "\"key-\($0)\":1" }
        let left = try json("{\(names.joined(separator: ","))}")
        let right = try json("{\(names.reversed().joined(separator: ","))}")
        #expect(Node.areSame(left, right))
    }

    private func json(_ text: String) throws -> Node {
        try #require(try readJSON(text, limits: .admission).root)
    }
}
