@testable import HTTP

/// Drives an engine from memory, as the server does from a socket.
struct EngineDriver {
    let engine: Engine
    let budget: ByteBudget
    let pool: BufferPool

    init(
        mode: Engine.Mode = .http1, limits: Limits = Limits(), budget: Int = 64 << 20,
        bufferBytes: Int = 32 * 1024
    ) {
        self.budget = ByteBudget(capacity: budget)
        pool = BufferPool(bufferBytes: bufferBytes)
        engine = Engine(mode: mode, limits: limits, budget: self.budget, pool: pool)
    }

    /// Feeds as much as the engine wants; returns what it did not take.
    @discardableResult
    func feed(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var rest = Array(bytes)[...]
        while !rest.isEmpty, engine.wantsInput {
            engine.receive { room in
                let count = min(room.count, rest.count)
                for offset in 0..<count { room[offset] = rest[rest.startIndex + offset] }
                rest = rest.dropFirst(count)
                return count
            }
        }
        return Array(rest)
    }

    @discardableResult
    func feed(_ text: String) -> [UInt8] { feed(Array(text.utf8)) }

    /// Takes all output.
    func output() -> [UInt8] {
        var all: [UInt8] = []
        while engine.pendingOutputCount > 0 {
            engine.withOutput { span in
                for offset in 0..<span.count { all.append(span[offset]) }
                return span.count
            }
        }
        return all
    }

    func outputText() -> String { String(decoding: output(), as: UTF8.self) }

    /// The fault that comes next, nil when something else does.
    func fault() -> Fault? {
        if case .fault(_, let fault, _) = engine.nextEvent() { fault } else { nil }
    }

    /// The path of the fault that comes next; nil when it has none, or something else comes.
    func faultPath() -> String? {
        if case .fault(_, _, let path) = engine.nextEvent() { path } else { nil }
    }

    /// The request that comes next, nil when something else does.
    func request() -> Request? {
        if case .request(let request) = engine.nextEvent() { request } else { nil }
    }
}

extension Body {
    var text: String { String(decoding: bytes, as: UTF8.self) }
}
