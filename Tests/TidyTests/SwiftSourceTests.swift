import Testing

/// The laws are only as good as the reading of the files that they are read from.
@Suite struct SwiftSourceTests {
    @Test(arguments: [
        ("let a = 1 // try!", "let a = 1        ", "          // try!"),
        ("let a = \"try! \\(b) x\"", "let a = \"     \\(b)  \"", ""),
        ("let a = #\"\\n\"#; b", "let a = #\"  \"#; b", ""),
        ("/* a /* b */ c */ d", "                  d", "/* a /* b */ c */"),
    ])
    func codeAndCommentsAreToldApart(text: String, code: String, comment: String) {
        let source = SwiftSource(path: "a.swift", text: text)
        #expect(source.code == [code])
        #expect(source.comments[0].trimmingSuffix == comment)
    }

    @Test func multilineStringsAreBlanked() {
        let source = SwiftSource(path: "a.swift", text: "let a = \"\"\"\n  try! \"x\"\n  \"\"\"\nb")
        #expect(source.code.map(\.trimmingSuffix) == ["let a = \"\"\"", "", "  \"\"\"", "b"])
    }

    @Test func bodiesAreMeasured() {
        let text = """
            protocol P {
                func none()
                func alsoNone() -> Int
            }
            func two(a: [Int] = [1], b: () -> Void = {}) {
            }
            var three: Int {
                3
            }
            """
        let source = SwiftSource(path: "a.swift", text: text)
        #expect(source.bodies.map(\.line) == [5, 7])
        #expect(source.bodies.map(\.lineCount) == [2, 3])
    }
}

extension String {
    /// The text without blanks at its end.
    fileprivate var trimmingSuffix: String {
        var rest = self[...]
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
