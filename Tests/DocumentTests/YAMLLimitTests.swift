import Testing

@testable import Document

/// Bombs: each must stop at a limit, in time that grows no faster than its size.
@Suite struct YAMLLimitTests {
    private func levels(_ depth: Int, _ open: String, _ close: String) -> String {
        String(repeating: open, count: depth) + String(repeating: close, count: depth)
    }

    @Test(arguments: [("[", "]"), ("{a: ", "}")])
    func `stops at the depth limit`(open: String, close: String) {
        let limits = ReadingLimits(depth: 8, nodes: 100)
        #expect(throws: Never.self) { try readYAML(levels(8, open, close), limits: limits) }
        let column = open.count * 8 + 1
        #expect(
            yamlError(levels(9, open, close), limits: limits)
                == "line 1, column \(column): nested more than 8 levels deep")
    }

    @Test func `counts the levels of an alias`() {
        let limits = ReadingLimits(depth: 4, nodes: 100)
        #expect(throws: Never.self) {
            try readYAML("- &a [[1]]\n- [*a]\n", limits: limits)
        }
        #expect(
            yamlError("- &a [[1]]\n- [[*a]]\n", limits: limits)
                == "line 2, column 5: nested more than 4 levels deep")
    }

    @Test(arguments: [
        "[1, 2, 3]", "{a: 1, b: [c]}", "- &a [1]\n- *a\n", "a: &a {b: 1}\nc: *a\n",
    ])
    func `stops at the node limit`(text: String) throws {
        let document = Document()
        _ = try YAMLReader(Array(text.utf8), limits: roomy).next(into: document)
        let count = document.tree.nodes.count
        #expect(throws: Never.self) {
            try readYAML(text, limits: ReadingLimits(depth: 64, nodes: count))
        }
        #expect(
            yamlError(text, limits: ReadingLimits(depth: 64, nodes: count - 1))
                .hasSuffix("more than \(count - 1) keys and values, aliases expanded"))
    }

    @Test func `defuses a billion laughs`() {
        var text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
        for level in 1..<12 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(
            yamlError(text, limits: .manifestYAML)
                .hasSuffix("more than 1000000 keys and values, aliases expanded"))
    }

    @Test func `defuses merge keys that multiply`() {
        var text = "m0: &m0 {k: [1, 2, 3, 4, 5, 6, 7, 8]}\n"
        for level in 1..<30 {
            text += "m\(level): &m\(level) {<<: [*m\(level - 1), *m\(level - 1)], k\(level): 1}\n"
        }
        #expect(
            yamlError(text, limits: .manifestYAML)
                .hasSuffix("more than 1000000 keys and values, aliases expanded"))
    }

    @Test func `follows merge keys as deep as the limit in linear time`() throws {
        let text = levels(511, "{<<: ", "}").replacing("{<<: }", with: "{<<: {a: 1}}")
        #expect(try readYAML(text, limits: .manifestYAML) == ["{\"a\":1}"])
    }

    @Test(arguments: ["[", "{", "{a: ", "- ", "? ", "[a: ", "{? "])
    func `stops early in a text of opening brackets`(open: String) {
        let text = String(repeating: open, count: 60_000)
        let duration = processorTime {
            #expect(yamlError(text, limits: .manifestYAML).contains("line 1, column "))
        }
        #expect(duration < .seconds(2))
    }

    @Test func `bounds tag directives`() {
        let directives = (0..<64).map { "%TAG !a\($0)! tag:example.com,2000:\n" }.joined()
        #expect(yamlError(directives + "---\na: 1") == "read as [\"{\\\"a\\\":1}\"]")
        #expect(
            yamlError("%TAG !b! tag:x\n" + directives + "---\na: 1")
                == "line 65, column 1: more than 64 %TAG directives")
    }

    @Test func `fails cleanly at every prefix of a good text`() throws {
        let text = Array(
            "a: &x {b: ['é', \"\\u00e9\"], <<: {c: ~}}\nd: *x\ne: |\n  f\n---\n!!str 1: 2\n".utf8
        )
        for count in 0...text.count {
            // Either is right; crashing or reading on for ever is not.
            _ = try? readYAML(Array(text[..<count]))
        }
        #expect(try readYAML(text).count == 2)
    }

    @Test func `survives random damage`() throws {
        let text = Array("a: &x {b: [1, 'é'], <<: {c: ~}}\nd: *x\n---\n- !!int 0x1F\n".utf8)
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<2_000 {
            var damaged = text
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                damaged[Int(state >> 33) % damaged.count] = UInt8(truncatingIfNeeded: state >> 24)
            }
            _ = try? readYAML(damaged)
        }
    }
}
