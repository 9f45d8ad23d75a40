/// Output on its way to the peer: appended at the end, written from the front.
struct OutputBuffer {
    private(set) var bytes: [UInt8] = []
    private var written = 0
    /// The shares of a budget that answers in here hold.
    private var reservations: [ByteReservation] = []

    var pendingCount: Int { bytes.count - written }

    /// Bytes of memory that no share of a budget covers.
    var heldBytes: Int {
        max(0, bytes.capacity - reservations.reduce(0) { $0 + $1.count })
    }

    /// Appends through `body`, into a buffer of the pool if there is none yet.
    mutating func append(from pool: BufferPool, _ body: (inout [UInt8]) -> Void) {
        if bytes.capacity == 0 { bytes = pool.lendOutput() }
        body(&bytes)
    }

    /// Keeps an answer's share of a budget until all is written.
    mutating func hold(_ reservation: ByteReservation?) {
        if let reservation { reservations.append(reservation) }
    }

    mutating func consume<E: Error>(_ write: (Span<UInt8>) throws(E) -> Int) throws(E) {
        guard written < bytes.count else { return }
        let count = try write(bytes.span.extracting(written..<bytes.count))
        precondition(count >= 0 && count <= pendingCount, "more consumed than was pending")
        written += count
        if written == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            written = 0
            reservations.removeAll()
        }
    }

    mutating func release(to pool: BufferPool) {
        guard bytes.isEmpty, bytes.capacity > 0 else { return }
        pool.giveBackOutput(bytes)
        bytes = []
    }
}
