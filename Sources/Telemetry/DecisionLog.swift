package import Document

/// A text for a log line: made already, or still standing in the document it was read from.
package enum LogText {
    /// A string at hand.
    case text(String)
    /// A string in a document: copied to the line as it stands, never made a `String`.
    case node(Node)
}

/// What the decision log says of one review: who wanted what, and what was decided, never the
/// object's content.
package struct DecisionRecord {
    /// One violation: where and of what.
    package struct Finding {
        /// The policy's name.
        package let policy: String
        /// The rule's id.
        package let rule: String
        /// The path of the field to mend; empty for CONNECT.
        package let field: String
        /// What the policy did about it: `Deny`, `Warn` or `Audit`.
        package let action: String

        /// A finding.
        package init(policy: String, rule: String, field: String, action: String) {
            self.policy = policy
            self.rule = rule
            self.field = field
            self.action = action
        }
    }

    /// The limits that keep one line small.
    package struct Limits: Sendable {
        /// The most bytes of a text from the request; of a longer one the length is told.
        package let textBytes: Int
        /// The most findings named in a line; their whole number is always given.
        package let findings: Int

        /// Limits of one line.
        package init(textBytes: Int = 1024, findings: Int = 16) {
            self.textBytes = textBytes
            self.findings = findings
        }
    }

    /// The texts of the line by their keys, in order; absent ones are left out.
    package var texts: [(key: String, value: LogText?)]
    /// What was decided, for instance `denied`.
    package var decision: String
    /// The violations, whatever their action.
    package var findings: [Finding]
    /// The names of the exceptions that were used.
    package var exceptions: [String]
    /// How long the review took in nanoseconds.
    package var durationNanoseconds: UInt64

    /// A record of one review.
    package init(
        texts: [(key: String, value: LogText?)], decision: String, findings: [Finding],
        exceptions: [String], durationNanoseconds: UInt64
    ) {
        self.texts = texts
        self.decision = decision
        self.findings = findings
        self.exceptions = exceptions
        self.durationNanoseconds = durationNanoseconds
    }
}

extension LogBuffer {
    /// Appends the line of one review.
    package mutating func write(
        _ record: DecisionRecord, at unixNanoseconds: Int64, limits: DecisionRecord.Limits
    ) {
        write(.info, "decision", at: unixNanoseconds) { writer in
            for (key, value) in record.texts {
                guard let value else { continue }
                writer.key(key)
                guard value.byteCount <= limits.textBytes else {
                    writer.string("(\(value.byteCount) bytes)")
                    continue
                }
                switch value {
                case .text(let text): writer.string(text)
                case .node(let node): writer.string(node)
                }
            }
            writer.member("decision", record.decision)
            if !record.findings.isEmpty {
                writer.member("violationCount", record.findings.count)
                writer.key("violations")
                writer.beginArray()
                for finding in record.findings.prefix(limits.findings) {
                    writer.beginObject()
                    writer.member("policy", finding.policy)
                    writer.member("rule", finding.rule)
                    let length = finding.field.utf8.count
                    let field =
                        length <= limits.textBytes ? finding.field : "(\(length) bytes)"
                    writer.member("field", field)
                    writer.member("action", finding.action)
                    writer.endObject()
                }
                writer.endArray()
            }
            if !record.exceptions.isEmpty {
                writer.key("exceptions")
                writer.beginArray()
                for exception in record.exceptions { writer.string(exception) }
                writer.endArray()
            }
            writer.member("durationMicroseconds", Int(record.durationNanoseconds / 1_000))
        }
    }
}

extension LogText {
    /// The length in bytes, escapes counted as they stand.
    fileprivate var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .node(let node): node.kind == .string ? node.withRawBytes { $0.count } : 0
        }
    }
}
