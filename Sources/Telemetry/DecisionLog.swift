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
        /// The path of the field to mend, in UTF-8; empty for CONNECT.
        package let field: ArraySlice<UInt8>
        /// What the policy did about it: `Deny`, `Warn` or `Audit`.
        package let action: String

        /// A finding.
        package init(policy: String, rule: String, field: ArraySlice<UInt8>, action: String) {
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
    /// How many violations there are, whatever their action.
    package var findingCount: Int
    /// The names of the exceptions that were used.
    package var exceptions: [String]
    /// How long the review took in nanoseconds.
    package var durationNanoseconds: UInt64

    /// A record of one review.
    package init(
        texts: [(key: String, value: LogText?)], decision: String, findingCount: Int,
        exceptions: [String], durationNanoseconds: UInt64
    ) {
        self.texts = texts
        self.decision = decision
        self.findingCount = findingCount
        self.exceptions = exceptions
        self.durationNanoseconds = durationNanoseconds
    }
}

extension LogBuffer {
    /// Appends the line of one review.
    ///
    /// - Parameters:
    ///   - record: what is said of it.
    ///   - unixNanoseconds: the wall clock.
    ///   - limits: what keeps the line small.
    ///   - finding: one violation by its index; asked for those that are named.
    package mutating func write(
        _ record: DecisionRecord, at unixNanoseconds: Int64, limits: DecisionRecord.Limits,
        finding: (Int) -> DecisionRecord.Finding
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
            if record.findingCount > 0 {
                writer.member("violationCount", record.findingCount)
                writer.key("violations")
                writer.beginArray()
                for index in 0..<min(record.findingCount, limits.findings) {
                    Self.write(finding(index), to: &writer, limits: limits)
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

    private static func write(
        _ finding: DecisionRecord.Finding, to writer: inout JSONWriter,
        limits: DecisionRecord.Limits
    ) {
        writer.beginObject()
        writer.member("policy", finding.policy)
        writer.member("rule", finding.rule)
        writer.key("field")
        if finding.field.count <= limits.textBytes {
            writer.string { $0.text(finding.field) }
        } else {
            writer.string("(\(finding.field.count) bytes)")
        }
        writer.member("action", finding.action)
        writer.endObject()
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
