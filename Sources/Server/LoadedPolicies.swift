internal import Document
package import Policy
internal import Posix

/// Where policies are read from, and how.
package struct PolicySource: Sendable {
    /// A folder, or one file.
    package let path: String
    /// The cap on every policy's actions.
    package let enforcement: Enforcement
    /// Whether a set without any policy is wanted.
    package let allowEmpty: Bool

    /// Describes a source.
    package init(path: String, enforcement: Enforcement, allowEmpty: Bool) {
        self.path = path
        self.enforcement = enforcement
        self.allowEmpty = allowEmpty
    }

    /// Checks the files of the source, all of them, and makes a set.
    package func load(_ files: [PolicyFile]) throws(PolicyProblems) -> LoadedPolicies {
        LoadedPolicies(
            set: try PolicyReader.read(
                files, enforcement: enforcement, allowEmpty: allowEmpty, folder: path),
            files: files)
    }
}

extension PolicySource: ReloadSource {
    var watchedFolders: [String] { PolicyFolder.watchedFolders(of: path) }

    func readAgain() throws(SystemError) -> [PolicyFile] { try PolicyFolder.readAgain(path) }

    func load(
        _ files: [PolicyFile], replacing former: LoadedPolicies
    ) throws(PolicyProblems) -> LoadedPolicies {
        try load(files)
    }

    func refusal(of file: String, _ reason: String) -> PolicyProblems {
        let start = SourcePosition(line: 1, column: 1)
        return PolicyProblems(all: [PolicyProblem(file: file, position: start, message: reason)])
    }
}

/// Policies as they were loaded: the set, the files that it was made of, and what tells them from
/// others.
package struct LoadedPolicies: LoadedFiles, Sendable {
    /// The set, ready to judge.
    package let set: PolicySet
    /// Sixteen hexadecimal digits that are the same for the same files, wherever their folder is:
    /// to see whether replicas agree. It keeps no one from making other files with the same.
    package let digest: String
    /// What was read.
    let files: [PolicyFile]

    /// Puts a set and its files together.
    package init(set: PolicySet, files: [PolicyFile] = []) {
        self.set = set
        self.files = files
        digest = Self.digest(of: files)
    }

    /// FNV-1a of 64 bits (Fowler, Noll and Vo) over each file's name, length and bytes.
    private static func digest(of files: [PolicyFile]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        for file in files {
            let name = file.name.split(separator: "/").last ?? ""
            // No name holds a zero byte, so no two lists of files run together into the same.
            for byte in name.utf8 { add(byte) }
            add(0)
            for byte in String(file.bytes.count).utf8 { add(byte) }
            add(0)
            for byte in file.bytes { add(byte) }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
