import Document
import Telemetry
import Testing

@Suite struct LogTests {
    private func text(_ buffer: inout LogBuffer) -> String {
        String(decoding: buffer.takeBytes(), as: UTF8.self)
    }

    @Test func aLineIsOneObject() {
        var buffer = LogBuffer(limit: 1024)
        buffer.write(.warning, "odd", at: 0) { $0.member("p", "\"\n") }
        buffer.write(.info, "fine", at: 1_000)
        #expect(
            text(&buffer) == #"""
                {"time":"1970-01-01T00:00:00.000000Z","level":"warning","msg":"odd","p":"\"\n"}
                {"time":"1970-01-01T00:00:00.000001Z","level":"info","msg":"fine"}

                """#)
        #expect(buffer.bytes.isEmpty)
    }

    @Test func aLineThatFitsExactlyIsKeptAndOneByteMoreDropsIt() {
        var measure = LogBuffer(limit: 1024)
        measure.write(.info, "x", at: 0)
        let length = measure.bytes.count

        var exact = LogBuffer(limit: 2 * length)
        for _ in 0..<3 { exact.write(.info, "x", at: 0) }
        #expect(exact.bytes.count == 2 * length)
        #expect(exact.droppedCount == 1)

        var short = LogBuffer(limit: 2 * length - 1)
        for _ in 0..<3 { short.write(.info, "x", at: 0) }
        #expect(short.bytes.count == length)
        #expect(short.droppedCount == 2)
    }

    @Test func drainingKeepsTheDestinationsLimit() {
        var buffer = LogBuffer(limit: 1024)
        buffer.write(.info, "x", at: 0)
        let line = buffer.bytes
        var destination: [UInt8] = [1]
        #expect(!buffer.drain(into: &destination, limit: line.count))
        #expect(buffer.bytes == line)
        #expect(buffer.drain(into: &destination, limit: line.count + 1))
        #expect(destination == [1] + line)
        #expect(buffer.bytes.isEmpty)
    }
}
