import HTTP

/// HTTP/1.1: how the bytes are cut into reads changes nothing. The first byte says how.
func fuzzHTTP1(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let input = Array(bytes.dropFirst())
    let whole = EngineRun(mode: .detect, piece: { _ in .max }).events(of: input)
    let pieces = EngineRun(mode: .detect, piece: { 1 + ($0 &* 7 &+ Int(first)) % (1 + Int(first)) })
        .events(of: input)
    require(whole == pieces, "cut into pieces it reads otherwise: \(whole) \(pieces)")
}

/// HTTP/2 after the preface, in pieces; the first byte says how, too.
func fuzzHTTP2(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    let run = EngineRun(mode: .http2, piece: { 1 + ($0 &* 7 &+ Int(first)) % (1 + Int(first)) })
    _ = run.events(of: preface + bytes.dropFirst())
}

/// A loop in miniature: it reads, answers and writes as the server's does.
private struct EngineRun {
    let mode: Engine.Mode
    /// The size of the read of this number.
    let piece: (Int) -> Int
    private let budget = ByteBudget(capacity: 64 << 10)

    init(mode: Engine.Mode, piece: @escaping (Int) -> Int) {
        self.mode = mode
        self.piece = piece
    }

    /// All that the engine made of the input, each in words.
    func events(of input: [UInt8]) -> [String] {
        var events: [String] = []
        do {
            let engine = Engine(
                mode: mode, limits: limits, budget: budget, pool: BufferPool(bufferBytes: 512))
            var offset = 0
            var reads = 0
            var hasEnded = false
            while true {
                // Each turn reads at least a byte, or is one of the few at the end.
                reads += 1
                require(reads <= 2 * input.count + 16, "it turns without end")
                let before = (offset, events.count)
                if offset < input.count {
                    engine.receive { span in
                        let count = min(piece(reads), span.count, input.count - offset)
                        for index in 0..<count { span[index] = input[offset + index] }
                        offset += count
                        return count
                    }
                } else if !hasEnded {
                    engine.peerClosed()
                    hasEnded = true
                }
                serve(engine, &events)
                if engine.shouldClose || hasEnded && before == (offset, events.count) { break }
                if offset < input.count {
                    require(
                        before != (offset, events.count) || engine.wantsInput, "it is stuck")
                }
                engine.releaseIdleBuffers()
            }
        }
        require(budget.reserved == 0, "bytes of the budget are lost")
        return events
    }

    private func serve(_ engine: Engine, _ events: inout [String]) {
        var hadOutput: Bool
        repeat {
            while let event = engine.nextEvent() {
                let id: RequestID
                switch event {
                case .request(let request):
                    id = request.id
                    events.append(words(request))
                case .fault(let faultID, let fault, _):
                    id = faultID
                    events.append("\(fault)")
                }
                engine.respond(to: id, Response(status: 200, body: [0x6F, 0x6B]))
            }
            hadOutput = engine.pendingOutputCount > 0
            while engine.pendingOutputCount > 0 { engine.withOutput { $0.count } }
        } while hadOutput
    }

    private func words(_ request: Request) -> String {
        let fields = (0..<request.fields.count).map { request.fields[$0] }
        return "\(request.method) \(request.path) \(request.query ?? "-") \(request.version) "
            + "\(fields) \(Array(request.body.bytes))"
    }

    /// Small enough for a fuzzer to reach.
    private var limits: Limits {
        var limits = Limits()
        limits.headBytes = 1024
        limits.targetBytes = 128
        limits.fieldCount = 16
        limits.bodyBytes = 8 << 10
        limits.unbudgetedBodyBytes = 1 << 10
        limits.chunkLineBytes = 64
        limits.pendingOutputBytes = 4 << 10
        return limits
    }
}
