import Testing

@testable import Document

@Suite struct NodeTests {
    @Test(
        arguments: [
            ("7", 7), ("-7", -7), ("0", 0), ("9223372036854775807", .max), ("22.0", 22),
            ("2.2e1", 22), ("1.5", nil), ("1e30", nil), ("9223372036854775808", nil),
            ("\"7\"", nil),
            ("true", nil),
        ] as [(String, Int?)])
    func `reads a number of an integral value as an integer`(text: String, value: Int?) throws {
        #expect(try readJSON(text).root?.integer == value)
    }

    @Test func `looks members up by their decoded names`() throws {
        let root = try readJSON(
            "{\"a\":1,\"\\u0062\":2,\"\":3,\"né\":4,\"null\":null,\"e\\n\":5}"
        ).root
        #expect(root?["a"]?.integer == 1)
        #expect(root?["b"]?.integer == 2)
        #expect(root?[""]?.integer == 3)
        #expect(root?["né"]?.integer == 4)
        #expect(root?["e\n"]?.integer == 5)
        #expect(root?["null"]?.isNull == true)
        #expect(root?.present("null") == nil)
        #expect(root?.present("a") != nil)
        #expect(root?["c"] == nil)
        #expect(root?["a"]?["b"] == nil)
    }

    @Test func `tells kinds apart`() throws {
        let elements = try readJSON("[{},[],\"s\",1,true,false,null]").root?.elements.map { $0 }
        #expect(
            elements?.map(\.kind) == [
                .object, .array, .string, .number, .boolean, .boolean, .null,
            ])
        #expect(elements?.compactMap(\.boolean) == [true, false])
        #expect(elements?.compactMap(\.string) == ["s"])
        #expect(elements?.map(\.count) == [0, 0, 0, 0, 0, 0, 0])
        #expect(
            elements?.map { $0.equals("s") } == [false, false, true, false, false, false, false])
    }
}
