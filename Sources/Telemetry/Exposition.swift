/// The text of a scrape, in the Prometheus text format 0.0.4 or in OpenMetrics 1.0.
///
/// The two differ in how a counter's family is named, in how floating-point bounds are spelled and
/// in the end mark; the samples are the same.
package struct Exposition {
    /// A text format that a scraper can ask for.
    package enum Format: Sendable, CaseIterable {
        /// Prometheus' own text format, version 0.0.4.
        case prometheus
        /// OpenMetrics 1.0.
        case openMetrics

        /// The media type of the format, with its parameters.
        package var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    /// What kind of number a family holds.
    package enum Kind: String, Sendable {
        /// Only grows; the family's name ends in `_total`.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts in buckets, in seconds.
        case histogram
    }

    /// A label's name and value.
    package typealias Label = (name: String, value: String)

    private let format: Format
    private var family = ""
    private var text = ""

    /// An empty exposition.
    package init(format: Format) {
        self.format = format
        text.reserveCapacity(16 * 1024)
    }

    /// Begins a family of samples; its samples follow before the next family begins.
    ///
    /// - Parameters:
    ///   - name: The full metric name; a counter's ends in `_total`.
    ///   - help: One sentence without newlines.
    package mutating func begin(_ name: String, _ kind: Kind, help: String) {
        family = name
        var title = name[...]
        if format == .openMetrics, kind == .counter, title.hasSuffix("_total") {
            title.removeLast("_total".count)
        }
        text += "# HELP \(title) \(help)\n# TYPE \(title) \(kind.rawValue)\n"
    }

    /// Writes one sample of the family with a whole number.
    package mutating func sample(_ value: UInt64, _ labels: [Label] = []) {
        line(family, labels, "\(value)")
    }

    /// Writes one sample of the family with a floating-point number.
    package mutating func sample(_ value: Double, _ labels: [Label] = []) {
        line(family, labels, Self.spell(value))
    }

    /// Writes the cumulative buckets, the sum in seconds and the count of one histogram.
    package mutating func histogram(_ distribution: Distribution, _ labels: [Label] = []) {
        var cumulative: UInt64 = 0
        for (bound, count) in zip(distribution.bounds, distribution.counts) {
            cumulative &+= count
            let limit = Self.spell(Double(bound) / 1e9)
            line(family + "_bucket", labels + [(name: "le", value: limit)], "\(cumulative)")
        }
        cumulative &+= distribution.counts.last ?? 0
        line(family + "_bucket", labels + [(name: "le", value: "+Inf")], "\(cumulative)")
        line(family + "_sum", labels, Self.spell(Double(distribution.sumNanoseconds) / 1e9))
        line(family + "_count", labels, "\(cumulative)")
    }

    /// Writes every counter of several loops' tables, which have the same labels, summed; `more`
    /// labels come first.
    package mutating func table(_ tables: [CounterTable], more: [Label] = []) {
        guard let first = tables.first else { return }
        var sums: [UInt64] = []
        for table in tables {
            var row = 0
            table.forEach { _, counter in
                if row == sums.count { sums.append(0) }
                sums[row] &+= counter.value
                row += 1
            }
        }
        var row = 0
        var lines: [([Label], UInt64)] = []
        first.forEach { values, _ in
            let labels = zip(first.labelNames, values).map { (name: $0, value: $1) }
            lines.append((more + labels, sums[row]))
            row += 1
        }
        for (labels, sum) in lines { sample(sum, labels) }
    }

    /// Ends the text and hands it over.
    package consuming func finish() -> [UInt8] {
        if format == .openMetrics { text += "# EOF\n" }
        return Array(text.utf8)
    }

    private mutating func line(_ name: String, _ labels: [Label], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            for (index, label) in labels.enumerated() {
                if index > 0 { text += "," }
                text += "\(label.name)=\"\(Self.escape(label.value))\""
            }
            text += "}"
        }
        text += " \(value)\n"
    }

    /// A label value with backslash, quote and newline escaped; most need none.
    private static func escape(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else {
            return value
        }
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The shortest text that reads back as the same number, in the words of both formats.
    private static func spell(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return "\(value)"
    }
}
