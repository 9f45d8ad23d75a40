import Document
import Testing

@testable import Policy

@Suite struct ExternalizedConfigTests {
    private static let gitHub = "ghp_" + String(repeating: "FAKE", count: 9)
    private static let aws = "AKIA" + String(repeating: "FAKE", count: 4)
    private static let random = "Zk3v9QxT7mLp2WsB"

    private func pod(_ container: String) -> String {
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec: {containers: [{name: web, image: a, \(container)}]}
        """
    }

    private func configMap(_ data: String) -> String {
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: web}
        data: \(data)
        """
    }

    private func update(
        _ new: String, old: String, existing: String = "Allow"
    ) throws -> [String] {
        try policySet("externalized-config", "existingViolations: \(existing)")
            .evaluate(request(.update, new, old: old)).lines
    }

    /// What stays as it was is the same wrong, wherever it stands in its list. A secret that an
    /// update writes is not, whatever stood there: it may have been an example.
    @Test(arguments: [
        ("env: [{name: PASSWORD, value: b}]", 1), ("env: [{name: PASSWORD, value: aa}]", 1),
        ("env: [{name: PASSWORD, value: '\(gitHub)'}]", 1),
        ("env: [{name: PASSWORD, value: a}]", 0),
        ("env: [{name: A, value: b}, {name: PASSWORD, value: a}]", 0),
        ("env: [{name: PASSWORD}]", 0), ("env: [{name: TOKEN, value: a}]", 1),
        ("env: [{name: PASSWORD, value: a}, {name: TOKEN, value: a}]", 1),
        ("env: [{name: PASSWORD, value: a}, {name: PASSWORD, value: a}]", 1),
        ("args: ['--password=a']", 1),
    ])
    func updateOfAVariable(container: String, count: Int) throws {
        let old = pod("env: [{name: PASSWORD, value: a}]")
        #expect(try update(pod(container), old: old).count == count)
    }

    @Test func updateOfAnArgument() throws {
        let old = pod("args: [--x, '--password=a']")
        #expect(try update(pod("args: ['--password=a', --y, z]"), old: old) == [])
        #expect(try update(pod("args: [--x, '--password=b']"), old: old).count == 1)
        #expect(try update(pod("args: ['--token=a', '--password=a']"), old: old).count == 1)
    }

