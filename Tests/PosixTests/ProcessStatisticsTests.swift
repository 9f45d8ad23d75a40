import Foundation
import Testing

@testable import Posix

struct ProcessStatisticsTests {
    @Test func describesThisProcess() {
        let now = Date().timeIntervalSince1970
        let statistics = ProcessStatistics.current()
        #expect(statistics.processorSeconds > 0)
        #expect(statistics.residentBytes > 1 << 20)
        #expect(statistics.virtualBytes >= statistics.residentBytes)
        #expect(statistics.openDescriptors >= 3)
        #expect(statistics.maximumDescriptors >= UInt64(statistics.openDescriptors))
        #expect(statistics.startUnixSeconds > now - 86400 && statistics.startUnixSeconds <= now + 1)
    }

    @Test func countsDescriptors() throws {
        let poller = try Poller.make(eventsPerWait: 1)
        let wakeup = try Wakeup()
        let numbers = try File.list("/proc/self/fd")
        #expect(numbers.contains("\(wakeup.rawValue)"))
        _ = poller
    }

    @Test(arguments: [
        ("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 5000 4096 3 0", [5000, 4096, 3]),
        ("7 (a) S 1 2", [0, 0, 0]), ("", [0, 0, 0]),
    ])
    func readsProcessFields(text: String, expected: [UInt64]) {
        let fields = ProcessStatistics.processFields(text)
        #expect([fields.startTicks, fields.virtualBytes, fields.residentPages] == expected)
    }

    @Test(arguments: [("cpu 1 2\nbtime 1700000000\nx 1\n", 1_700_000_000.0), ("", 0)])
    func readsBootTime(text: String, expected: Double) {
        #expect(ProcessStatistics.bootUnixSeconds(text) == expected)
    }
}

struct ResourcesTests {
    @Test(arguments: [
        (8, "max 100000\n", 8), (8, "", 8), (8, "garbage", 8), (8, "200000 100000\n", 2),
        (8, "200001 100000\n", 3), (8, "50000 100000\n", 1), (2, "400000 100000\n", 2),
        (0, "", 1), (4, "0 100000\n", 4), (4, "100000 0\n", 4),
    ])
    func countsProcessors(usable: Int, quota: String, expected: Int) {
        #expect(Resources.processorCount(usable: usable, quota: quota) == expected)
    }

    @Test func countsThisMachinesProcessors() {
        #expect(Resources.processorCount() >= 1)
        #expect(Resources.processorCount() <= ProcessInfo.processInfo.activeProcessorCount)
    }

    @Test(arguments: [
        ("0::/\n", ""), ("0::/a/b\n", "/a/b"), ("1:cpu:/x\n0::/y\n", "/y"), ("1:cpu:/x\n", ""),
    ])
    func findsTheControlGroup(text: String, expected: String) {
        #expect(Resources.controlGroup(text) == expected)
    }

    @Test func raisesTheDescriptorLimit() {
        let limit = Resources.raiseDescriptorLimit()
        #expect(limit >= 256)
        #expect(ProcessStatistics.current().maximumDescriptors == limit)
    }
}
