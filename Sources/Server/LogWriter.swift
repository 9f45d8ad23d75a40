package import Document
package import Posix
package import Telemetry

/// The one thread that writes log lines, so that a full pipe holds up nobody else.
///
/// Loops hand over whole batches; what finds no room stays with them, and past their own limit is
/// dropped and counted.
package final class LogWriter: Sendable {
    /// The sizes and times of log writing.
    package struct Limits: Sendable {
        /// The most bytes that wait for the writer, from all loops together.
        package var pendingBytes = 1 << 20
        /// The most bytes that one loop gathers.
        package var loopBytes = 256 << 10
        /// How long lines may gather before they are written, so that one call writes many.
        package var batchNanoseconds: UInt64 = 10_000_000
        /// How long the end of the process waits for the last lines.
        package var flushNanoseconds: UInt64 = 1_000_000_000

        /// The limits of a server.
        package init() {}
    }

    private struct State: Sendable {
        var bytes: [UInt8] = []
        var isStopping = false
        var isFinished = false
        var isWaiting = false
    }

    let limits: Limits
    private let state = Lock(State())

    private init(limits: Limits) { self.limits = limits }

    /// Starts the thread, which writes to a descriptor that stays open.
    package static func start(
        to descriptor: Int32, limits: Limits = Limits()
    ) throws(SystemError) -> LogWriter {
        let writer = LogWriter(limits: limits)
        _ = try Thread.spawn(name: "log", stackSize: 256 << 10) { writer.run(descriptor) }
        return writer
    }

    /// Takes a loop's lines if that needs no waiting; otherwise they stay in `buffer`.
    func collect(_ buffer: inout LogBuffer) {
        guard !buffer.bytes.isEmpty else { return }
        let mustWake = state.withLockIfAvailable { state in
            _ = buffer.drain(into: &state.bytes, limit: limits.pendingBytes)
            return state.isWaiting
        }
        if mustWake == true { state.notifyAll() }
    }

    /// Writes one line from a thread that may wait a moment, such as the one that starts the rest.
    package func write(
        _ level: LogLevel, _ message: String, fields: (inout JSONWriter) -> Void = { _ in }
    ) {
        var buffer = LogBuffer(limit: limits.loopBytes)
        buffer.write(level, message, at: Int64(Clock.wallNanoseconds()), fields: fields)
        state.withLock { state in
            _ = buffer.drain(into: &state.bytes, limit: limits.pendingBytes)
        }
        state.notifyAll()
    }

    /// Writes what is left and ends the thread; gives up when the pipe does not take it in time.
    package func stop() {
        state.withLock { $0.isStopping = true }
        state.notifyAll()
        _ = state.wait(timeoutNanoseconds: limits.flushNanoseconds) { state in
            state.isFinished ? true : nil
        }
    }

    private func run(_ descriptor: Int32) {
        while true {
            let batch = nextBatch()
            if batch.isEmpty { break }
            // A log that nobody reads must not end the server: the lines are lost.
            try? File.writeAll(batch.span, to: descriptor, subject: "log")
            _ = state.wait(timeoutNanoseconds: limits.batchNanoseconds) { state in
                state.isStopping ? true : nil
            }
        }
        state.withLock { $0.isFinished = true }
        state.notifyAll()
    }

    /// Waits for lines; none at the end.
    private func nextBatch() -> [UInt8] {
        let batch: [UInt8]? = state.wait { state in
            state.isWaiting = state.bytes.isEmpty && !state.isStopping
            if state.isWaiting { return nil }
            var taken: [UInt8] = []
            swap(&taken, &state.bytes)
            return taken
        }
        return batch ?? []
    }
}

/// A loop's own end of the log: lines gather here during a turn and are handed over after it.
final class LoopLog {
    private var buffer: LogBuffer
    private let writer: LogWriter

    init(_ writer: LogWriter) {
        self.writer = writer
        buffer = LogBuffer(limit: writer.limits.loopBytes)
    }

    /// Whether lines wait to be handed over.
    var isEmpty: Bool { buffer.bytes.isEmpty }
    /// How many lines found no room so far.
    var droppedCount: UInt64 { buffer.droppedCount }

    /// Appends a line.
    func write(
        _ level: LogLevel, _ message: String, fields: (inout JSONWriter) -> Void = { _ in }
    ) {
        buffer.write(level, message, at: Int64(Clock.wallNanoseconds()), fields: fields)
    }

    /// Appends the line of a review.
    func write(_ record: DecisionRecord, finding: (Int) -> DecisionRecord.Finding) {
        buffer.write(
            record, at: Int64(Clock.wallNanoseconds()), limits: DecisionRecord.Limits(),
            finding: finding)
    }

    /// Hands the lines to the writer, unless that would mean to wait.
    func handOver() { writer.collect(&buffer) }
}
