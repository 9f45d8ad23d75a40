package import Policy
package import Posix

/// The policy files of a folder, as `--policies` names it.
package enum PolicyFolder {
    /// The most bytes that one policy file may have.
    package static let fileBytes = 4 << 20

    /// Reads `*.yaml`, `*.yml` and `*.json` directly in a folder, in the order of their names;
    /// or the one file that `path` names.
    ///
    /// Links are followed and names that begin with a dot are skipped: a mounted ConfigMap holds
    /// links to a hidden folder that is swapped as a whole.
    package static func read(
        _ path: String, fileBytes: Int = Self.fileBytes
    ) throws(SystemError) -> [PolicyFile] {
        guard try File.isDirectory(path) else {
            return [PolicyFile(name: path, bytes: try File.read(path, byteLimit: fileBytes))]
        }
        return try readFolder(path, fileBytes: fileBytes)
    }

    /// The same for a path that is read again and again, or that a stranger wrote down: what is no
    /// regular file is an error, for which nobody waits.
    package static func readAgain(
        _ path: String, fileBytes: Int = Self.fileBytes
    ) throws(SystemError) -> [PolicyFile] {
        guard try File.isDirectory(path) else {
            let bytes = try File.readRegular(path, byteLimit: fileBytes)
            return [PolicyFile(name: path, bytes: bytes)]
        }
        return try readFolder(path, fileBytes: fileBytes)
    }

    /// The folders in which a change may be a change of the policies: the one that holds them, and
    /// the one that holds it, in which it may be replaced.
    static func watchedFolders(of path: String) -> [String] {
        let isFolder = (try? File.isDirectory(path)) ?? true
        let folder = isFolder ? path : SettledWatch.folder(holding: path)
        return [folder, SettledWatch.folder(holding: folder)]
    }

    private static func readFolder(
        _ path: String, fileBytes: Int
    ) throws(SystemError) -> [PolicyFile] {
        var files: [PolicyFile] = []
        for name in try File.list(path) where isPolicy(name) {
            let file = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
            if try File.isDirectory(file) { continue }
            let bytes = try File.readRegular(file, byteLimit: fileBytes)
            files.append(PolicyFile(name: file, bytes: bytes))
        }
        return files
    }

    private static func isPolicy(_ name: String) -> Bool {
        !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }
}
