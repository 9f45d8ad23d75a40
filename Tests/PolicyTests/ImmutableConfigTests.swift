import Document
import Testing

@testable import Policy

@Suite struct ImmutableConfigTests {
    private static func configMap(_ fields: String, metadata: String = "") -> String {
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, \(metadata)}\n\(fields)"
    }

    private static let mutable =
        "immutable: the ConfigMap can be changed under the Pods that use it"

    private func update(_ old: String, _ new: String, _ policy: String = "") throws -> [String] {
        try policySet("immutable-config", policy).evaluate(request(.update, new, old: old)).lines
    }

    /// That an old one is mutable does not count; that its data is changed is an act of its own.
    @Test func existingViolations() throws {
        let old = Self.configMap("data: {a: x}")
        let labelled = Self.configMap("data: {a: x}", metadata: "labels: {b: c}")
        let changed = Self.configMap("data: {a: y}")
        let message = "data: the data of the ConfigMap is changed in place: key \"a\""
        #expect(try update(old, labelled) == [])
        #expect(try update(old, changed) == [message])
        let strict = "existingViolations: Deny"
        #expect(try update(old, labelled, strict) == [Self.mutable])
        #expect(try update(old, changed, strict) == [message, Self.mutable])
    }

    @Test func anUpdateMayMakeItImmutable() throws {
        let old = Self.configMap("data: {a: x}")
        #expect(try update(old, Self.configMap("immutable: true\ndata: {a: x}")) == [])
        let both = Self.configMap("immutable: true\ndata: {a: y}")
        #expect(try update(old, both).count == 1)
    }

    @Test func anObjectOnItsWayOutMayLoseItsFinalizers() throws {
        let going = "deletionTimestamp: '2026-01-01T00:00:00Z'"
        let old = Self.configMap(
            "data: {a: x}", metadata: "\(going), finalizers: [a.example.com/b]")
        let new = Self.configMap("data: {a: x}", metadata: going)
        #expect(try update(old, new, "existingViolations: Deny") == [])
    }

    @Test(arguments: [
        ("", "data: {}"), ("data: {}", ""), ("data: null", "data: {}"), ("", "binaryData: {}"),
        ("data: {a: x, b: y}", "data: {b: y, a: x}"),
    ])
    func dataThatMeansTheSameIsUnchanged(old: String, new: String) throws {
        #expect(try update(Self.configMap(old), Self.configMap(new)) == [])
    }

    @Test(arguments: [
        ("{a: x, b: x, c: x}", "{a: y, b: y, c: y}", "\"a\", \"b\", \"c\""),
        ("{a: x, b: x, c: x, d: x}", "{a: y, b: y, c: y, d: y}", "\"a\", \"b\", \"c\" and 1 more"),
        ("{a: x, b: x, c: x, d: x, e: x}", "{}", "\"a\", \"b\", \"c\" and 2 more"),
        ("{a: x, b: x}", "{c: x, d: x}", "\"c\", \"d\", \"a\" and 1 more"),
        ("{a: x, b: x}", "{c: z, b: x}", "\"c\", \"a\""),
    ])
    func aFewOfTheChangedKeysAreNamed(old: String, new: String, keys: String) throws {
        #expect(
            try update(Self.configMap("data: \(old)"), Self.configMap("data: \(new)")) == [
                "data: the data of the ConfigMap is changed in place: keys \(keys)"
            ])
    }

    @Test func aLongKeyIsCut() throws {
        let key = String(repeating: "k", count: 100_000)
        let lines = try update(Self.configMap(""), Self.configMap("data:\n  ? \(key)\n  : x"))
        #expect(lines.count == 1)
        #expect(lines[0].utf8.count < 700)
    }

    @Test func bothMapsMayChange() throws {
        let lines = try update(
            Self.configMap("data: {a: x}\nbinaryData: {b: eA==}"),
            Self.configMap("data: {a: y}\nbinaryData: {b: eQ==}"))
        #expect(
            lines == [
                "data: the data of the ConfigMap is changed in place: key \"a\"",
                "binaryData: the binaryData of the ConfigMap is changed in place: key \"b\"",
            ])
    }

    /// No message, value or fix holds what a Secret does.
    @Test func valuesOfSecretsAreNeverShown() throws {
        func secret(_ value: String, _ field: String) -> String {
            """
            apiVersion: v1
            kind: Secret
            metadata: {name: app}
            type: Opaque
            \(field): {token: \(value)}
            """
        }
        for field in ["data", "stringData"] {
            let set = try policySet("immutable-config", "existingViolations: Deny")
            let verdict = try set.evaluate(
                request(.update, secret("cGxhbnRlZA", field), old: secret("c2VjcmV0", field)))
            #expect(verdict.violations.count == 2)
            for violation in verdict.violations {
                let text = "\(violation.path) \(violation.message) \(violation.fix)"
                #expect(!text.contains("cGxhbnRlZA") && !text.contains("c2VjcmV0"))
            }
            #expect(verdict.notices == [])
        }
    }

    /// An owner or annotation that an update takes away exempts no longer.
    @Test func theObjectAsItWillBeDecides() throws {
        let annotation = "annotations: {control-plane.alpha.kubernetes.io/leader: a}"
        let lock = Self.configMap("data: {a: x}", metadata: annotation)
        #expect(try update(lock, Self.configMap("data: {a: y}", metadata: annotation)) == [])
        #expect(try update(lock, Self.configMap("data: {a: y}")).count == 2)
    }

    @Test func onlyUpdatesAreActs() throws {
        let set = try policySet("immutable-config")
        let immutable = Self.configMap("immutable: true\ndata: {a: x}")
        #expect(try set.evaluate(request(.create, immutable)).lines == [])
        #expect(try set.evaluate(request(.delete, nil, old: immutable)).lines == [])
        #expect(try set.evaluate(request(.create, Self.configMap(""))).lines == [Self.mutable])
    }

    @Test(arguments: [
        ("immutable: 'true'", "immutable", "expected a boolean, found a string"),
        ("type: 1", "type", "expected a string, found a number"),
        ("metadata: []", "metadata", "expected an object, found an array"),
        ("metadata: {name: 1}", "metadata.name", "expected a string, found a number"),
        (
            "metadata: {annotations: []}", "metadata.annotations",
            "expected an object, found an array"
        ),
        (
            "metadata: {ownerReferences: a}", "metadata.ownerReferences",
            "expected an array, found a string"
        ),
    ])
    func aWrongTypeCannotBeJudged(fields: String, path: String, message: String) throws {
        let secret = "apiVersion: v1\nkind: Secret\n\(fields)"
        #expect(
            try policySet("immutable-config").evaluate(subject(secret)).lines == [
                "\(path): the object cannot be judged: \(message)"
            ])
    }

    @Test func dataOfTheWrongTypeCannotBeJudged() throws {
        #expect(
            try update(Self.configMap("data: {a: x}"), Self.configMap("data: [x]")) == [
                "data: the object cannot be judged: expected an object, found an array"
            ])
    }

    @Test(arguments: [
        (
            "exemptNamespaces: shop",
            "23: spec.parameters.exemptNamespaces is a string; expected a list of strings"
        ),
        (
            "exemptNames: ['']",
            "19: spec.parameters.exemptNames has an empty pattern, which would match nothing"
        ),
        ("exemptTypes: [1]", "19: spec.parameters.exemptTypes[0] is a number; expected a string"),
        (
            "exemptControlled: 1",
            "23: spec.parameters.exemptControlled is a number; expected true or false"
        ),
        (
            "exemptType: []",
            "5: unknown field \"exemptType\" in spec.parameters (did you mean \"exemptTypes\"?); "
                + "expected exemptCertificates, exemptControlled, exemptLeaderElection, "
                + "exemptNames, exemptNamespaces, exemptTypes"
        ),
    ])
    func badParameters(parameter: String, problem: String) {
        let policy = """
            apiVersion: cattleguard.dev/v1
            kind: Policy
            metadata: {name: config}
            spec:
              rule: immutable-config
              parameters:
                \(parameter)
            """
        #expect(problems(("p.yaml", policy)) == ["p.yaml:7:\(problem)"])
    }

    /// In time of its size, even where every key is another one.
    @Test func manyChangedKeys() throws {
        func data(_ prefix: String) -> String {
            "data: {" + (0..<40_000).map { "\(prefix)\($0): x" }.joined(separator: ", ") + "}"
        }
        let lines = try update(Self.configMap(data("a")), Self.configMap(data("b")))
        #expect(
            lines == [
                "data: the data of the ConfigMap is changed in place: keys \"b0\", \"b1\", "
                    + "\"b2\" and 79997 more"
            ])
    }
}
