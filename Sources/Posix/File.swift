internal import CLinux
internal import Glibc

/// Whole files, folders and the standard streams. Blocking: not for a loop that serves.
package enum File {
    /// The number of standard output, for `writeAll`.
    package static let standardOutput: Int32 = STDOUT_FILENO
    /// The number of standard error, for `writeAll`.
    package static let standardError: Int32 = STDERR_FILENO

    /// Reads a whole file of at most `byteLimit` bytes; a larger one fails with EFBIG.
    package static func read(_ path: String, byteLimit: Int) throws(SystemError) -> [UInt8] {
        let number = try retrying("open", path) { unsafe linux_open_for_reading(path) }
        let file = Descriptor(adopting: number)
        return try readAll(file.rawValue, subject: path, byteLimit: byteLimit)
    }

    /// Reads a whole regular file of at most `byteLimit` bytes; a larger one fails with EFBIG,
    /// anything else with EINVAL: a pipe, say, for which `read` would wait.
    package static func readRegular(
        _ path: String, byteLimit: Int
    ) throws(SystemError) -> [UInt8] {
        let number = try retrying("open", path) { unsafe linux_open_without_waiting(path) }
        let file = Descriptor(adopting: number)
        var status = stat()
        // Sound: the call writes one `stat`.
        _ = try retrying("fstat", path) { unsafe fstat(file.rawValue, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SystemError(call: "read", subject: path, code: EINVAL)
        }
        return try readAll(file.rawValue, subject: path, byteLimit: byteLimit)
    }

    /// Reads standard input to its end, at most `byteLimit` bytes; more fails with EFBIG.
    package static func readStandardInput(byteLimit: Int) throws(SystemError) -> [UInt8] {
        try readAll(STDIN_FILENO, subject: "standard input", byteLimit: byteLimit)
    }

    /// Writes a file, in place of one that may be there. The permissions (0o600, say) are those
    /// of a new file; one that is there keeps its own.
    package static func write(
        _ bytes: [UInt8], to path: String, permissions: UInt32
    ) throws(SystemError) {
        let number = try retrying("open", path) { unsafe linux_create(path, permissions) }
        let file = Descriptor(adopting: number)
        try writeAll(bytes.span, to: file.rawValue, subject: path)
    }

    /// Writes all bytes to a descriptor that blocks, such as `standardOutput`.
    package static func writeAll(
        _ bytes: Span<UInt8>, to descriptor: Int32, subject: String = ""
    ) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            // Sound: `written` < `count`, so the bytes read lie within the span.
            written += try retrying("write", subject) {
                unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.write(
                        descriptor, $0.baseAddress.unsafelyUnwrapped + written, $0.count - written)
                }
            }
        }
    }

    /// The names in a folder, hidden ones too, sorted by their bytes; not `.` and `..`. A name
    /// that is not UTF-8 is shown with replacement characters, and cannot be opened.
    package static func list(_ path: String) throws(SystemError) -> [String] {
        guard let folder = unsafe opendir(path) else {
            throw SystemError(last: "opendir", subject: path)
        }
        // Sound: the stream is open until here; an entry is used before the next is asked for.
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(folder) else {
                if errno != 0 { throw SystemError(last: "readdir", subject: path) }
                break
            }
            let name = unsafe String(cString: linux_entry_name(entry))
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Whether the path leads, over links too, to a folder. Nothing there fails with ENOENT.
    package static func isDirectory(_ path: String) throws(SystemError) -> Bool {
        var status = stat()
        // Sound: the call writes one `stat`.
        _ = try retrying("stat", path) { unsafe stat(path, &status) }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether the path itself is a symbolic link: a walk that follows those to folders may never
    /// end. Nothing there fails with ENOENT.
    package static func isSymbolicLink(_ path: String) throws(SystemError) -> Bool {
        var status = stat()
        // Sound: the call writes one `stat`.
        _ = try retrying("lstat", path) { unsafe lstat(path, &status) }
        return status.st_mode & S_IFMT == S_IFLNK
    }

    private static func readAll(
        _ descriptor: Int32, subject: String, byteLimit: Int
    ) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(65536, byteLimit + 1))
        while true {
            // Sound: the call writes at most `count` bytes of the array.
            let count = try retrying("read", subject) {
                unsafe chunk.withUnsafeMutableBytes {
                    unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
                }
            }
            if count == 0 { return bytes }
            guard bytes.count + count <= byteLimit else {
                throw SystemError(call: "read", subject: subject, code: EFBIG)
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }
}
