import Testing

@testable import Document

@Suite struct FieldPathTests {
    @Test func `writes paths as Kubernetes does`() {
        let container = FieldPath.root.member("spec").member("containers").element(0)
        #expect(container.description == "spec.containers[0]")
        #expect(container.member("image").description == "spec.containers[0].image")
        #expect(FieldPath.root.element(2).member("a-b_C9").description == "[2].a-b_C9")
        #expect(FieldPath.root.member("data").member("tls.key").description == #"data["tls.key"]"#)
        #expect(FieldPath.root.member("data").key("a").description == #"data["a"]"#)
        #expect(FieldPath.root.member("").description == #"[""]"#)
        #expect(FieldPath.root.member("a/b").element(1).description == #"["a/b"][1]"#)
        #expect(FieldPath.root.member("é").description == #"["é"]"#)
        #expect(FieldPath.root.member("a\"\\\n").description == #"["a\"\\\u000a"]"#)
    }

    private static let text = """
        {"spec": {"containers": [{"image": "x"}, {"securityContext": {"a": null}}]},
         "data": {"tls.key": 1, "a\\"]\\n": 2, "é": {"": 3}, "x]": [4]}}
        """

    @Test(arguments: [
        // What is there.
        ("", 1, 1), ("spec", 1, 10), ("spec.containers[0].image", 1, 36),
        ("spec.containers[1]", 1, 42), (#"data["tls.key"]"#, 2, 22),
        (#"data["a\"]\u000a"]"#, 2, 35),
        (#"data["é"][""]"#, 2, 48), (#"data["x]"][0]"#, 2, 59),
        // What is not: its nearest parent.
        ("spec.containers[1].securityContext.readOnlyRootFilesystem", 1, 62),
        ("spec.containers[1].securityContext.a.b", 1, 68), ("spec.containers[1].image", 1, 42),
        ("spec.containers[2].image", 1, 25), ("spec.containers.image", 1, 25), ("status.x", 1, 1),
        // What is no path.
        ("spec.containers[x]", 1, 25), ("spec.containers[", 1, 25), (#"data["tls.key"#, 2, 10),
        ("spec..containers", 1, 10), ("[0", 1, 1), ("]", 1, 1),
    ])
    func `finds the nearest node`(path: String, line: Int, column: Int) throws {
        let root = try #require(try readJSON(Self.text).root)
        #expect(
            root.nearest(to: FieldPath(path)).position == SourcePosition(line: line, column: column)
        )
    }

    @Test func `finds by any name it wrote`() throws {
        let names = ["plain", "a.b", "a\"b", "a\\b", "[0]", "é\n", "", "]\"", "x\u{1F}"]
        for name in names {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("other", 0)
            writer.member(name, 1)
            writer.endObject()
            let text = String(decoding: writer.takeBytes(), as: UTF8.self)
            let root = try #require(try readJSON(text).root)
            #expect(root.nearest(to: FieldPath.root.member(name)).integer == 1, "\(name)")
        }
    }
}
