import Foundation
import Posix
import Testing

@testable import Server

@Suite struct SettledWatchTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "settled-\(UUID().uuidString)").path
    private let second: UInt64 = 1_000_000_000

    private func makeWatch() throws -> SettledWatch {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let watch = SettledWatch(folders: [folder], times: ReloadTimes(), now: second)
        #expect(watch.isDue(second))
        watch.beginReading(second)
        #expect(watch.hasRested(second))
        watch.endReading(second, isCertain: true)
        #expect(!watch.isDue(second))
        return watch
    }

    private func touch() throws {
        try File.write([], to: "\(folder)/file", permissions: 0o600)
    }

    @Test func itWaitsUntilNothingMoreChanges() throws {
        let watch = try makeWatch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(watch.deadline == 31 * second)
        try touch()
        #expect(!watch.isDue(2_000_000_000))
        #expect(watch.deadline == 2_100_000_000)
        try touch()
        #expect(!watch.isDue(2_099_999_999))
        #expect(!watch.isDue(2_199_999_998))
        #expect(watch.isDue(2_199_999_999))
    }

    @Test func butNotForEver() throws {
        let watch = try makeWatch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for moment in stride(from: 2 * second, to: 3 * second, by: 50_000_000) {
            try touch()
            #expect(!watch.isDue(moment))
        }
        try touch()
        #expect(watch.isDue(3 * second))
        // Nor does it then ask for rest while the files are read, but looks again after that.
        watch.beginReading(3 * second)
        try touch()
        #expect(watch.hasRested(3 * second))
        watch.endReading(3 * second, isCertain: true)
        #expect(watch.deadline == 3_100_000_000)
    }

    @Test func whatChangesWhileItIsReadIsReadAgain() throws {
        let watch = try makeWatch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try touch()
        #expect(!watch.isDue(2 * second))
        watch.beginReading(2_100_000_000)
        try touch()
        #expect(!watch.hasRested(2_100_000_000))
        #expect(!watch.isDue(2_199_999_999))
        #expect(watch.isDue(2_200_000_000))
    }

    @Test func itLooksInAnyCaseAndMoreOftenWhereItIsBlind() throws {
        let watch = try makeWatch()
        #expect(!watch.isDue(31 * second - 1))
        #expect(watch.isDue(31 * second))
        watch.beginReading(31 * second)
        watch.endReading(31 * second, isCertain: false)
        #expect(watch.deadline == 32 * second)
        try FileManager.default.removeItem(atPath: folder)
        watch.beginReading(32 * second)
        watch.endReading(32 * second, isCertain: true)
        #expect(watch.deadline == 33 * second)
        #expect(watch.blindness?.description.hasPrefix("inotify_add_watch \(folder): ") == true)
    }
}
