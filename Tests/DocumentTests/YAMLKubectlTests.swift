import Foundation
import Testing

@testable import Document

/// What plain and tagged scalars mean to kubectl, and so to us.
enum YAMLScalarTable {
    /// A scalar as it is written, and its value as JSON.
    static let values: [(String, String)] = [
        // Nulls and booleans of YAML 1.1.
        ("", "null"), ("~", "null"), ("null", "null"), ("Null", "null"), ("NULL", "null"),
        ("nULL", "\"nULL\""), ("y", "true"), ("Y", "true"), ("yes", "true"), ("YES", "true"),
        ("yEs", "\"yEs\""), ("on", "true"), ("On", "true"), ("ON", "true"), ("true", "true"),
        ("True", "true"), ("TRUE", "true"), ("tRue", "\"tRue\""), ("n", "false"), ("N", "false"),
        ("no", "false"), ("No", "false"), ("off", "false"), ("OFF", "false"), ("false", "false"),
        ("False", "false"), ("nope", "\"nope\""), ("only", "\"only\""), ("falsey", "\"falsey\""),
        // Integers.
        ("0", "0"), ("-0", "0"), ("12", "12"), ("+12", "12"), ("-12", "-12"), ("1_000", "1000"),
        ("1_", "1"), ("_1", "\"_1\""), ("-_1", "-1"), ("017", "15"), ("00", "0"), ("08", "8"),
        ("0o17", "15"), ("0O17", "15"), ("0o8", "\"0o8\""), ("0x1F", "31"), ("0X1f", "31"),
        ("-0x1F", "-31"), ("0x_1F", "31"), ("0xG", "\"0xG\""), ("0x", "\"0x\""),
        ("0b101", "5"), ("-0b101", "-5"), ("0b2", "\"0b2\""), ("+", "\"+\""),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9223372036854776000"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-9223372036854775809", "-9223372036854776000"),
        ("18446744073709551615", "18446744073709552000"),
        ("18446744073709551616", "18446744073709552000"),
        ("+18446744073709551615", "18446744073709552000"),
        ("0x8000000000000000", "9223372036854776000"),
        ("-0x8000000000000000", "-9223372036854775808"),
        ("-0x8000000000000001", "\"-0x8000000000000001\""),
        ("+0xFFFFFFFFFFFFFFFF", "\"+0xFFFFFFFFFFFFFFFF\""),
        ("0x10000000000000000", "\"0x10000000000000000\""),
        ("02000000000000000000000", "2e+21"),
        // Floats, as Go's JSON writes them.
        ("1.0", "1"), ("22.0", "22"), ("2.2e1", "22"), ("1.5", "1.5"), ("-1.50", "-1.5"),
        ("1.", "1"), (".5", "0.5"), ("-.5", "-0.5"), ("+.5", "0.5"), ("1e3", "1000"),
        ("1E3", "1000"), ("1e-7", "1e-7"), ("1.25e-7", "1.25e-7"), ("0.000001", "0.000001"),
        ("1e20", "100000000000000000000"), ("1e21", "1e+21"), ("1.5e300", "1.5e+300"),
        ("1_0.5", "10.5"), (".1_0", "0.1"), (".1__0", "\".1__0\""), (".1_", "\".1_\""),
        ("1e", "\"1e\""), ("1e+", "\"1e+\""),
        ("1.2.3", "\"1.2.3\""), ("1e400", "\"1e400\""), ("1e-400", "0"), ("-0.0", "0"),
        (".", "\".\""), ("...x", "\"...x\""), ("5m", "\"5m\""), ("100Mi", "\"100Mi\""),
        ("0.1", "0.1"), ("685.230_15e+03", "685230.15"),
        // What stays a string.
        ("190:20:30", "\"190:20:30\""), ("2015-01-01", "\"2015-01-01\""),
        ("2015-02-24T18:19:39Z", "\"2015-02-24T18:19:39Z\""), ("1.2.3.4", "\"1.2.3.4\""),
        ("nginx:1.27", "\"nginx:1.27\""), ("'yes'", "\"yes\""), ("\"12\"", "\"12\""),
        ("'~'", "\"~\""), ("''", "\"\""), ("<<", "\"<<\""), ("=", "\"=\""),
        ("infinity", "\"infinity\""), ("nan", "\"nan\""), ("inf", "\"inf\""),
        // Tags.
        ("!!str 12", "\"12\""), ("!!str", "\"\""), ("!!int '12'", "12"), ("!!bool 'on'", "true"),
        ("!!null ''", "null"), ("!!float 3", "3"), ("!!float '1.1'", "1.1"), ("! 12", "\"12\""),
        ("!!timestamp 2015-01-01", "\"2015-01-01\""), ("!<tag:yaml.org,2002:int> '7'", "7"),
        ("!!seq [1]", "[1]"), ("!!map {a: 1}", "{\"a\":1}"),
    ]
}

