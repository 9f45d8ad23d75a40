internal import Document
internal import Policy

/// For people at a terminal: a place that editors jump to, what is wrong, how to mend it.
///
///     web.yaml:14:18: deny image-digest: container "web": "nginx:1.27" has no digest
///         Deployment shop/web, spec.template.spec.containers[0].image, policy pinned-images
///         fix: name the image by digest: nginx@sha256:…
///
///     3 objects in 1 file: 1 violation (1 deny)
package enum TextFormat: ReportFormat {
    /// `text`.
    package static let name = "text"
    /// Plain text in UTF-8.
    package static let mediaType = "text/plain; charset=utf-8"

    /// Writes findings, then what could not be checked, then one line that sums up.
    package static func write(_ report: CheckReport) -> [UInt8] {
        var lines: [String] = []
        for finding in report.findings { add(finding, to: &lines) }
        for finding in report.excepted { addExcepted(finding, to: &lines) }
        for problem in report.problems {
            lines.append("\(place(of: problem)): error: \(problem.message)")
        }
        let unlisted =
            report.counts.violations - report.findings.count
            + report.counts.excepted - report.excepted.count
            + report.counts.problems - report.problems.count
        if unlisted > 0 { lines.append("… and \(unlisted) more, counted but not listed") }
        if !lines.isEmpty, lines.last != "" { lines.append("") }
        for place in report.skipped {
            lines.append(
                "\(written(place)): skipped: no Kubernetes object (neither apiVersion nor kind)")
        }
        for uncovered in report.uncovered {
            lines.append(
                "\(written(uncovered.place)): not covered: \(uncovered.object.title) carries a Pod "
                    + "template that no rule sees; describe its kind in a WorkloadKind")
        }
        if !report.notApplicable.isEmpty { lines.append(inapplicable(report.notApplicable)) }
        lines.append(summary(of: report))
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    private static func add(_ finding: CheckFinding, to lines: inout [String]) {
        let violation = finding.violation
        let severity = violation.gravestAction.rawValue.lowercased()
        lines.append(
            "\(written(finding.place)): \(severity) \(violation.rule): \(violation.message)")
        let path = violation.path.description.readable()
        let field = path.isEmpty ? "" : ", \(path)"
        lines.append("    \(finding.object.title)\(field), policy \(violation.policy)")
        lines.append("    fix: \(violation.fix)")
        lines.append("")
    }

    /// `web.yaml:14:18: excepted image-digest: … (exception hotfix until 2026-12-01T00:00:00Z)`.
    private static func addExcepted(_ finding: CheckFinding, to lines: inout [String]) {
        let violation = finding.violation
        let place = written(finding.place)
        let end = finding.exception.map { " (exception \($0.name) until \($0.expiryText))" } ?? ""
        lines.append("\(place): excepted \(violation.rule): \(violation.message)\(end)")
    }

    /// `not applicable to manifests: no-exec, no-tunnel (policy side-doors); in part: …`.
    private static func inapplicable(_ policies: [InapplicablePolicy]) -> String {
        func list(_ policies: [InapplicablePolicy]) -> String {
            policies.map { $0.policy == $0.rule ? $0.rule : "\($0.rule) (policy \($0.policy))" }
                .joined(separator: ", ")
        }
        let whole = list(policies.filter { !$0.isPart })
        let part = list(policies.filter(\.isPart))
        let texts = [whole, part.isEmpty ? "" : "in part: \(part)"].filter { !$0.isEmpty }
        return "not applicable to manifests: " + texts.joined(separator: "; ")
    }

    private static func written(_ place: DocumentPlace) -> String {
        "\(place.source.readable()):\(place.position.line):\(place.position.column)"
    }

    private static func place(of problem: CheckProblem) -> String {
        let source = problem.source.isEmpty ? "cattleguard" : problem.source.readable()
        guard let position = problem.position else { return source }
        return "\(source):\(position.line):\(position.column)"
    }

    /// `3 objects in 2 files: 2 violations (1 deny, 1 warn)`.
    private static func summary(of report: CheckReport) -> String {
        let counts = report.counts
        let objects = amount(counts.objects, "object")
        var text = "\(objects) in \(amount(counts.sources, "file")): "
        if counts.violations == 0 {
            text += "no violations"
        } else {
            let parts = [
                (counts.denied, "deny"), (counts.warned, "warn"), (counts.audited, "audit"),
            ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
            text += "\(amount(counts.violations, "violation")) (\(parts.joined(separator: ", ")))"
        }
        if counts.excepted > 0 { text += ", \(counts.excepted) excepted" }
        if counts.problems > 0 {
            text += "; \(amount(counts.problems, "ERROR")): not all could be checked"
        }
        return text
    }

    private static func amount(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : noun == noun.uppercased() ? "S" : "s")"
    }
}
