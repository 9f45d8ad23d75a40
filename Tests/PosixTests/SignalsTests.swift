import Glibc
import Testing

@testable import Posix

struct SignalsTests {
    /// In a thread of its own, so that the mask of the test runner's threads stays as it is.
    @Test func readsSignalsInsteadOfDying() throws {
        let report = Lock<[String]>([])
        let thread = try Thread.spawn(name: "signals", stackSize: 1 << 18) {
            let lines: [String]
            do {
                lines = try Self.receive()
            } catch {
                lines = ["\(error)"]
            }
            report.withLock { $0 = lines }
        }
        thread.join()
        #expect(report.withLock { $0 } == ["nothing", "SIGHUP", "SIGTERM", "nothing"])
    }

    private static func receive() throws -> [String] {
        let source = try SignalSource.make(for: [.hangUp, .terminate])
        var lines = [source.next()?.description ?? "nothing"]
        // To this thread only: another might not block them.
        pthread_kill(pthread_self(), SIGTERM)
        pthread_kill(pthread_self(), SIGHUP)
        pthread_kill(pthread_self(), SIGHUP)
        for _ in 0..<3 { lines.append(source.next()?.description ?? "nothing") }
        return lines
    }

    @Test(arguments: [
        (Signal.terminate, "SIGTERM"), (.interrupt, "SIGINT"), (.hangUp, "SIGHUP"),
        (Signal(rawValue: 42), "signal 42"),
    ])
    func namesSignals(signal: Signal, name: String) {
        #expect(signal.description == name)
    }

    @Test func turnsBrokenPipesIntoErrors() throws {
        SignalSource.ignoreBrokenPipe()
        var ends: [Int32] = [0, 0]
        // Sound: the call writes two descriptors.
        #expect(unsafe pipe(&ends) == 0)
        let writer = Descriptor(adopting: ends[1])
        close(ends[0])
        #expect(throws: SystemError(call: "write", subject: "pipe", code: EPIPE)) {
            try File.writeAll([1].span, to: writer.rawValue, subject: "pipe")
        }
    }
}
