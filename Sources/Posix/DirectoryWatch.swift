internal import CLinux
internal import Glibc

/// Tells that the entries of some folders changed (inotify(7)). Kubernetes replaces a mounted
/// ConfigMap or Secret by renaming a link, `..data`, in its folder: a watch on a file would go
/// blind with it, a watch on the folder sees it.
package final class DirectoryWatch: Sendable {
    private let descriptor: Descriptor

    /// Watches folders; fails with ENOTDIR or ENOENT for what is none. What lies in folders within
    /// them is not watched.
    package init(folders: [String]) throws(SystemError) {
        let number = linux_inotify()
        guard number >= 0 else { throw SystemError(last: "inotify_init1") }
        let descriptor = Descriptor(adopting: number)
        for folder in folders {
            // Sound: the call copies the path.
            guard unsafe linux_watch_directory(number, folder) >= 0 else {
                throw SystemError(last: "inotify_add_watch", subject: folder)
            }
        }
        self.descriptor = descriptor
    }

    /// The number to poll.
    package var rawValue: Int32 { descriptor.rawValue }

    /// Whether something has changed since the last call. What it was is not said: read the folder
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
