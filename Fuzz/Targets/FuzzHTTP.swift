import HTTP

/// HTTP/1.1, and HTTP/2 where the input begins with its preface: neither how the bytes are cut into
/// reads nor how late they are answered and taken changes what is read and what is answered. The
/// first byte says how.
func fuzzHTTP1(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let input = Array(bytes.dropFirst())
    if input.starts(with: HTTP2Output.preface) { return fuzzHTTP2(input, mode: .detect, first) }
    var whole = EngineRun(mode: .detect, pace: .whole)
    whole.take(input)
    var pieces = EngineRun(mode: .detect, pace: .pieces(Int(first)))
    pieces.take(input)
    require(whole.events == pieces.events, "cut, it reads otherwise: \(whole) \(pieces)")
    let answers = HTTP1Output.check(whole.output, whole.answers)
    require(
        answers == HTTP1Output.check(pieces.output, pieces.answers),
        "cut, it answers otherwise: \(whole) \(pieces)")
}

/// HTTP/2 after the preface.
func fuzzHTTP2(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    fuzzHTTP2(HTTP2Output.preface + bytes.dropFirst(), mode: .http2, first)
}

/// Read whole or cut, the same comes of it, unless answers come between; whatever comes between,
/// the output is frames that say what was answered.
private func fuzzHTTP2(_ input: [UInt8], mode: Engine.Mode, _ first: UInt8) {
    var whole = EngineRun(mode: mode, pace: .withheld(.max))
    whole.take(input)
    var pieces = EngineRun(mode: mode, pace: .withheld(Int(first)))
    pieces.take(input)
    let faults = [whole, pieces].map { HTTP2Output.check($0.output, $0.answers) }
    // Past the limit of what waits to be sent, it matters when it is sent; and nghttp2 counts a
    // CONTINUATION each time that it is given a piece of the frame's head; and from a client that
    // said GOAWAY it reads no further request, but for those of the same read.
    if !whole.isOverfull, !pieces.isOverfull, !faults.contains(HTTP2Output.enhanceYourCalm),
        !HTTP2Output.saysGoaway(input)
    {
        require(whole.events == pieces.events, "cut, it reads otherwise: \(whole) \(pieces)")
        require(whole.output == pieces.output, "cut, it answers otherwise: \(whole) \(pieces)")
    }
    var live = EngineRun(mode: mode, pace: .pieces(Int(first)))
    live.take(input)
    _ = HTTP2Output.check(live.output, live.answers)
}

/// A loop in miniature: it reads, answers and writes as the server's does.
struct EngineRun {
    /// How reads, answers and writes follow each other.
    enum Pace {
        /// Reads as large as they can be; everything is answered and taken at once.
        case whole
        /// Small reads and writes; by the lowest bit, answers come a turn late.
        case pieces(Int)
        /// Reads of this size at most; everything is asked for, answered and taken at the end.
        case withheld(Int)
    }

    /// What was answered.
    struct Answer {
        let id: RequestID
        /// Whether it has no body; a faulty request does not say.
        let isHead: Bool?
        let response: Response
    }

    private let mode: Engine.Mode
    private let pace: Pace
    private let budget = ByteBudget(capacity: 64 << 10)
    /// What came of the input, each in words.
    private(set) var events: [String] = []
    private(set) var answers: [Answer] = []
    private(set) var output: [UInt8] = []
    private var waiting: [Answer] = []
    /// Whether so much waits to be sent that nothing more may be read.
    private(set) var isOverfull = false

    init(mode: Engine.Mode, pace: Pace) {
        self.mode = mode
        self.pace = pace
    }

    mutating func take(_ input: [UInt8]) {
        do {
            let engine = Engine(
                mode: mode, limits: limits, budget: budget,
                pool: BufferPool(bufferBytes: isSlow ? 512 : 32 << 10))
            drive(engine, input)
        }
        require(budget.reserved == 0, "bytes of the budget are lost")
    }

