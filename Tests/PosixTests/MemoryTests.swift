import Posix
import Testing

@Suite struct MemoryTests {
    @Test func theAllocatorTakesIt() {
        #expect(Memory.returnLargeBlocks())
    }

    @Test func whatSmallBlocksLeaveIsReturned() {
        var blocks = (0..<1000).map { _ in [UInt8](repeating: 1, count: 10_000) }
        let last = [UInt8](repeating: 1, count: 10_000)
        blocks.removeAll()
        #expect(Memory.returnFreed())
        #expect(last.count == 10_000)
    }
}
