import Testing

@testable import Document

@Suite struct YAMLReaderTests {
    @Test(arguments: YAMLScalarTable.values)
    func `types a scalar as kubectl does`(text: String, json: String) throws {
        let actual = try readYAML("v: \(text)")
        #expect(actual == ["{\"v\":\(json)}"])
    }

    @Test(arguments: [
        ("plain: 1", "plain"), ("'quoted': 1", "quoted"), ("12: 1", "12"), ("0x10: 1", "16"),
        ("010: 1", "8"), ("-1: 1", "-1"), ("yes: 1", "true"), ("off: 1", "false"),
        ("1.50: 1", "1.5"), ("1.0: 1", "1"), ("1e6: 1", "1e+06"), ("123456.0: 1", "123456"),
        ("1e-5: 1", "1e-05"), (".inf: 1", ".inf"), ("-.inf: 1", "-.inf"), (".nan: 1", ".nan"),
        ("'': 1", ""), ("\"<<\": 1", "<<"), ("!!str 12: 1", "12"), ("? a\n: 1", "a"),
        ("2015-01-01: 1", "2015-01-01"),
    ])
    func `makes a string of a key`(text: String, key: String) throws {
        let document = Document()
        let reader = YAMLReader(Array(text.utf8), limits: roomy)
        #expect(try reader.next(into: document))
        #expect(document.root?.members.map { $0.key.string } == [key])
        // Found by its fingerprint, too.
        #expect(document.root?[key]?.integer == 1)
    }

    @Test(arguments: [
        ("", []), ("# only a comment\n", []), ("---\n---\n...\n", []), ("null\n", []),
        ("--- ~\n--- a\n", ["\"a\""]),
        ("a: 1\n---\nb: 2\n---\n# nothing\n---\n- 3\n", ["{\"a\":1}", "{\"b\":2}", "[3]"]),
        ("a: 1\n...\n---\nb: 2\n", ["{\"a\":1}", "{\"b\":2}"]),
        ("\u{FEFF}a: 1\n", ["{\"a\":1}"]), ("%YAML 1.1\n---\na: 1\n", ["{\"a\":1}"]),
        ("a: 1\r\nb: |\r\n  x\r\n  y\r\n", ["{\"a\":1,\"b\":\"x\\ny\\n\"}"]),
        ("{a: [1, {b: c}]}", ["{\"a\":[1,{\"b\":\"c\"}]}"]),
        ("\"\\u00e9\\x41\\n\"", ["\"éA\\n\""]),
        (
            "a: >-\n  folded\n  text\nb: |+\n  kept\n\n",
            ["{\"a\":\"folded text\",\"b\":\"kept\\n\\n\"}"]
        ),
        ("a:\n- 1\n-\n- - 2\n", ["{\"a\":[1,null,[2]]}"]),
    ])
    func `reads a stream of documents`(text: String, documents: [String]) throws {
        let actual = try readYAML(text)
        #expect(actual == documents)
    }

