internal import Document
internal import Policy
internal import Telemetry

/// The policies in force, and how the last attempt to replace them went.
struct PolicyStatus: Sendable {
    /// What every admission loop judges by.
    var loaded: LoadedPolicies
    /// What the admission loops count by these policies, in the order of the loops.
    var counters: [PolicyCounters]
    /// Since when they are in force, in nanoseconds since 1970.
    var since: Int64
    /// When the files were last read and found good, in nanoseconds since 1970.
    var lastSuccess: Int64
    /// Why the files are not what is in force; nil while they are.
    var refusal: Refusal?

    /// Policies that were read and not put into force.
    struct Refusal: Sendable {
        /// The most problems that are told, in a log line and in an answer.
        static let problemLimit = 20
        /// The most bytes of a problem's file name and of its message.
        static let textLimit = 600

        /// When, in nanoseconds since 1970.
        let moment: Int64
        /// The first of the problems, by file and position.
        let problems: [PolicyProblem]
        /// How many more there are.
        let furtherCount: Int

        init(_ all: [PolicyProblem], moment: Int64) {
            self.moment = moment
            problems = all.prefix(Self.problemLimit).map { problem in
                PolicyProblem(
                    file: problem.file.readable(limit: Self.textLimit), position: problem.position,
                    message: problem.message.readable(limit: Self.textLimit))
            }
            furtherCount = max(0, all.count - Self.problemLimit)
        }
    }

    /// Policies that are in force from the start.
    init(_ loaded: LoadedPolicies, counters: [PolicyCounters], now: Int64) {
        self.loaded = loaded
        self.counters = counters
        since = now
        lastSuccess = now
    }

    /// What `/readyz` says where the files are not what is in force; nil while they are.
    var warning: String? {
        guard let refusal else { return nil }
        let count = loaded.set.policies.count
        let head =
            "ready, but not by the policies that are there: at \(Self.text(refusal.moment)) they "
            + "were refused, and the \(count) of \(Self.text(since)) (digest \(loaded.digest)) "
            + "stay in force\n"
        let lines = refusal.problems.map { "\($0)\n" }.joined()
        let more = refusal.furtherCount
        return head + lines + (more > 0 ? "and \(more) more\n" : "")
    }

    /// Writes the members of a log line about the policies in force.
    func writeInForce(to writer: inout JSONWriter) {
        writer.member("policies", loaded.set.policies.count)
        writer.member("digest", loaded.digest)
        writer.member("since", Self.text(since))
    }

    private static func text(_ moment: Int64) -> String {
        Timestamp(unixNanoseconds: moment).rfc3339
    }
}

extension PolicyStatus.Refusal {
    /// Writes the members of a log line about what is wrong.
    func write(to writer: inout JSONWriter) {
        writer.key("problems")
        writer.beginArray()
        for problem in problems {
            writer.beginObject()
            writer.member("file", problem.file)
            writer.member("line", problem.position.line)
            writer.member("column", problem.position.column)
            writer.member("message", problem.message)
            writer.endObject()
        }
        writer.endArray()
        if furtherCount > 0 { writer.member("furtherProblems", furtherCount) }
    }
}
