import Glibc
import Synchronization
import Testing

@testable import Posix

struct ThreadTests {
    @Test func runsItsBodyOnceWithItsName() throws {
        let seen = Lock<[String]>([])
        let thread = try Thread.spawn(name: "admission-loop-0", stackSize: 1 << 18) {
            let name = try? File.read("/proc/thread-self/comm", byteLimit: 100)
            seen.withLock { $0.append(String(decoding: name ?? [], as: UTF8.self)) }
        }
        thread.join()
        thread.join()
        #expect(seen.withLock { $0 } == ["admission-loop-\n"])
    }

    @Test func releasesWhatItsBodyHolds() throws {
        weak var held: Lock<Int>?
        do {
            let lock = Lock(0)
            held = lock
            try Thread.spawn(name: "holder", stackSize: 65536) { lock.withLock { $0 = 1 } }.join()
        }
        #expect(held == nil)
    }

    @Test func refusesATinyStack() {
        let error = SystemError(call: "pthread_attr_setstacksize", code: EINVAL)
        #expect(throws: error) {
            _ = try Thread.spawn(name: "tiny", stackSize: 16383) {}
        }
        #expect(throws: Never.self) {
            try Thread.spawn(name: "small", stackSize: 16384 * 4) {}.join()
        }
    }
}

struct LockTests {
    @Test func countsWithoutLosing() throws {
        let count = Lock(0)
        let threads = try (0..<4).map { number in
            try Thread.spawn(name: "counter-\(number)", stackSize: 65536) {
                for _ in 0..<10_000 { count.withLock { $0 += 1 } }
            }
        }
        for thread in threads { thread.join() }
        #expect(count.withLock { $0 } == 40_000)
    }

    @Test func doesNotWaitIfTold() throws {
        let lock = Lock(1)
        let result = lock.withLock { _ in lock.withLockIfAvailable { $0 } }
        #expect(result == nil)
        #expect(lock.withLockIfAvailable { $0 } == 1)
    }

    @Test func waitsForAValue() throws {
        let queue = Lock<[Int]>([])
        let thread = try Thread.spawn(name: "producer", stackSize: 65536) {
            for number in 0..<100 {
                queue.withLock { $0.append(number) }
                queue.notifyOne()
            }
        }
        var taken: [Int] = []
        while taken.count < 100 {
            taken += try #require(
                queue.wait(timeoutNanoseconds: 5_000_000_000) { numbers -> [Int]? in
                    if numbers.isEmpty { return nil }
                    defer { numbers = [] }
                    return numbers
                })
        }
        thread.join()
        #expect(taken == Array(0..<100))
    }

    @Test func wakesAllWhoWait() throws {
        let (gate, passed) = (Lock(false), Lock(0))
        let threads = try (0..<4).map { _ in
            try Thread.spawn(name: "waiter", stackSize: 65536) {
                gate.wait { $0 ? true : nil }
                passed.withLock { $0 += 1 }
            }
        }
        gate.withLock { $0 = true }
        gate.notifyAll()
        for thread in threads { thread.join() }
        #expect(passed.withLock { $0 } == 4)
    }

    @Test func givesUpInTime() {
        let lock = Lock(0)
        let start = Clock.monotonicNanoseconds()
        let result: Int? = lock.wait(timeoutNanoseconds: 20_000_000) { _ in nil }
        #expect(result == nil)
        #expect(Clock.monotonicNanoseconds() - start >= 20_000_000)
        #expect(lock.wait(timeoutNanoseconds: 0) { $0 } == 0)
    }

    @Test func passesErrorsOn() {
        let lock = Lock(0)
        let error = SystemError(call: "test", code: 1)
        #expect(throws: error) { try lock.withLock { _ throws(SystemError) in throw error } }
        #expect(lock.withLock { $0 } == 0)
    }
}

struct ClockTests {
    @Test func runsForward() {
        let first = Clock.monotonicNanoseconds()
        usleep(1000)
        #expect(Clock.monotonicNanoseconds() >= first + 1_000_000)
        #expect(Clock.wallNanoseconds() / 1_000_000_000 >= UInt64(time(nil)) - 1)
    }
}
