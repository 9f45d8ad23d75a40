import Foundation

/// The working tree that these tests read.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift file in a folder and below, by its path from the root, sorted.
    static func swiftFiles(in folder: String) throws -> [SwiftSource] {
        let paths = FileManager.default.enumerator(atPath: root.appending(path: folder).path())
        let names = (paths?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".swift") }
        return try names.sorted().map { name in
            let path = "\(folder)/\(name)"
            let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
            return SwiftSource(path: path, text: text)
        }
    }

    /// The names directly in a folder, without hidden ones; empty where there is no such folder.
    static func names(in folder: String) -> Set<String> {
        let all = try? FileManager.default.contentsOfDirectory(
            atPath: root.appending(path: folder).path())
        return Set((all ?? []).filter { !$0.hasPrefix(".") })
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path())
    }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}
