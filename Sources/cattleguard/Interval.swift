internal import ArgumentParser

/// A span of time as people write it: `500ms`, `5s`, `2m`, `1h`.
struct Interval: ExpressibleByArgument, Sendable, Equatable {
    /// The span in nanoseconds.
    let nanoseconds: UInt64

    private static let units: [(suffix: String, nanoseconds: UInt64)] = [
        ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// A span of whole seconds.
    init(seconds: UInt64) { nanoseconds = seconds * 1_000_000_000 }

    /// Reads a whole number and a unit; nil where it is anything else.
    init?(argument: String) {
        guard let unit = Self.units.first(where: { argument.hasSuffix($0.suffix) }),
            let count = UInt64(argument.dropLast(unit.suffix.count))
        else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit.nanoseconds)
        // A span beyond years is a mistake, and would overflow sums with the clock.
        guard !overflow, product < 1 << 60 else { return nil }
        nanoseconds = product
    }

    var defaultValueDescription: String { "\(nanoseconds / 1_000_000_000)s" }
}
