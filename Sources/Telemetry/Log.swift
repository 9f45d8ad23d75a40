package import Document

/// How much a log line matters.
package enum LogLevel: String, Sendable {
    /// The ordinary course of things.
    case info
    /// Something to look at, though the server goes on as before.
    case warning
    /// Something the server could not do.
    case error
}

/// Log lines gathered as JSON, one object a line, until a writer takes them away.
///
/// The buffer is bounded: when nobody takes its lines, further ones are dropped and counted, and
/// whoever logs never waits.
package struct LogBuffer {
    /// The whole lines gathered since they were last taken.
    package private(set) var bytes: [UInt8] = []
    /// How many lines were dropped in the life of this buffer because it was full.
    package private(set) var droppedCount: UInt64 = 0
    private let limit: Int
    /// The second of the last line, and its text: lines come by the thousand within one.
    private var second = Int64.min
    private var secondText = ""

    /// An empty buffer.
    ///
    /// - Parameter limit: The most bytes that may wait; a line that would pass it is dropped.
    package init(limit: Int) { self.limit = limit }

    /// Appends one line: time, level, message and whatever `fields` adds to the object.
    ///
    /// - Parameters:
    ///   - level: How much the line matters.
    ///   - message: What happened, in words that never change from line to line.
    ///   - unixNanoseconds: The wall clock.
    ///   - fields: Writes the members that do change.
    package mutating func write(
        _ level: LogLevel, _ message: String, at unixNanoseconds: Int64,
        fields: (inout JSONWriter) -> Void = { _ in }
    ) {
        if unixNanoseconds.floorDivided(by: 1_000_000_000) != second {
            second = unixNanoseconds.floorDivided(by: 1_000_000_000)
            secondText = Timestamp(unixNanoseconds: unixNanoseconds).rfc3339Second
        }
        let lengthBefore = bytes.count
        var writer = JSONWriter(appendingTo: takeBytes())
        writer.beginObject()
        writer.key("time")
        writer.string { text in
            text.text(secondText)
            text.text(".")
            text.text(Timestamp.microsecond(ofUnixNanoseconds: unixNanoseconds), digits: 6)
            text.text("Z")
        }
        writer.member("level", level.rawValue)
        writer.member("msg", message)
        fields(&writer)
        writer.endObject()
        bytes = writer.takeBytes()
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count > limit {
            bytes.removeLast(bytes.count - lengthBefore)
            droppedCount += 1
        }
    }

    /// Takes the gathered lines away.
    package mutating func takeBytes() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        return taken
    }

    /// Moves the lines to the end of `destination`, unless that would grow it past `limit` bytes.
    ///
    /// - Returns: Whether the lines were moved; otherwise they stay here.
    package mutating func drain(into destination: inout [UInt8], limit: Int) -> Bool {
        guard destination.count + bytes.count <= limit else { return false }
        if destination.isEmpty {
            swap(&destination, &bytes)
        } else {
            destination.append(contentsOf: bytes)
        }
        bytes.removeAll(keepingCapacity: true)
        return true
    }
}
