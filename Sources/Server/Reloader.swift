internal import Document
internal import Policy
internal import Posix

/// Reads policies again when their files change. It decides nothing beyond whether they are good:
/// putting them into force is the server's.
///
/// It belongs to the thread that leads the loops, which waits for it as for its signals.
final class Reloader {
    /// What came of reading.
    enum Outcome {
        /// All of it is good.
        case loaded(LoadedPolicies)
        /// What is wrong; never empty.
        case refused([PolicyProblem])
    }

    /// How often files are read until two readings in a row agree.
    private static let readings = 5

    private typealias Reading = Result<[PolicyFile], SystemError>

    private let source: PolicySource
    private let watch: SettledWatch
    private var last: Reading

    /// Watches the source of policies that were read a moment ago.
    init(_ source: PolicySource, policies: LoadedPolicies, times: ReloadTimes, now: UInt64) {
        self.source = source
        last = .success(policies.files)
        watch = SettledWatch(
            folders: PolicyFolder.watchedFolders(of: source.path), times: times, now: now)
    }

    /// The number to poll, where there is one.
    var rawValue: Int32? { watch.rawValue }
    /// When to look again, on the monotonic clock, if nothing happens before.
    var deadline: UInt64 { watch.deadline }
    /// Why the files are read often, in place of being watched; nil where all is well.
    var blindness: SystemError? { watch.blindness }

    /// Reads if the files changed and came to rest, or have not been read for long; nil if it is
    /// not time, if they change again meanwhile, and if they are as they were when last read.
    func reloadIfDue(_ now: UInt64) -> Outcome? {
        guard watch.isDue(now) else { return nil }
        watch.beginReading(now)
        let reading = read()
        guard watch.hasRested(now) else { return nil }
        return reading == last ? rest(now) : judge(reading, now)
    }

    /// Reads at once, and judges what was read whether or not it changed.
    func reload(_ now: UInt64) -> Outcome {
        watch.beginReading(now)
        return judge(read(), now)
    }

    /// Reads until two readings in a row agree: a folder that is swapped meanwhile must not be
    /// taken half from before and half from after. Nil if they never do.
    private func read() -> Reading? {
        var earlier: Reading?
        for _ in 0..<Self.readings {
            let reading = Reading { () throws(SystemError) in
                try PolicyFolder.readAgain(source.path)
            }
            if reading == earlier { return reading }
            earlier = reading
        }
        return nil
    }

    private func rest(_ now: UInt64) -> Outcome? {
        watch.endReading(now, isCertain: (try? last.get()) != nil)
        return nil
    }

    private func judge(_ reading: Reading?, _ now: UInt64) -> Outcome {
        guard let reading else {
            watch.endReading(now, isCertain: false)
            return refusal(at: source.path, "keeps changing while it is read")
        }
        last = reading
        switch reading {
        case .failure(let error):
            // What made it fail may pass without a sign.
            watch.endReading(now, isCertain: false)
            let reason = SystemError(call: "cannot be read", code: error.code)
            return refusal(at: error.subject, reason.description)
        case .success(let files):
            watch.endReading(now, isCertain: true)
            do throws(PolicyProblems) {
                return .loaded(try source.load(files))
            } catch {
                return .refused(error.all)
            }
        }
    }

    private func refusal(at file: String, _ message: String) -> Outcome {
        let start = SourcePosition(line: 1, column: 1)
        return .refused([PolicyProblem(file: file, position: start, message: message)])
    }
}
