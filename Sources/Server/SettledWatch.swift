internal import Posix

/// Says when files are to be read again: after their folders have changed and come to rest, and
/// from time to time in any case.
///
/// It knows nothing of what the files hold.
final class SettledWatch {
    private let folders: [String]
    private let times: ReloadTimes
    private var watch: DirectoryWatch?
    /// When the first and the last of the changes that have not been read came.
    private var change: (first: UInt64, last: UInt64)?
    /// When the first of the changes came that are being read.
    private var beginning: UInt64 = 0
    private var rescan: UInt64

    /// Why not every change is seen, but found only by reading often; nil where all is well.
    private(set) var blindness: SystemError?

    /// Begins to watch; the first reading is due at once, in case something changed before.
    init(folders: [String], times: ReloadTimes, now: UInt64) {
        self.folders = folders
        self.times = times
        rescan = now
    }

    /// The number to poll, where there is one.
    var rawValue: Int32? { watch?.rawValue }

    /// When to look again, on the monotonic clock, if nothing happens before.
    var deadline: UInt64 {
        guard let change else { return rescan }
        return min(change.last &+ times.quiet, change.first &+ longest)
    }

    /// Whether it is time to read.
    func isDue(_ now: UInt64) -> Bool {
        noteChanges(now)
        return now >= deadline
    }

    /// To be called before reading: follows the paths to the folders of now.
    func beginReading(_ now: UInt64) {
        do throws(SystemError) {
            if let watch {
                try watch.renew()
            } else {
                watch = try DirectoryWatch(folders: folders)
            }
            blindness = nil
        } catch {
            blindness = error
        }
        _ = watch?.hasChanged()
        beginning = change?.first ?? now
        change = nil
    }

    /// Whether what was read may be taken: the folders stayed as they were since `beginReading`, or
    /// the changes have gone on for as long as they may. If they changed, reading is soon due
    /// again.
    func hasRested(_ now: UInt64) -> Bool {
        guard watch?.hasChanged() == true else { return true }
        let isLate = now >= beginning &+ longest
        change = (isLate ? now : beginning, now)
        return isLate
    }

    /// To be called when what was read is taken as it is.
    ///
    /// - Parameter isCertain: Whether the next change will be seen; if not, reading is due soon.
    func endReading(_ now: UInt64, isCertain: Bool) {
        rescan = now &+ (isCertain && blindness == nil ? times.rescan : times.blindRescan)
    }

    /// The folder that a path's last part lies in.
    static func folder(holding path: String) -> String {
        let parts = path.split(separator: "/")
        let folder = parts.dropLast().joined(separator: "/")
        if path.hasPrefix("/") { return "/\(folder)" }
        return folder.isEmpty ? "." : folder
    }

    private var longest: UInt64 { max(times.longest, times.quiet) }

    private func noteChanges(_ now: UInt64) {
        if watch?.hasChanged() == true { change = (change?.first ?? now, now) }
    }
}
