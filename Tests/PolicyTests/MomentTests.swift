import Foundation
import Testing

@testable import Policy

@Suite struct MomentTests {
    private static func seconds(_ text: String) -> Int64? {
        (try? Moment(rfc3339: text)).map(\.seconds)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59Z", -1),
        ("2026-12-01T00:00:00Z", 1_796_083_200),
        ("2026-12-01T01:00:00+01:00", 1_796_083_200),
        ("2026-11-30T18:30:00-05:30", 1_796_083_200),
        ("2026-12-01T00:00:00-00:00", 1_796_083_200),
        ("2026-12-01T23:59:00+23:59", 1_796_083_200),
        ("2026-12-01T23:59:59Z", 1_796_169_599),
        ("2024-02-29T12:00:00Z", 1_709_208_000),
        ("2000-02-29T00:00:00Z", 951_782_400),
        ("2000-03-01T00:00:00Z", 951_868_800),
        ("0000-01-01T00:00:00Z", -62_167_219_200),
        ("0001-01-01T00:00:00Z", -62_135_596_800),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ])
    func reads(text: String, expected: Int64) throws {
        let moment = try Moment(rfc3339: text)
        #expect(moment == Moment(seconds: expected))
    }

    /// Every day of two centuries, with all three kinds of leap years, against Foundation.
    @Test func agreesWithAnotherCalendar() throws {
        let strategy = Date.ISO8601FormatStyle()
        for day in stride(from: Int64(-25_568), through: 65_000, by: 1) {
            let date = Date(timeIntervalSince1970: Double(day * 86_400 + 3_661))
            let text = date.formatted(strategy)
            #expect(Self.seconds(text) == day * 86_400 + 3_661, "\(text)")
        }
    }

    @Test(arguments: [
        ("2026-12-01T00:00:00.5Z", 500_000_000),
        ("2026-12-01T00:00:00.000000001Z", 1),
        ("2026-12-01T00:00:00.9999999999Z", 999_999_999),
        ("2026-12-01T01:00:00.25+01:00", 250_000_000),
        ("2026-12-01T00:00:00.0Z", 0),
    ])
    func fractions(text: String, nanoseconds: Int64) throws {
        let moment = try Moment(rfc3339: text)
        #expect(moment == Moment(seconds: 1_796_083_200, nanoseconds: nanoseconds))
    }

    private static let form = "it has another form"

    @Test(arguments: [
        ("", form), ("tomorrow", form), ("2026-12-01", form), ("2026-12-01T", form),
        ("2026-12-01 00:00:00Z", form), ("2026-12-01t00:00:00Z", form),
        ("2026-12-01T00:00:00z", form), ("2026-12-01T00:00Z", form),
        ("26-12-01T00:00:00Z", form), ("12026-12-01T00:00:00Z", form),
        ("-026-12-01T00:00:00Z", form), ("2026-1-01T00:00:00Z", form),
        ("2026-12-01T00:00:00,5Z", form), ("2026-12-01T00:00:00.Z", form),
        ("2026-12-01T00:00:00Zulu", form), (" 2026-12-01T00:00:00Z", form),
        ("2026-12-01T00:00:00 +01:00", form), ("2026-12-01T00:00:00+0100", form),
        ("2026-12-01T00:00:00+1:00", form), ("２026-12-01T00:00:00Z", form),
        ("2026-12-01T00:00:00", "it lacks an offset: Z for UTC, or such as +01:00"),
        ("2026-12-01T00:00:00.5", "it lacks an offset: Z for UTC, or such as +01:00"),
        ("2026-00-01T00:00:00Z", "its month is 0, not 1 to 12"),
        ("2026-13-01T00:00:00Z", "its month is 13, not 1 to 12"),
        ("2026-12-00T00:00:00Z", "its day is 0, not 1 to 31"),
        ("2026-12-32T00:00:00Z", "its day is 32, not 1 to 31"),
        ("2026-11-31T00:00:00Z", "its day is 31, in a month of 30 days"),
        ("2026-02-29T00:00:00Z", "its day is 29, in a month of 28 days"),
        ("2100-02-29T00:00:00Z", "its day is 29, in a month of 28 days"),
        ("2024-02-30T00:00:00Z", "its day is 30, in a month of 29 days"),
        ("2026-12-01T24:00:00Z", "its hour is 24, not 0 to 23"),
        ("2026-12-01T00:60:00Z", "its minute is 60, not 0 to 59"),
        ("2026-12-31T23:59:60Z", "its second is 60, not 0 to 59"),
        ("2026-12-01T00:00:00+24:00", "its offset's hour is 24, not 0 to 23"),
        ("2026-12-01T00:00:00+01:60", "its offset's minute is 60, not 0 to 59"),
    ])
    func refuses(text: String, message: String) {
        let problem = #expect(throws: Moment.Problem.self) { try Moment(rfc3339: text) }
        #expect(problem?.message == message)
    }

    @Test func order() {
        let moments = [
            Moment(seconds: -1), Moment(seconds: -1, nanoseconds: 1), Moment(seconds: 0),
            Moment(seconds: 0, nanoseconds: 999_999_999), Moment(seconds: 1),
        ]
        #expect(moments.shuffled().sorted() == moments)
        #expect(
            Moment(unixNanoseconds: 1_796_083_200_000_000_007)
                == Moment(seconds: 1_796_083_200, nanoseconds: 7))
    }
}