    @Test(arguments: [
        ("a: &x 1\nb: *x\n", "{\"a\":1,\"b\":1}"),
        ("a: &x {c: [1, 2]}\nb: *x\n", "{\"a\":{\"c\":[1,2]},\"b\":{\"c\":[1,2]}}"),
        ("a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}"),
        ("&k a: b\nc: *k\n", "{\"a\":\"b\",\"c\":\"a\"}"),
        ("a: &k b\n*k : c\n", "{\"a\":\"b\",\"b\":\"c\"}"),
        ("a: &k 12\n*k : c\n", "{\"a\":12,\"12\":\"c\"}"),
        ("a: &x [&x 1, *x]\n", "{\"a\":[1,1]}"),
        ("- &a [1]\n- &b [*a, *a]\n- *b\n", "[[1],[[1],[1]],[[1],[1]]]"),
        // Merge keys, in kubectl's order: what is set later wins.
        (
            "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n",
            "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"p\":1,\"q\":3}}"
        ),
        ("b: {q: 3, <<: {p: 1, q: 2}}\n", "{\"b\":{\"q\":2,\"p\":1}}"),
        ("b: {<<: [{p: 1}, {p: 2, q: 2}]}\n", "{\"b\":{\"p\":1,\"q\":2}}"),
        ("b: {<<: {<<: {p: 1}, q: 2}, r: 3}\n", "{\"b\":{\"p\":1,\"q\":2,\"r\":3}}"),
        ("b: {<<: []}\n", "{\"b\":{}}"), ("b: {!!merge <<: {p: 1}}\n", "{\"b\":{\"p\":1}}"),
        (
            "b: {p: {<<: {x: [1, {<<: {w: 2}}]}}, <<: {z: 1}}\nc: 4\n",
            "{\"b\":{\"p\":{\"x\":[1,{\"w\":2}]},\"z\":1},\"c\":4}"
        ),
        (
            "t:\n  <<: {a: 1}\n  u: &u {<<: {b: 2}}\nv: *u\n",
            "{\"t\":{\"a\":1,\"u\":{\"b\":2}},\"v\":{\"b\":2}}"
        ),
    ])
    func `expands aliases and merge keys`(text: String, json: String) throws {
        let actual = try readYAML(text)
        #expect(actual == [json])
    }

    @Test(arguments: [
        ("a: *x", "line 1, column 4: the alias '*x' names no anchor before it"),
        ("a: &x 1\n---\nb: *x", "line 3, column 4: the alias '*x' names no anchor before it"),
        ("&a [*a]", "line 1, column 5: the alias '*a' stands inside what it names"),
        ("&a {b: {c: *a}}", "line 1, column 12: the alias '*a' stands inside what it names"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the key \"a\" stands twice in one mapping"),
        ("1: a\n'1': b", "line 2, column 1: the key \"1\" stands twice in one mapping"),
        ("yes: a\ntrue: b", "line 2, column 1: the key \"true\" stands twice in one mapping"),
        (
            "{<<: {a: 1}, <<: {b: 1}}",
            "line 1, column 14: the key \"<<\" stands twice in one mapping"
        ),
        ("<<: 1", "line 1, column 5: expected a mapping or a sequence of mappings after '<<'"),
        (
            "<<: [{}, 1]",
            "line 1, column 10: expected a mapping or a sequence of mappings after '<<'"
        ),
        ("[a]: b", "line 1, column 1: expected a string as a key, found a sequence"),
        ("? {a: b}\n: c", "line 1, column 3: expected a string as a key, found a mapping"),
        (
            "a: &a [{}]\n<<: *a",
            "line 2, column 5: expected a mapping or a sequence of mappings after '<<'"
        ),
        ("~: a", "line 1, column 1: expected a string as a key, found null"),
        (
            "18446744073709551615: a",
            "line 1, column 1: expected a string as a key, found the integer 18446744073709551615"
        ),
        (
            "a: &x [1]\n*x : 2",
            "line 2, column 1: expected a string as a key, found the collection '*x'"
        ),
        (
            "a: !foo bar",
            "line 1, column 4: the tag '!foo' is not supported: "
                + "expected !!str, !!int, !!float, !!bool, !!null or none"
        ),
        (
            "a: !!binary gIGC",
            "line 1, column 4: the tag '!!binary' is not supported: "
                + "expected !!str, !!int, !!float, !!bool, !!null or none"
        ),
        ("a: !!set {b}", "line 1, column 4: the tag '!!set' of a mapping is not supported"),
        ("a: !x [b]", "line 1, column 4: the tag '!x' of a sequence is not supported"),
        (
            "a: !!int b",
            "line 1, column 4: expected a value that the tag '!!int' fits, found a string"
        ),
        (
            "a: !!bool 1",
            "line 1, column 4: expected a value that the tag '!!bool' fits, found the integer 1"
        ),
        ("a: .inf", "line 1, column 4: expected a value that JSON can write, found inf: quote it"),
        (
            "a: [.nan]",
            "line 1, column 5: expected a value that JSON can write, found nan: quote it"
        ),
        (
            "a: [1, 2",
            "line 2, column 1: did not find expected ',' or ']' "
                + "while parsing a flow sequence"
        ),
        (
            "a: b: c",
            "line 1, column 5: mapping values are not allowed in this context"
        ),
        (
            "a:\n\t- b",
            "line 2, column 1: found character that cannot start any token "
                + "while scanning for the next token"
        ),
        (
            "é: \u{1}",
            "line 1, column 4: expected printable UTF-8, found: "
                + "control characters are not allowed"
        ),
    ])
    func `says what is wrong and where`(text: String, error: String) {
        #expect(yamlError(text) == error)
    }