    private mutating func drive(_ engine: Engine, _ input: [UInt8]) {
        var offset = 0
        var turn = 0
        var hasEnded = false
        while true {
            // Each turn reads, answers or writes something, or is one of the few at the end.
            turn += 1
            require(turn <= 4 * input.count + 64 + output.count, "it turns without end")
            let before = (offset, events.count, answers.count, output.count)
            if offset < input.count {
                engine.receive { span in
                    let count = min(readSize(turn), span.count, input.count - offset)
                    for index in 0..<count { span[index] = input[offset + index] }
                    offset += count
                    return count
                }
            } else if !hasEnded {
                engine.peerClosed()
                hasEnded = true
            }
            // To ask it what waits to be written would have it write.
            if isWithheld, offset < input.count {
                guard !engine.wantsInput || engine.shouldClose else { continue }
                isOverfull = true
                offset = input.count
            }
            serve(engine, turn)
            require(budget.reserved <= budget.capacity, "more than the budget")
            let isIdle = before == (offset, events.count, answers.count, output.count)
            if waiting.isEmpty, engine.pendingOutputCount == 0 {
                if engine.shouldClose || hasEnded && isIdle { break }
                if !isIdle { continue }
                require(offset == input.count || engine.wantsInput, "it is stuck")
            }
            if !isWithheld { engine.releaseIdleBuffers() }
        }
    }

    private var isWithheld: Bool { if case .withheld = pace { true } else { false } }
    private var isSlow: Bool { if case .pieces = pace { true } else { false } }

    private func readSize(_ turn: Int) -> Int {
        switch pace {
        case .whole: .max
        case .withheld(.max): .max
        case .withheld(let size), .pieces(let size): 1 + (turn &* 7 &+ size) % (1 + size)
        }
    }

    private mutating func serve(_ engine: Engine, _ turn: Int) {
        var hadOutput: Bool
        repeat {
            answer(engine)
            while let event = engine.nextEvent() {
                note(event)
                if case .pieces(let size) = pace, size & 1 == 1 { break }
                answer(engine)
            }
            hadOutput = engine.pendingOutputCount > 0
            if case .pieces(let size) = pace {
                engine.withOutput { write($0, atMost: 1 + size) }
                hadOutput = false
            }
            while hadOutput, engine.pendingOutputCount > 0 {
                engine.withOutput { write($0, atMost: .max) }
            }
        } while hadOutput
    }

    private mutating func write(_ span: Span<UInt8>, atMost limit: Int) -> Int {
        let count = min(span.count, limit)
        for index in 0..<count { output.append(span[index]) }
        return count
    }

    private mutating func answer(_ engine: Engine) {
        for answer in waiting { engine.respond(to: answer.id, answer.response) }
        answers += waiting
        waiting = []
    }

    private mutating func note(_ event: Engine.Event) {
        let number = events.count
        var response = Response(
            status: 200, contentType: "text/plain", fields: [("Number", "\(number)")],
            body: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number * 97 % 331))
        switch event {
        case .request(let request):
            checkLimits(request)
            events.append(words(request))
            waiting.append(
                Answer(id: request.id, isHead: request.method == .head, response: response))
        case .fault(let id, let fault, let path):
            require((400...505).contains(fault.status), "no status: \(fault)")
            require(!fault.title.isEmpty && !fault.detail.isEmpty, "refused without a reason")
            events.append("\(fault) \(path ?? "-")")
            response.status = fault.status
            waiting.append(Answer(id: id, isHead: nil, response: response))
        }
    }

    private func checkLimits(_ request: Request) {
        let target = request.path.utf8.count + (request.query.map { $0.utf8.count + 1 } ?? 0)
        require(target <= limits.targetBytes, "a target of \(target) bytes")
        require(request.fields.count <= limits.fieldCount + 1, "\(request.fields.count) fields")
        var head = 0
        for index in 0..<request.fields.count {
            let field = request.fields[index]
            // A byte that is no UTF-8 was repaired to one character of three.
            head += field.name.unicodeScalars.count + field.value.unicodeScalars.count
            require(!field.name.isEmpty, "a field without a name")
            require(
                field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 },
                "a control character in a field")
        }
        require(head <= limits.headBytes, "a head of \(head) bytes")
        require(request.body.count <= limits.bodyBytes, "a body of \(request.body.count) bytes")
        require(
            request.body.count <= limits.unbudgetedBodyBytes || budget.reserved > 0,
            "a large body without the budget")
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
        limits.http2.concurrentStreams = 8
        return limits
    }
}