    /// A file may hold many secrets: another kind of secret in it is another wrong.
    @Test func updateOfAConfigMap() throws {
        let old = configMap("{notes: 'a \(Self.aws)'}")
        #expect(try update(configMap("{notes: 'b \(Self.aws) c'}"), old: old) == [])
        #expect(
            try update(configMap("{notes: '\(Self.gitHub) \(Self.aws)'}"), old: old) == [
                "data[\"notes\"]: key \"notes\" of the ConfigMap holds a GitHub token in plain text"
            ])
    }

    @Test func aSuspectThatIsReplacedIsAnother() throws {
        let old = configMap("{auth: \(Self.random)}")
        #expect(try update(configMap("{auth: \(Self.random)}"), old: old) == [])
        #expect(try update(configMap("{auth: \(Self.gitHub)}"), old: old).count == 1)
    }

    @Test func allCountsWhereThePolicySaysSo() throws {
        let old = pod("env: [{name: PASSWORD, value: a}]")
        #expect(try update(old, old: old, existing: "Deny").count == 1)
    }

    /// What is found never shows, not in the message, the fix, the path or what is compared.
    @Test(arguments: [gitHub, aws, random, "hunter2\\nhunter2", "-----BEGIN PRIVATE KEY-----"])
    func noValueIsEverShown(value: String) throws {
        let objects = [
            pod("env: [{name: PASSWORD, value: \"\(value)\"}, {name: A_KEY, value: \"\(value)\"}]"),
            pod("args: [\"--password=\(value)\", --token, \"\(value)\", \"A_KEY=\(value)\"]"),
            pod("command: [\"\(value)\", \"export PASSWORD=\(value)\"]"),
            configMap("{password: \"\(value)\", a.key: \"\(value)\", notes: \"a \(value)\"}"),
        ]
        let hidden = value.prefix(7)
        for object in objects {
            let verdict = try policySet("externalized-config").evaluate(subject(object))
            #expect(!verdict.violations.isEmpty)
            for violation in verdict.violations {
                #expect(!violation.message.contains(hidden))
                #expect(!violation.fix.contains(hidden))
                #expect(!violation.path.description.contains(hidden))
            }
        }
    }

    @Test func theFixNamesTheSecretsPlace() throws {
        let set = try policySet("externalized-config")
        let variable = try set.evaluate(subject(pod("env: [{name: PASSWORD, value: a}]")))
        #expect(
            variable.violations.map(\.fix) == [
                "keep it in a Secret and refer to it by env[].valueFrom.secretKeyRef or a mounted "
                    + "file; replace the value that stood here, since it was readable"
            ])
        let entry = try set.evaluate(subject(configMap("{password: a}")))
        #expect(
            entry.violations.map(\.fix) == [
                "keep it in a Secret, which the Pods mount or refer to by secretKeyRef; "
                    + "replace the value that stood here, since it was readable"
            ])
    }

    @Test(arguments: [
        ("env: {}", "spec.containers[0].env"), ("env: [a]", "spec.containers[0].env[0]"),
        ("env: [{name: 1, value: a}]", "spec.containers[0].env[0].name"),
        ("env: [{name: A, value: true}]", "spec.containers[0].env[0].value"),
        ("args: a", "spec.containers[0].args"), ("args: [1]", "spec.containers[0].args[0]"),
        ("command: {}", "spec.containers[0].command"),
        ("lifecycle: a", "spec.containers[0].lifecycle"),
        ("lifecycle: {preStop: []}", "spec.containers[0].lifecycle.preStop"),
        (
            "livenessProbe: {exec: {command: a}}",
            "spec.containers[0].livenessProbe.exec.command"
        ),
    ])
    func unreadable(container: String, path: String) throws {
        let verdict = try policySet("externalized-config").evaluate(subject(pod(container)))
        #expect(verdict.violations.map(\.rule) == ["unreadable-object"])
        #expect(verdict.violations.map(\.path.description) == [path])
    }

    @Test(arguments: [("[a]", "data"), ("{a: {}}", "data[\"a\"]")])
    func unreadableConfigMap(data: String, path: String) throws {
        let verdict = try policySet("externalized-config").evaluate(subject(configMap(data)))
        #expect(verdict.violations.map(\.rule) == ["unreadable-object"])
        #expect(verdict.violations.map(\.path.description) == [path])
    }

    @Test(arguments: ["{}", "null", "{a: null}", "{password: null}", "{password: ''}"])
    func nothingToFind(data: String) throws {
        let verdict = try policySet("externalized-config").evaluate(subject(configMap(data)))
        #expect(verdict.violations == [])
    }

    @Test(arguments: [
        (
            "additionalNames: [ok, '_-']",
            "7:5: spec.parameters.additionalNames has \"_-\"; expected a word with a letter or "
                + "digit, since _, - and . do not count"
        ),
        (
            "additionalNames: ['']",
            "7:23: spec.parameters.additionalNames has a blank entry; remove it or write a value"
        ),
        (
            "exemptNames: ['']",
            "7:19: spec.parameters.exemptNames has an empty pattern, which would match nothing"
        ),
        (
            "exemptNames: a",
            "7:18: spec.parameters.exemptNames is a string; expected a list of strings"
        ),
        (
            "exemptImages: [5]",
            "7:20: spec.parameters.exemptImages[0] is a number; expected a string"
        ),
        (
            "names: []",
            "7:5: unknown field \"names\" in spec.parameters; "
                + "expected additionalNames, exemptImages, exemptNames"
        ),
    ])
    func parameters(text: String, expected: String) {
        let spec = "rule: externalized-config\nparameters:\n  \(text)"
        #expect(problems(("p.yaml", policyText(spec))) == ["p.yaml:" + expected])
    }
}
