import Foundation
import Policy
import Posix
import Testing

@testable import Server

@Suite struct PolicyFolderTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "policies-\(UUID().uuidString)")

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    @Test func aMountedConfigMapIsReadThroughItsLinks() throws {
        let files = FileManager.default
        try files.createDirectory(
            at: folder.appending(path: "..data"), withIntermediateDirectories: true)
        defer { try? files.removeItem(at: folder) }
        try write("b", "..data/b.yaml")
        try files.createSymbolicLink(
            atPath: folder.appending(path: "b.yaml").path, withDestinationPath: "..data/b.yaml")
        try write("a", "a.yml")
        try write("c", "c.json")
        try write("x", ".hidden.yaml")
        try write("x", "README.md")
        try files.createDirectory(
            at: folder.appending(path: "d.yaml"), withIntermediateDirectories: true)

        let read = try PolicyFolder.read(folder.path)
        #expect(read.map(\.name) == ["a.yml", "b.yaml", "c.json"].map { "\(folder.path)/\($0)" })
        #expect(read.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a", "b", "c"])
        #expect(try PolicyFolder.read("\(folder.path)/a.yml").map(\.bytes) == [Array("a".utf8)])
    }

    @Test func aFileAtTheLimitIsReadAndALargerOneIsNot() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("12345", "a.yaml")
        #expect(try PolicyFolder.read(folder.path, fileBytes: 5).count == 1)
        #expect(throws: SystemError.self) { try PolicyFolder.read(folder.path, fileBytes: 4) }
    }

    @Test(arguments: [
        ("/nonexistent/policies", ["/nonexistent/policies", "/nonexistent"]),
        ("/nonexistent/policies/", ["/nonexistent/policies/", "/nonexistent"]),
        ("/nonexistent", ["/nonexistent", "/"]), ("/", ["/", "/"]),
        ("nonexistent", ["nonexistent", "."]), ("a/nonexistent", ["a/nonexistent", "a"]),
        ("/proc/self/maps", ["/proc/self", "/proc"]),
    ])
    func theFolderIsWatchedAndTheOneThatHoldsIt(_ path: String, _ folders: [String]) {
        #expect(PolicyFolder.watchedFolders(of: path) == folders)
    }

    @Test func nothingThereIsAnError() {
        #expect(throws: SystemError.self) { try PolicyFolder.read("/nonexistent") }
    }
}
