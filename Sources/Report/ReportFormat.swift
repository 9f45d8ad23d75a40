/// One way to write a report. A new format is one file with one conforming type, and one line in
/// `ReportFormats`.
package protocol ReportFormat: Sendable {
    /// What `--format` and `?format=` call it.
    static var name: String { get }
    /// What `Accept` and `Content-Type` call it.
    static var mediaType: String { get }
    /// Writes a whole report, ended by a line break.
    static func write(_ report: CheckReport) -> [UInt8]
}

/// Every format there is.
package enum ReportFormats {
    /// The formats' types, in the order of the documentation.
    package static let all: [any ReportFormat.Type] = [TextFormat.self, JSONFormat.self]

    /// The format that is called so, or nil.
    package static func named(_ name: String) -> (any ReportFormat.Type)? {
        all.first { $0.name == name }
    }
}
