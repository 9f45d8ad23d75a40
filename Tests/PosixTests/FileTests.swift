import Foundation
import Testing

@testable import Posix

struct FileTests {
    /// A folder that is gone after the test.
    final class Folder {
        let path: String

        init() throws {
            let url = FileManager.default.temporaryDirectory
                .appendingPathComponent("posix-tests-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            path = url.path
        }

        deinit {
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    @Test(arguments: [0, 1, 65535, 65536, 65537, 200_000])
    func readsUpToItsLimit(count: Int) throws {
        let folder = try Folder()
        let path = folder.path + "/file"
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try File.write(bytes, to: path, permissions: 0o600)
        #expect(try File.read(path, byteLimit: count) == bytes)
        #expect(try File.read(path, byteLimit: count + 1) == bytes)
        if count > 0 {
            let error = SystemError(call: "read", subject: path, code: EFBIG)
            #expect(throws: error) { try File.read(path, byteLimit: count - 1) }
            #expect(error.description == "read \(path): File too large")
        }
    }

    @Test func ofARegularFileItReadsAsManyBytesAndForAPipeItDoesNotWait() throws {
        let folder = try Folder()
        let path = folder.path + "/file"
        try File.write([1, 2, 3], to: path, permissions: 0o600)
        #expect(try File.readRegular(path, byteLimit: 3) == [1, 2, 3])
        #expect(throws: SystemError(call: "read", subject: path, code: EFBIG)) {
            try File.readRegular(path, byteLimit: 2)
        }
        let pipe = folder.path + "/pipe"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        for path in [pipe, folder.path] {
            #expect(throws: SystemError(call: "read", subject: path, code: EINVAL)) {
                try File.readRegular(path, byteLimit: 3)
            }
        }
    }

    @Test func writesWithPermissionsInPlaceOfTheOld() throws {
        let folder = try Folder()
        let path = folder.path + "/key"
        try File.write([1, 2, 3], to: path, permissions: 0o600)
        try File.write([4], to: path, permissions: 0o600)
        #expect(try File.read(path, byteLimit: 10) == [4])
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func listsNamesInTheOrderOfTheirBytes() throws {
        let folder = try Folder()
        #expect(try File.list(folder.path) == [])
        for name in ["b", "a.yaml", "B", ".hidden", "é"] {
            try File.write([], to: folder.path + "/" + name, permissions: 0o600)
        }
        #expect(try File.list(folder.path) == [".hidden", "B", "a.yaml", "b", "é"])
    }

    @Test func knowsFolders() throws {
        let folder = try Folder()
        try File.write([], to: folder.path + "/file", permissions: 0o600)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: folder.path)
        #expect(try File.isDirectory(folder.path))
        #expect(try File.isDirectory(folder.path + "/link"))
        #expect(try !File.isDirectory(folder.path + "/file"))
    }

    @Test func saysWhatIsMissing() {
        let path = "/nonexistent/file"
        #expect(throws: SystemError(call: "open", subject: path, code: ENOENT)) {
            try File.read(path, byteLimit: 1)
        }
        #expect(throws: SystemError(call: "open", subject: path, code: ENOENT)) {
            try File.write([], to: path, permissions: 0o600)
        }
        #expect(throws: SystemError(call: "opendir", subject: path, code: ENOENT)) {
            try File.list(path)
        }
        #expect(throws: SystemError(call: "stat", subject: path, code: ENOENT)) {
            try File.isDirectory(path)
        }
        #expect(throws: SystemError(call: "read", subject: "/tmp", code: EISDIR)) {
            try File.read("/tmp", byteLimit: 1)
        }
    }
}
