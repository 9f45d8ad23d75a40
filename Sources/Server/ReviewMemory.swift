internal import Document
internal import HTTP

/// What the trees of reviews take while they are judged: a budget of its own beside that of the
/// bodies, so that many loops with large reviews at once do not add up to more than there is.
struct ReviewMemory: Sendable {
    /// A tree's bytes for each byte of the body: two bytes (`1,`) make a node of 16, and the keys
    /// among the nodes take half as much again while they are looked at for equal ones.
    private static let bytesPerBodyByte = 12
    /// The bytes of the largest tree: nodes and, for the keys, half as much again.
    static let largest = ReadingLimits.admission.nodes * 16 * 3 / 2
    /// A body up to this size is judged without asking: its tree is no larger than a few buffers.
    static let freeBodyBytes = 32 << 10

    let budget: ByteBudget

    /// Runs `body` with the memory reserved that a review of so many bytes may take; nil, and not
    /// run, where it is not to be had.
    func withMemory<Result, Failure>(
        forBody count: Int, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        if count <= Self.freeBodyBytes { return try body() }
        let cost = min(count * Self.bytesPerBodyByte, Self.largest)
        guard budget.reserve(cost) else { return nil }
        defer { budget.release(cost) }
        return try body()
    }
}
