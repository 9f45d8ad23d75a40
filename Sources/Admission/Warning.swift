internal import Document
internal import Policy

/// One of the `warnings` of an answer, which kubectl shows to whoever asked.
struct Warning: Hashable {
    /// The rule, or the kind of notice.
    let subject: String
    /// What stands before the colon.
    private let title: String
    private let message: ArraySlice<UInt8>
    /// The field; empty where there is none or it would make the line too long.
    private let path: ArraySlice<UInt8>

    /// How long one warning may be, in bytes.
    static let maximumLength = 256
    /// How long a warning should be for a terminal: its field is named where that fits.
    static let desiredLength = 120

    private init(_ notice: Notice) {
        subject = notice.kind
        title = notice.kind
        message = ArraySlice(notice.message.utf8)
        path = []
    }

    private init(_ place: RuleObjections.Place, _ text: [UInt8]) {
        subject = place.objection.rule
        title = place.title
        message = place.objection.words.message(in: text)
        let path = place.objection.words.path(in: text)
        self.path = Self.length(title, message, path) > Self.desiredLength ? [] : path
    }

    private static func length(
        _ title: String, _ message: ArraySlice<UInt8>, _ path: ArraySlice<UInt8>
    ) -> Int {
        title.utf8.count + ": ".utf8.count + message.count
            + (path.isEmpty ? 0 : path.count + " ()".utf8.count)
    }

    /// The warnings of a verdict, none of them twice: the API server drops repetitions.
    static func all(in verdict: Verdict) -> [Warning] {
        var warnings: [Warning] = []
        var seen: Set<Warning> = []
        func add(_ warning: Warning) {
            if warnings.isEmpty { warnings.reserveCapacity(few) }
            if warnings.count < few {
                if !warnings.contains(warning) { warnings.append(warning) }
            } else {
                if seen.isEmpty { seen.formUnion(warnings) }
                if seen.insert(warning).inserted { warnings.append(warning) }
            }
        }
        for notice in verdict.notices where notice.isWarned { add(Warning(notice)) }
        for rule in RuleObjections.all(in: verdict, where: { $0.warns }) {
            for place in rule.places { add(Warning(place, verdict.text)) }
        }
        return warnings
    }

    /// Up to how many warnings are compared each with each, which costs less than a table.
    private static let few = 16

    /// Writes the warning as a string.
    func write(to json: inout JSONWriter) {
        if Self.length(title, message, path) <= Self.maximumLength {
            json.string { text in
                text.text(title)
                text.text(": ")
                text.text(message)
                if !path.isEmpty {
                    text.text(" (")
                    text.text(path)
                    text.text(")")
                }
            }
        } else {
            let line = "\(title): \(String(decoding: message, as: UTF8.self))"
            json.string(line.readable(limit: Self.maximumLength))
        }
    }
}
