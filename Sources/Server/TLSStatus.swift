internal import Document
internal import Policy
internal import TLS
internal import Telemetry

/// The certificate in use, and how the last attempt to replace it went.
struct TLSStatus: Sendable {
    /// What new connections are shown.
    var loaded: LoadedTLS
    /// Since when it is in use, in nanoseconds since 1970.
    var since: Int64
    /// When the files were last read and found good, in nanoseconds since 1970.
    var lastSuccess: Int64
    /// Why the files are not what is in use; nil while they are.
    var refusal: Refusal?

    /// Files that were read and not put to use.
    struct Refusal: Sendable {
        /// The most bytes of the file's name and of the reason.
        static let textLimit = 600

        /// When, in nanoseconds since 1970.
        let moment: Int64
        let file: String
        let reason: String

        init(_ problem: TLSProblem, moment: Int64) {
            self.moment = moment
            file = problem.file.readable(limit: Self.textLimit)
            reason = problem.reason.readable(limit: Self.textLimit)
        }
    }

    /// Files that are in use from the start.
    init(_ loaded: LoadedTLS, now: Int64) {
        self.loaded = loaded
        since = now
        lastSuccess = now
    }

    /// When the certificate in use expires, in seconds since 1970.
    var notAfter: Int64 { loaded.context.certificateNotAfter }

    /// What `/readyz` says where the files are not what is in use; nil while they are.
    var warning: String? {
        guard let refusal else { return nil }
        return "ready, but not by the TLS files that are there: at \(Self.text(refusal.moment)) "
            + "they were refused, and the certificate of \(Self.text(since)), which expires at "
            + "\(notAfterText), stays in use\n\(refusal.file): \(refusal.reason)\n"
    }

    /// Writes the members of a log line about the certificate in use.
    func writeInUse(to writer: inout JSONWriter) {
        writer.member("expires", notAfterText)
        writer.member("since", Self.text(since))
    }

    /// A certificate may be valid beyond what nanoseconds count, which is the year 2262.
    private var notAfterText: String {
        let (nanoseconds, overflow) = notAfter.multipliedReportingOverflow(by: 1_000_000_000)
        return Self.text(overflow ? .max : nanoseconds)
    }

    private static func text(_ moment: Int64) -> String {
        Timestamp(unixNanoseconds: moment).rfc3339
    }
}

extension TLSStatus.Refusal {
    /// Writes the members of a log line about what is wrong.
    func write(to writer: inout JSONWriter) {
        writer.member("file", file)
        writer.member("reason", reason)
    }
}
