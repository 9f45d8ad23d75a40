internal import Document
internal import Policy

/// For programs. The shape is stable: within one `version` members are only added.
///
///     {"version": 1,
///      "outcome": "passed" | "warned" | "denied" | "unchecked",
///      "counts": {"sources", "documents", "objects", "denied", "warned", "audited", "excepted",
///                 "problems", "uncovered"},
///      "findings": [{"action": "Deny" | "Warn" | "Audit", "rule", "policy",
///                    "file", "document", "line", "column",
///                    "object": {"apiVersion", "kind", "namespace", "name", "path"},
///                    "field", "message", "fix"}],
///      "excepted": [{like "findings", and "exception", "expiresAt", "reason"}],
///      "problems": [{"file", "document"?, "line"?, "column"?, "message"}],
///      "skipped": [{"file", "document", "line", "column"}],
///      "uncovered": [{"file", "document", "line", "column", "object": {…}}],
///      "notApplicable": [{"rule", "policy", "part"}]}
///
/// `counts` is complete even where the lists stop at a limit. `namespace` is empty for a
/// cluster-scoped object; `path` is where the object lies in its document, empty but for lists.
package enum JSONFormat: ReportFormat {
    /// `json`.
    package static let name = "json"
    /// JSON.
    package static let mediaType = "application/json"
    /// The version of the shape.
    package static let version = 1

    /// Writes the report as one JSON object on one line.
    package static func write(_ report: CheckReport) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("version", version)
        writer.member("outcome", report.outcome.rawValue)
        writer.key("counts")
        write(report.counts, to: &writer)
        writer.objects("findings", report.findings, write)
        writer.objects("excepted", report.excepted, write)
        writer.objects("problems", report.problems, write)
        writer.objects("skipped", report.skipped, write)
        writer.objects("uncovered", report.uncovered) { uncovered, writer in
            write(uncovered.place, to: &writer)
            write(uncovered.object, to: &writer)
        }
        writer.objects("notApplicable", report.notApplicable) { policy, writer in
            writer.member("rule", policy.rule)
            writer.member("policy", policy.policy)
            writer.member("part", policy.isPart)
        }
        writer.endObject()
        return writer.takeBytes() + [UInt8(ascii: "\n")]
    }

    private static func write(_ counts: CheckCounts, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("sources", counts.sources)
        writer.member("documents", counts.documents)
        writer.member("objects", counts.objects)
        writer.member("denied", counts.denied)
        writer.member("warned", counts.warned)
        writer.member("audited", counts.audited)
        writer.member("excepted", counts.excepted)
        writer.member("problems", counts.problems)
        writer.member("uncovered", counts.uncovered)
        writer.endObject()
    }

    private static func write(_ place: DocumentPlace, to writer: inout JSONWriter) {
        writer.member("file", place.source)
        writer.member("document", place.document)
        writer.member("line", place.position.line)
        writer.member("column", place.position.column)
    }

    private static func write(_ finding: CheckFinding, to writer: inout JSONWriter) {
        let violation = finding.violation
        writer.member("action", violation.gravestAction.rawValue)
        writer.member("rule", violation.rule)
        writer.member("policy", violation.policy)
        write(finding.place, to: &writer)
        write(finding.object, to: &writer)
        writer.member("field", violation.path.description)
        writer.member("message", violation.message)
        writer.member("fix", violation.fix)
        guard let exception = finding.exception else { return }
        writer.member("exception", exception.name)
        writer.member("expiresAt", exception.expiryText)
        writer.member("reason", exception.reason)
    }

    private static func write(_ object: CheckedObject, to writer: inout JSONWriter) {
        writer.key("object")
        writer.beginObject()
        writer.member("apiVersion", object.apiVersion)
        writer.member("kind", object.kind)
        writer.member("namespace", object.namespace)
        writer.member("name", object.name)
        writer.member("path", object.path.description)
        writer.endObject()
    }

    private static func write(_ problem: CheckProblem, to writer: inout JSONWriter) {
        writer.member("file", problem.source)
        if let document = problem.document { writer.member("document", document) }
        if let position = problem.position {
            writer.member("line", position.line)
            writer.member("column", position.column)
        }
        writer.member("message", problem.message)
    }
}
