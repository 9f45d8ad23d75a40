import Foundation
import Testing

@testable import Posix

struct DirectoryWatchTests {
    @Test func seesFilesComeChangeAndGo() throws {
        let folder = try FileTests.Folder()
        let watch = try DirectoryWatch(folders: [folder.path])
        #expect(!watch.hasChanged())
        let file = folder.path + "/policy.yaml"
        for bytes: [UInt8] in [[], [1]] {
            try File.write(bytes, to: file, permissions: 0o600)
            #expect(watch.hasChanged())
            #expect(!watch.hasChanged())
        }
        #expect(unsafe rename(file, folder.path + "/other.yaml") == 0)
        #expect(watch.hasChanged())
        #expect(unsafe unlink(folder.path + "/other.yaml") == 0)
        #expect(watch.hasChanged())
    }

    /// As the kubelet does it: a new folder, a new link beside the old one, a rename over it.
    @Test func seesAMountedVolumeChange() throws {
        let folder = try FileTests.Folder()
        let data = folder.path + "/..data"
        try publish("first", in: folder.path)
        #expect(unsafe symlink("..data/tls.crt", folder.path + "/tls.crt") == 0)
        let watch = try DirectoryWatch(folders: [folder.path])
        let poller = try Poller.make(eventsPerWait: 1)
        let token = Poller.Token(slot: 0, generation: 0)
        try poller.add(watch.rawValue, token: token, interest: .read)
        for version in ["second", "third"] {
            try publish(version, in: folder.path)
            var events: [Poller.Event] = []
            try poller.wait(into: &events, timeoutMilliseconds: 5000)
            #expect(events.map(\.token) == [token])
            #expect(watch.hasChanged())
            let content = try File.read(folder.path + "/tls.crt", byteLimit: 100)
            #expect(String(decoding: content, as: UTF8.self) == version)
        }
        #expect(try File.isDirectory(data))
    }

    @Test func seesAFileBecomeReadable() throws {
        let folder = try FileTests.Folder()
        let file = folder.path + "/policy.yaml"
        try File.write([], to: file, permissions: 0o600)
        let watch = try DirectoryWatch(folders: [folder.path])
        #expect(unsafe chmod(file, 0o644) == 0)
        #expect(watch.hasChanged())
    }

    @Test func followsAPathToTheFolderThatTakesItsPlace() throws {
        let folder = try FileTests.Folder()
        let (path, former) = (folder.path + "/policies", folder.path + "/former")
        #expect(unsafe mkdir(path, 0o700) == 0)
        let watch = try DirectoryWatch(folders: [path])
        #expect(unsafe rename(path, former) == 0)
        #expect(watch.hasChanged())
        let gone = SystemError(call: "inotify_add_watch", subject: path, code: ENOENT)
        #expect(throws: gone) { try watch.renew() }
        #expect(unsafe mkdir(path, 0o700) == 0)
        try watch.renew()
        _ = watch.hasChanged()
        try File.write([], to: former + "/a.yaml", permissions: 0o600)
        #expect(!watch.hasChanged())
        try File.write([], to: path + "/a.yaml", permissions: 0o600)
        #expect(watch.hasChanged())
    }

    @Test func renewingMissesNoChange() throws {
        let folder = try FileTests.Folder()
        let watch = try DirectoryWatch(folders: [folder.path, folder.path])
        try File.write([], to: folder.path + "/a.yaml", permissions: 0o600)
        try watch.renew()
        #expect(watch.hasChanged())
        try watch.renew()
        #expect(!watch.hasChanged())
    }

    @Test func refusesWhatIsNoFolder() throws {
        let folder = try FileTests.Folder()
        let file = folder.path + "/file"
        try File.write([], to: file, permissions: 0o600)
        for (path, code) in [(file, ENOTDIR), ("/nonexistent", ENOENT)] {
            #expect(throws: SystemError(call: "inotify_add_watch", subject: path, code: code)) {
                _ = try DirectoryWatch(folders: [folder.path, path])
            }
        }
    }

    private func publish(_ version: String, in folder: String) throws {
        let name = "..\(version)"
        #expect(unsafe mkdir("\(folder)/\(name)", 0o700) == 0)
        try File.write(
            Array(version.utf8), to: "\(folder)/\(name)/tls.crt", permissions: 0o600)
        #expect(unsafe symlink(name, "\(folder)/..data_tmp") == 0)
        #expect(unsafe rename("\(folder)/..data_tmp", "\(folder)/..data") == 0)
    }
}