/// Holds our tables against the kubectl of this machine, where there is one: it prints what it read
/// without a cluster.
@Suite(.enabled(if: kubectl != nil || isContinuousIntegration)) struct YAMLKubectlTests {
    private static let head = """
        apiVersion: example.com/v1
        kind: Example
        metadata: {name: example}
        spec:

        """

    /// The `spec` that kubectl reads of an object.
    private func specification(_ lines: [String]) throws -> Node {
        let folder = FileManager.default.temporaryDirectory
        let file = folder.appending(path: "kubectl-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data((Self.head + lines.joined()).utf8).write(to: file)
        let process = Process()
        let program: URL = try #require(kubectl, "CI needs kubectl")
        process.executableURL = program
        process.arguments = [
            "label", "--local", "--output", "json", "--filename", file.path, "checked=yes",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = try #require(try output.fileHandleForReading.readToEnd())
        process.waitUntilExit()
        let document = try readJSON(String(decoding: text, as: UTF8.self))
        return try #require(document.root?["spec"])
    }

    @Test func `types every scalar of the table as kubectl does`() throws {
        let values = YAMLScalarTable.values
        let spec = try specification(
            values.enumerated().map { "  v\($0.offset): \($0.element.0)\n" })
        for (index, (text, expected)) in values.enumerated() {
            let value = try #require(spec["v\(index)"])
            #expect(json(value) == expected, "\(text)")
        }
    }

    @Test(arguments: [
        "{<<: {p: 1, q: 2}, q: 3}", "{q: 3, <<: {p: 1, q: 2}}", "{<<: [{p: 1}, {p: 2, q: 2}]}",
        "{a: &a {p: 1}, b: {<<: *a, p: 2}, c: [*a, {<<: [*a, {r: 1}]}]}",
        "{<<: {<<: {p: 1}, q: 2}, r: 3}", "{a: &a 1, b: &a 2, c: *a}", "{&k a: b, c: *k}",
        "{1: a, 0x10: b, 010: c, yes: d, off: e, 1.50: f, 1e6: g, 1e-5: h, 2015-01-01: i}",
    ])
    func `expands aliases, merge keys and keys as kubectl does`(text: String) throws {
        let ours = Document()
        let reader = YAMLReader(Array("spec: \(text)".utf8), limits: roomy)
        #expect(try reader.next(into: ours))
        let spec = try #require(ours.root?["spec"])
        #expect(sorted(spec) == sorted(try specification(["  \(text)\n"])))
    }

    /// A tree as JSON with sorted keys, as kubectl prints it.
    private func sorted(_ node: Node) -> String {
        switch node.kind {
        case .object:
            let members = node.members.map { "\($0.key.string ?? ""): \(sorted($0.value))" }
            return "{" + members.sorted().joined(separator: ", ") + "}"
        case .array: return "[" + node.elements.map { sorted($0) }.joined(separator: ", ") + "]"
        default: return json(node)
        }
    }
}

/// Where tools may not be missing: a check is not skipped there.
private let isContinuousIntegration = ProcessInfo.processInfo.environment["CI"] != nil

private let kubectl: URL? = (ProcessInfo.processInfo.environment["PATH"] ?? "")
    .split(separator: ":").map { URL(filePath: String($0)).appending(path: "kubectl") }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }
