import Policy
import Testing

@testable import Report

@Suite struct ValidationReportTests {
    /// 2026-11-23T00:00:00Z.
    private static let moment = Moment(seconds: 1_795_392_000)

    private func report(_ files: (name: String, text: String)...) -> ValidationReport {
        do throws(PolicyProblems) {
            let set = try PolicyReader.read(
                files.map { PolicyFile(name: $0.name, bytes: Array($0.text.utf8)) })
            return ValidationReport(set, title: "mine", at: Self.moment)
        } catch {
            return ValidationReport(error)
        }
    }

    private func text(
        _ report: ValidationReport, _ format: ValidationReport.Format = .table
    ) -> String {
        String(decoding: report.text(format), as: UTF8.self)
    }

    @Test func `says that all is well`() {
        let good = report(("a.yaml", policy("a", rule: "no-ssh")))
        #expect(good.isValid)
        #expect(text(good) == "mine: 1 policy, valid\n")
        #expect(
            text(good, .json)
                == #"{"valid": true, "policies": 1, "exceptions": 0, "expired": 0, "#
                + #""problems": [], "warnings": []}"# + "\n")
    }

    @Test(arguments: [
        (["2026-11-23T00:00:01Z"], "1 exception"),
        (["2026-11-23T00:00:00Z"], "1 exception (1 expired)"),
        (["2026-11-22T00:00:00Z", "2026-11-24T00:00:00Z"], "2 exceptions (1 expired)"),
    ])
    func `counts exceptions, and those that are over`(ends: [String], said: String) {
        let exceptions = ends.enumerated().map { index, end in
            """
            apiVersion: cattleguard.dev/v1
            kind: PolicyException
            metadata: {name: e\(index)}
            spec: {policies: [a], match: {names: [b]}, reason: why, expiresAt: "\(end)"}
            """
        }
        let found = report(
            ("a.yaml", policy("a", rule: "no-ssh")),
            ("e.yaml", exceptions.joined(separator: "\n---\n")))
        #expect(text(found) == "mine: 1 policy, \(said), valid\n")
    }

    @Test func `says all that is wrong in all files`() {
        let bad = report(
            ("b.yaml", policy("b", rule: "no-shh")),
            ("a.yaml", policy("a", rule: "no-ssh", actions: "[]", match: "{name: [a]}")),
            ("c.yaml", policy("c", rule: "no-ssh", match: #"{excludeUsers: ["*"]}"#)))
        #expect(!bad.isValid)
        let lines = text(bad).split(separator: "\n").map { $0.prefix { $0 != ";" } }
        #expect(
            lines == [
                "a.yaml:5:41: spec.validationActions is empty",
                "a.yaml:5:53: unknown field \"name\" in spec.match (did you mean \"names\"?)",
                "b.yaml:5:14: there is no rule \"no-shh\" (did you mean \"no-ssh\"?)",
                "c.yaml:5:71: warning: excludeUsers is everything: the policy never applies",
            ])
        #expect(
            text(bad, .json).contains(
                #""column": 71,"#))
    }

    @Test(arguments: [
        ("{namespaces: [shop], excludeNamespaces: [shop]}", true),
        ("{namespaces: [shop], excludeNamespaces: [\"s*\"]}", true),
        ("{namespaces: [\"sh*\", web], excludeNamespaces: [\"s*\", \"w*\"]}", true),
        ("{excludeGroups: [\"*\"]}", true),
        ("{users: [alice], excludeUsers: [alice, bob]}", true),
        ("{namespaces: [\"s*\"], excludeNamespaces: [shop]}", false),
        ("{namespaces: [\"s*\"], excludeNamespaces: [\"s?\"]}", false),
        ("{namespaces: [shop, web], excludeNamespaces: [shop]}", false),
        ("{excludeNamespaces: [kube-system]}", false),
        ("{users: [alice], excludeGroups: [admins]}", false),
    ])
    func `warns of what never applies, and only of that`(match: String, isWarned: Bool) {
        let report = report(("a.yaml", policy("a", rule: "no-ssh", match: match)))
        #expect(report.isValid)
        #expect(text(report).contains("warning: ") == isWarned)
    }
}