    @Test(
        arguments: [
            ([0xFF, 0xFE, 0x61, 0x00], "line 1, column 1: expected UTF-8, found UTF-16"),
            ([0xFE, 0xFF, 0x00, 0x61], "line 1, column 1: expected UTF-8, found UTF-16"),
            (
                [0x61, 0x0A, 0x62, 0xFF],
                "line 2, column 2: expected printable UTF-8, found: invalid leading UTF-8 octet"
            ),
            (
                [0x61, 0x00],
                "line 1, column 2: expected printable UTF-8, found: "
                    + "control characters are not allowed"
            ),
            (
                [0x61, 0xC3],
                "line 1, column 2: expected printable UTF-8, found: "
                    + "incomplete UTF-8 octet sequence"
            ),
        ] as [([UInt8], String)])
    func `refuses what is not UTF-8`(text: [UInt8], message: String) {
        #expect {
            try readYAML(text)
        } throws: { error in
            (error as? DocumentError)?.description == message
        }
    }

    @Test func `repeats the error that ended the stream`() throws {
        let reader = YAMLReader(Array("a: 1\n---\nb: *x\n---\nc: 1\n".utf8), limits: roomy)
        let document = Document()
        #expect(try reader.next(into: document))
        for _ in 0..<2 {
            #expect(throws: DocumentError.self) { try reader.next(into: document) }
            #expect(document.root == nil)
        }
    }

    @Test func `knows where each node began`() throws {
        let text = "---\n# é\nmetadata:\n  name: é\n  list:\n  - a\n  - {k: 'v'}\n---\nb: 2\n"
        let reader = YAMLReader(Array(text.utf8), limits: roomy)
        let document = Document()
        #expect(try reader.next(into: document))
        let metadata = document.root?["metadata"]
        #expect(document.root?.position == SourcePosition(line: 3, column: 1))
        #expect(metadata?["name"]?.position == SourcePosition(line: 4, column: 9))
        let last = metadata?["list"]?.elements.map { $0 }.last
        #expect(last?.position == SourcePosition(line: 7, column: 5))
        #expect(last?["k"]?.position == SourcePosition(line: 7, column: 9))
        #expect(try reader.next(into: document))
        #expect(document.root?["b"]?.position == SourcePosition(line: 9, column: 4))
        #expect(try !reader.next(into: document))
    }

    @Test func `reads a manifest as its JSON twin`() throws {
        let yaml = """
            apiVersion: v1
            kind: Pod
            metadata: {name: web, labels: {app: "web"}}
            spec:
              containers:
              - image: nginx:1.27
                name: web
                ports: [{containerPort: 0x16, protocol: TCP}]
                securityContext: {readOnlyRootFilesystem: yes}
                command: ["sh", "-c", "exec \\"$0\\""]
            """
        let twin = """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","labels":{"app":"web"}},
             "spec":{"containers":[{"image":"nginx:1.27","name":"web",
              "ports":[{"containerPort":22,"protocol":"TCP"}],
              "securityContext":{"readOnlyRootFilesystem":true},
              "command":["sh","-c","exec \\"$0\\""]}]}}
            """
        let document = try readJSON(twin)
        #expect(try readYAML(yaml) == [document.root.map { json($0) }])
    }
}
