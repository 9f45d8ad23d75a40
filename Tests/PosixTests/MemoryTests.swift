import Glibc
import Posix
import Testing

/// Whether a sanitizer's allocator is used, which takes no options and returns nothing.
private let isSanitized =
    unsafe dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil

@Suite struct MemoryTests {
    @Test(.enabled(if: !isSanitized))
    func theAllocatorTakesIt() {
        #expect(Memory.returnLargeBlocks())
    }

    @Test(.enabled(if: !isSanitized))
    func whatSmallBlocksLeaveIsReturned() {
        var blocks = (0..<1000).map { _ in [UInt8](repeating: 1, count: 10_000) }
        let last = [UInt8](repeating: 1, count: 10_000)
        blocks.removeAll()
        #expect(Memory.returnFreed())
        #expect(last.count == 10_000)
    }
}
