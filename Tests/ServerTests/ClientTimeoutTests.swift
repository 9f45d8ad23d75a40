import Testing

@testable import Server

@Suite struct ClientTimeoutTests {
    private static let second: UInt64 = 1_000_000_000

    @Test(
        arguments: [
            ("timeout=10s", 10 * second), ("timeout=5s&x=1", 5 * second),
            ("x=timeout=3s&timeout=4s", 4 * second), ("timeout=1m30s", 90 * second),
            ("timeout=500ms", second / 2), ("timeout=%31s", second), ("timeout=10%C2%B5s", 10_000),
            // What the API server cannot have sent, and no timeout at all.
            ("timeout=0s", nil), ("timeout=0", nil), ("timeout=10", nil), ("timeout=", nil),
            ("timeout", nil), ("timeout=-1s", nil), ("timeout=soon", nil), ("Timeout=1s", nil),
            ("timeout=soon&timeout=1s", nil), ("", nil), (nil, nil),
        ] as [(String?, UInt64?)])
    func theQuerySaysHowLong(_ query: String?, _ nanoseconds: UInt64?) {
        #expect(ClientTimeout(query: query).nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        (0, second - 1, true), (0, second, false), (0, 2 * second, false),
        (2_000, second - 1_000, true), (2_002, second - 1_000, false),
        (2_000_000_000, 0, true), (2_000_000_002, 0, false),
    ])
    func workThatCannotEndInTimeIsNotBegun(_ count: Int, _ elapsed: UInt64, _ isAllowed: Bool) {
        let timeout = ClientTimeout(query: "timeout=1s")
        #expect(timeout.allows(byteCount: count, elapsed: elapsed) == isAllowed)
    }

    @Test func withoutATimeoutThereIsTime() {
        #expect(ClientTimeout(query: nil).allows(byteCount: .max, elapsed: .max))
    }

    @Test(
        arguments: [
            ("0", 0), ("0s", 0), ("+1s", second), ("1ns", 1), ("2us", 2_000), ("3\u{B5}s", 3_000),
            ("3\u{3BC}s", 3_000), ("1.5h", 5_400 * second), (".5s", second / 2), ("1.s", second),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006), ("0.000000001s", 1), ("0.1ns", 0),
            ("9223372036854775807ns", 9_223_372_036_854_775_807), ("9223372036854775808ns", nil),
            ("", nil), ("+", nil), ("s", nil), (".s", nil), ("1", nil), ("1x", nil), ("1 s", nil),
            ("1s ", nil), ("1s1", nil), ("-1s", nil), ("1d", nil), ("99999999999999999999h", nil),
            ("1e3s", nil), ("\u{661}s", nil),
        ] as [(String, UInt64?)])
    func durationsAreReadAsGoDoes(_ text: String, _ nanoseconds: UInt64?) {
        #expect(GoDuration.nanoseconds(text) == nanoseconds)
    }
}
