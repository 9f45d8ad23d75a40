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
        var files: [PolicyFile] = []
        for name in try File.list(path) where isPolicy(name) {
            let file = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
            if try File.isDirectory(file) { continue }
            files.append(PolicyFile(name: file, bytes: try File.read(file, byteLimit: fileBytes)))
        }
        return files
    }

    private static func isPolicy(_ name: String) -> Bool {
        !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }
}
