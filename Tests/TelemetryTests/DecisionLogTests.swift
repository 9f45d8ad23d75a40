import Document
import Telemetry
import Testing

@Suite struct DecisionLogTests {
    private func line(
        _ record: DecisionRecord, limits: DecisionRecord.Limits = .init(), field: String = ""
    ) -> String {
        var buffer = LogBuffer(limit: 1 << 16)
        buffer.write(record, at: 0, limits: limits) { index in
            DecisionRecord.Finding(
                policy: "p", rule: "r\(index)", field: ArraySlice(field.utf8), action: "Deny")
        }
        return String(decoding: buffer.takeBytes(), as: UTF8.self)
    }

    @Test func everyFieldInItsPlace() throws {
        let document = Document()
        try JSONReader.read(
            Array(#"{"name":"we\u0062","n":1}"#.utf8), limits: .admission, into: document)
        let name = try #require(document.root?["name"])
        let record = DecisionRecord(
            texts: [("uid", .text("u-1")), ("name", .node(name)), ("user", nil)],
            decision: "denied",
            findingCount: 1,
            exceptions: ["e"], durationNanoseconds: 12_345)
        #expect(
            line(record) == #"""
                {"time":"1970-01-01T00:00:00.000000Z","level":"info","msg":"decision","uid":"u-1",\#
                "name":"we\u0062","decision":"denied","violationCount":1,\#
                "violations":[{"policy":"p","rule":"r0","field":"","action":"Deny"}],\#
                "exceptions":["e"],"durationMicroseconds":12}

                """#)
    }

    @Test(arguments: [("abc", "abc"), ("abcd", "(4 bytes)")])
    func aFieldPathAtTheLimitIsKeptAndALongerOneIsNot(field: String, written: String) {
        let record = DecisionRecord(
            texts: [], decision: "denied", findingCount: 1, exceptions: [],
            durationNanoseconds: 0)
        let text = line(record, limits: .init(textBytes: 3), field: field)
        #expect(text.contains(#""field":"\#(written)","action":"Deny""#))
    }

    @Test func aTextAtTheLimitIsKeptAndOfALongerOneTheLengthIsTold() {
        let record = DecisionRecord(
            texts: [("a", .text("xyz")), ("b", .text("wxyz"))], decision: "allowed",
            findingCount: 0, exceptions: [], durationNanoseconds: 0)
        let written = line(record, limits: .init(textBytes: 3))
        #expect(written.contains(#""a":"xyz","b":"(4 bytes)""#))
    }

    @Test func findingsAreCountedBeyondTheLimit() {
        let record = DecisionRecord(
            texts: [], decision: "denied", findingCount: 3, exceptions: [],
            durationNanoseconds: 0)
        let written = line(record, limits: .init(findings: 2))
        #expect(written.contains(#""violationCount":3"#))
        #expect(written.contains(#""rule":"r1""#))
        #expect(!written.contains(#""rule":"r2""#))
    }
}
