internal import Posix

/// What was made of files, and the files as they were read.
protocol LoadedFiles {
    /// What two readings are compared by.
    associatedtype Files: Equatable
    var files: Files { get }
}

/// What a reloader reads, and how it is judged.
protocol ReloadSource {
    /// What good files make.
    associatedtype Loaded: LoadedFiles
    /// What is wrong with others.
    associatedtype Refusal: Error

    /// What is named when no single file is at fault.
    var path: String { get }
    /// The folders in which a change may be a change of the files.
    var watchedFolders: [String] { get }

    /// Reads the files; what is no regular file is an error, for which nobody waits.
    func readAgain() throws(SystemError) -> Loaded.Files

    /// Checks files, all of them, and makes of them what is to replace `former`.
    func load(_ files: Loaded.Files, replacing former: Loaded) throws(Refusal) -> Loaded

    /// The refusal of files of which nothing can be said but that one is not to be read.
    func refusal(of file: String, _ reason: String) -> Refusal
}

/// Reads files again when they change. It decides nothing beyond whether they are good: putting
/// them into force is the server's.
///
/// It belongs to the thread that leads the loops, which waits for it as for its signals.
final class Reloader<Source: ReloadSource> {
    /// What came of reading.
    enum Outcome {
        /// All of it is good.
        case loaded(Source.Loaded)
        /// What is wrong.
        case refused(Source.Refusal)
    }

    /// How often files are read until two readings in a row agree.
    private static var readings: Int { 5 }

    private typealias Reading = Result<Source.Loaded.Files, SystemError>

    private let source: Source
    private let watch: SettledWatch
    /// What was last found good.
    private var loaded: Source.Loaded
    private var last: Reading
    private var isRefused = false

    /// Watches the source of files that were read a moment ago.
    init(_ source: Source, loaded: Source.Loaded, times: ReloadTimes, now: UInt64) {
        self.source = source
        self.loaded = loaded
        last = .success(loaded.files)
        watch = SettledWatch(folders: source.watchedFolders, times: times, now: now)
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
            let reading = Reading { () throws(SystemError) in try source.readAgain() }
            if reading == earlier { return reading }
            earlier = reading
        }
        return nil
    }

    /// What was refused once is not refused again, but time may have made it good: a certificate
    /// that was not valid yet.
    private func rest(_ now: UInt64) -> Outcome? {
        let files = try? last.get()
        watch.endReading(now, isCertain: files != nil)
        guard isRefused, let files,
            let mended = try? source.load(files, replacing: loaded)
        else { return nil }
        return accept(mended)
    }

    private func judge(_ reading: Reading?, _ now: UInt64) -> Outcome {
        guard let reading else {
            watch.endReading(now, isCertain: false)
            return refuse(source.refusal(of: source.path, "keeps changing while it is read"))
        }
        last = reading
        switch reading {
        case .failure(let error):
            // What made it fail may pass without a sign.
            watch.endReading(now, isCertain: false)
            let reason = SystemError(call: "cannot be read", code: error.code)
            return refuse(source.refusal(of: error.subject, reason.description))
        case .success(let files):
            watch.endReading(now, isCertain: true)
            do throws(Source.Refusal) {
                return accept(try source.load(files, replacing: loaded))
            } catch {
                return refuse(error)
            }
        }
    }

    private func accept(_ loaded: Source.Loaded) -> Outcome {
        self.loaded = loaded
        isRefused = false
        return .loaded(loaded)
    }

    private func refuse(_ refusal: Source.Refusal) -> Outcome {
        isRefused = true
        return .refused(refusal)
    }
}
