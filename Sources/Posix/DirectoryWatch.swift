internal import CLinux
internal import Glibc

/// Tells that the entries of some folders changed (inotify(7)). Kubernetes replaces a mounted
/// ConfigMap or Secret by renaming a link, `..data`, in its folder: a watch on a file would go
/// blind with it, a watch on the folder sees it.
///
/// A watch is on the folder that a path leads to when the watch is set. When that folder goes, or
/// the path comes to lead to another, `renew` follows the path.
package final class DirectoryWatch {
    private let descriptor: Descriptor
    private let folders: [String]
    private var watches: Set<Int32> = []

    /// Watches folders; fails with ENOTDIR or ENOENT for what is none. What lies in folders within
    /// them is not watched.
    package init(folders: [String]) throws(SystemError) {
        let number = linux_inotify()
        guard number >= 0 else { throw SystemError(last: "inotify_init1") }
        descriptor = Descriptor(adopting: number)
        self.folders = folders
        try renew()
    }

    /// The number to poll.
    package var rawValue: Int32 { descriptor.rawValue }

    /// Watches the folders that the paths lead to now, and those alone; of those that are watched
    /// already no change is missed. All are tried before the first failure is thrown.
    package func renew() throws(SystemError) {
        var renewed: Set<Int32> = []
        var failure: SystemError?
        for folder in folders {
            // Sound: the call copies the path.
            let watch = unsafe linux_watch_directory(descriptor.rawValue, folder)
            if watch >= 0 {
                renewed.insert(watch)
            } else {
                failure = failure ?? SystemError(last: "inotify_add_watch", subject: folder)
            }
        }
        // Fails for a folder that is gone: the kernel has dropped its watch.
        for watch in watches.subtracting(renewed) { _ = linux_unwatch(descriptor.rawValue, watch) }
        watches = renewed
        if let failure { throw failure }
    }

    /// Whether something has changed since the last call. What it was is not said, nor that a
    /// folder went or that changes were too many to be told: renew the watch and read the folders
    /// again. One change makes several events, so wait a little for the rest before reading.
    package func hasChanged() -> Bool {
        var isChanged = false
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            // Sound: the call writes at most `count` bytes of the array.
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(descriptor.rawValue, $0.baseAddress, $0.count)
            }
            if count > 0 {
                isChanged = true
            } else if count == 0 || errno != EINTR {
                return isChanged
            }
        }
    }
}
