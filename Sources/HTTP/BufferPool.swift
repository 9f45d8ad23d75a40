/// Lends input and output buffers to the connections of one loop, so that idle ones hold none.
package final class BufferPool {
    /// The size of a buffer: a usual review and its head fit, so do two TLS records.
    package let bufferBytes: Int
    private let spareCount: Int
    private var spare: [[UInt8]] = []
    private var spareOutput: [[UInt8]] = []

    /// A pool that keeps at most `spareCount` buffers for the next borrower.
    package init(bufferBytes: Int = 32 * 1024, spareCount: Int = 8) {
        self.bufferBytes = bufferBytes
        self.spareCount = spareCount
    }

    /// Input buffers waiting for a borrower.
    var idleCount: Int { spare.count }

    /// A buffer of `bufferBytes` bytes of no meaning.
    func lend() -> [UInt8] {
        spare.popLast() ?? [UInt8](repeating: 0, count: bufferBytes)
    }

    /// Takes a buffer back; one that has been grown is freed instead.
    func giveBack(_ buffer: consuming [UInt8]) {
        guard buffer.count == bufferBytes, spare.count < spareCount else { return }
        spare.append(buffer)
    }

    /// An empty buffer with room, to append output to.
    func lendOutput() -> [UInt8] {
        spareOutput.popLast() ?? []
    }

    /// Takes an emptied output buffer back; one that has grown large is freed instead.
    func giveBackOutput(_ buffer: consuming [UInt8]) {
        guard buffer.capacity > 0, buffer.capacity <= 2 * bufferBytes,
            spareOutput.count < spareCount
        else { return }
        spareOutput.append(buffer)
    }
}
