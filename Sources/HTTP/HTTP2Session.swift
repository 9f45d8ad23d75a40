internal import CNGHTTP2

final class HTTP2Session {
    init(limits: Limits, budget: ByteBudget, pool: BufferPool) {}
    var wantsInput: Bool { false }
    func receive<E: Error>(_ fill: (inout MutableSpan<UInt8>) throws(E) -> Int) throws(E) -> Int {
        0
    }
    func receive(_ bytes: ArraySlice<UInt8>) {}
    func nextEvent() -> Engine.Event? { nil }
    func respond(to id: RequestID, _ response: Response, date: String?) {}
    var pendingOutputCount: Int { 0 }
    func withOutput<E: Error>(_ write: (Span<UInt8>) throws(E) -> Int) throws(E) {}
    var phase: Engine.Phase { .idle }
    var incompleteRequest: RequestID? { nil }
    var shouldClose: Bool { true }
    func beginDraining() {}
    func peerClosed() {}
    func releaseIdleBuffers() {}
}
