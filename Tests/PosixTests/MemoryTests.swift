import Posix
import Testing

@Suite struct MemoryTests {
    @Test func theAllocatorTakesIt() {
        #expect(Memory.returnLargeBlocks())
    }
}
