/// HTTP/1.1 on one connection: its buffers, and which part of which request comes next.
struct HTTP1Session {
    private enum State {
        /// Reading a head, or waiting for one.
        case head
        /// Reading a body of known size, to lie here in `input`.
        case body(Range<Int>)
        case chunkedBody
        /// A request or fault was handed out.
        case answering
        /// The last answer was given: input is thrown away.
        case discarding
    }

    private let limits: Limits
    private let budget: ByteBudget
    private let pool: BufferPool
    private var state = State.head
    private var requestCount = 0
    private var closesAfterAnswer = false
    private var isDraining = false
    private var peerHasClosed = false

    /// Input lies in `start..<end`; a request handed out shares the array until it is dropped.
    private var input: [UInt8] = []
    private var start = 0
    private var end = 0
    private var parser: HTTP1Parser
    /// The parser has yet to begin at `start`. It begins as late as possible: by then the last
    /// request, which shares its list of fields, is gone, and the list is used again.
    private var mustBegin = true
    private var decoder: ChunkedDecoder
    private var grant: BodyGrant

    private var output = OutputBuffer()

    /// When the first byte of the current request was received, and when the last byte of all.
    private(set) var arrival: UInt64 = 0
    private var lastReceipt: UInt64 = 0

    init(limits: Limits, budget: ByteBudget, pool: BufferPool) {
        self.limits = limits
        self.budget = budget
        self.pool = pool
        parser = HTTP1Parser(limits: limits)
        decoder = ChunkedDecoder(limits: limits, at: 0)
        grant = BodyGrant(limits: limits, budget: budget)
    }

    private var currentID: RequestID { RequestID(requestCount) }

    private var isStalled: Bool { pendingOutputCount >= limits.pendingOutputBytes }
}

// MARK: Input

extension HTTP1Session {
    var wantsInput: Bool {
        switch state {
        case .answering: false
        case .discarding: true
        case .head, .body, .chunkedBody: !isStalled && !hasUnreadInput
        }
    }

    /// As much has come as can be used before `nextEvent` reads it: taking more would let a peer,
    /// and not a limit, decide how large the buffer grows.
    private var hasUnreadInput: Bool {
        switch state {
        // The empty line that is forgiven before a head is no part of it.
        case .head: end - start >= max(limits.headBytes + 2, pool.bufferBytes)
        case .body(let range): end >= range.upperBound
        // A trailer line may be as long as a head: that much must fit, or it would never end.
        case .chunkedBody: end - decoder.cursor >= max(limits.headBytes, pool.bufferBytes)
        case .answering, .discarding: false
        }
    }

    mutating func receive<E: Error>(
        at moment: UInt64, _ fill: (inout MutableSpan<UInt8>) throws(E) -> Int
    ) throws(E) -> Int {
        guard wantsInput else { return 0 }
        makeRoom()
        let free = end..<input.count
        let count = try Self.fill(&input, free, fill)
        precondition(count >= 0 && count <= free.count, "more bytes filled than there was room")
        if case .discarding = state { return count }
        if count > 0 {
            if case .head = state, start == end { arrival = moment }
            lastReceipt = moment
        }
        end += count
        return count
    }

    private static func fill<E: Error>(
        _ input: inout [UInt8], _ free: Range<Int>,
        _ fill: (inout MutableSpan<UInt8>) throws(E) -> Int
    ) throws(E) -> Int {
        var buffer = input.mutableSpan
        var room = buffer._mutatingExtracting(free)
        return try fill(&room)
    }

    private mutating func makeRoom() {
        if input.isEmpty { input = pool.lend() }
        guard end == input.count else { return }
        switch state {
        case .head where start > 0:
            compact()
        case .body(let range):
            // A large Content-Length is a claim: the buffer grows only as bytes come.
            grow(to: min(range.upperBound, 2 * input.count))
        case .chunkedBody:
            // No more than the head, the largest body and what is read behind it.
            let most = decoder.body.lowerBound + limits.bodyBytes + pool.bufferBytes
            grow(to: max(input.count + limits.headBytes, min(most, 2 * input.count)))
        case .head, .answering, .discarding:
            grow(to: 2 * input.count)
        }
    }

    private mutating func grow(to count: Int) {
        input.reserveCapacity(count)
        input.append(contentsOf: repeatElement(0, count: count - input.count))
    }

    /// Moves what is left of the input to the front, and reads a part of a head there again.
    private mutating func compact() {
        for offset in start..<end { input[offset - start] = input[offset] }
        end -= start
        start = 0
        mustBegin = true
    }

    mutating func peerClosed() {
        peerHasClosed = true
    }

    mutating func releaseIdleBuffers() {
        if case .answering = state {
        } else if start == end, !isReadingBody, !input.isEmpty {
            start = 0
            end = 0
            mustBegin = true
            pool.giveBack(input)
            input = []
        }
        output.release(to: pool)
    }

    private var isReadingBody: Bool {
        switch state {
        case .body, .chunkedBody: true
        case .head, .answering, .discarding: false
        }
    }
}

// MARK: Prior knowledge of HTTP/2

extension HTTP1Session {
    /// How much of the HTTP/2 client preface (RFC 9113 §3.4) the input begins with.
    enum Preface {
        case absent
        case incomplete
        case present
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// Asked before anything is parsed.
    var preface: Preface {
        let count = min(end, Self.preface.count)
        for offset in 0..<count where input[offset] != Self.preface[offset] { return .absent }
        return count == Self.preface.count ? .present : .incomplete
    }

    /// Gives all input away, to the session of another protocol.
    mutating func surrenderInput() -> ArraySlice<UInt8> {
        defer { input = [] }
        return input[start..<end]
    }
}

// MARK: Events

extension HTTP1Session {
    mutating func nextEvent() -> Engine.Event? {
        guard !isStalled else { return nil }
        do throws(Fault) {
            guard let body = try readOn() else { return nil }
            return .request(takeRequest(body))
        } catch {
            requestCount += 1
            state = .answering
            closesAfterAnswer = true
            let path = path
            dropInput()
            return .fault(currentID, error, path: path)
        }
    }

    /// The path of the request line, once that is read; the absolute form may leave it out.
    private var path: String? {
        parser.path.map { $0.isEmpty ? "/" : String(decoding: input[$0], as: UTF8.self) }
    }

    /// Reads as far as the input goes; the body's range when a request is complete.
    private mutating func readOn() throws(Fault) -> Range<Int>? {
        if case .head = state {
            guard start < end else { return nil }
            if mustBegin {
                parser.begin(at: start)
                mustBegin = false
            }
            guard let bodyStart = try parser.parse(input, end: end) else { return nil }
            try beginBody(at: bodyStart)
        }
        switch state {
        case .body(let range):
            // What the buffer has grown to is held, whether it is filled or not.
            try grant.admit(
                min(input.count, range.upperBound) - range.lowerBound,
                free: limits.unbudgetedBodyBytes)
            guard end >= range.upperBound else { return nil }
            start = range.upperBound
            return range
        case .chunkedBody:
            guard try decoder.decode(&input, end: &end, grant: &grant) else { return nil }
            start = decoder.cursor
            return decoder.body
        case .head, .answering, .discarding:
            return nil
        }
    }

    private mutating func beginBody(at offset: Int) throws(Fault) {
        let framing = try HTTP1Framing(
            input.span, entries: parser.entries, version: parser.version)
        closesAfterAnswer = framing.closes
        var isMissing = true
        if framing.isChunked {
            decoder = ChunkedDecoder(limits: limits, at: offset)
            state = .chunkedBody
        } else {
            try grant.check(claim: framing.contentLength)
            state = .body(offset..<(offset + framing.contentLength))
            isMissing = framing.contentLength > 0
        }
        // RFC 9110 §10.1.1: not needed when some of the body is here already.
        if framing.expectsContinue, isMissing, end == offset {
            output.append(from: pool) { HTTP1Encoder.appendContinue(to: &$0) }
        }
    }

    private mutating func takeRequest(_ body: Range<Int>) -> Request {
        requestCount += 1
        state = .answering
        return Request(
            id: currentID, method: parser.method ?? .get,
            path: path ?? "/",
            query: parser.query.map { String(decoding: input[$0], as: UTF8.self) },
            fields: Fields(storage: input, entries: parser.entries),
            body: Body(storage: input, range: body, reservation: grant.reservation),
            version: parser.version, arrival: arrival)
    }

    private mutating func dropInput() {
        pool.giveBack(input)
        input = []
        start = 0
        end = 0
        grant.release()
    }
}

// MARK: Output

extension HTTP1Session {
    mutating func respond(to id: RequestID, _ response: Response, date: String?) -> Bool {
        guard case .answering = state, id == currentID else { return true }
        guard let share = response.share(of: budget, limits, pending: pendingOutputCount) else {
            return false
        }
        output.hold(share.reservation)
        let closes = closesAfterAnswer || isDraining
        let omitsBody = parser.method == .head
        output.append(from: pool) {
            HTTP1Encoder.append(
                response, to: &$0, omittingBody: omitsBody, closing: closes, date: date)
        }
        grant.release()
        if closes {
            state = .discarding
            dropInput()
        } else {
            state = .head
            arrival = lastReceipt
            keepRest()
        }
        mustBegin = true
        return true
    }

    /// Keeps what came behind the answered request, and not the large buffer it may lie in.
    private mutating func keepRest() {
        let rest = end - start
        if input.count > pool.bufferBytes, rest <= pool.bufferBytes {
            let large = input
            input = rest > 0 ? pool.lend() : []
            for offset in 0..<rest { input[offset] = large[start + offset] }
            start = 0
            end = rest
        } else if rest == 0 {
            start = 0
            end = 0
        }
    }

    var pendingOutputCount: Int { output.pendingCount }

    mutating func withOutput<E: Error>(_ write: (Span<UInt8>) throws(E) -> Int) throws(E) {
        try output.consume(write)
    }

    mutating func beginDraining() {
        isDraining = true
    }

    var heldBytes: Int {
        max(0, input.count - (grant.reservation?.count ?? 0)) + output.heldBytes
    }

    var phase: Engine.Phase {
        switch state {
        case .answering: .answering
        case _ where pendingOutputCount > 0: .sending
        case .body, .chunkedBody: .body
        case .head: start < end ? .head : .idle
        case .discarding: .idle
        }
    }

    var incompleteRequest: RequestID? {
        switch phase {
        case .head, .body: RequestID(requestCount + 1)
        case .idle, .answering, .sending: nil
        }
    }

    var shouldClose: Bool {
        switch state {
        case .discarding: true
        case .answering: false
        // A whole request may still wait behind output that the peer has yet to take.
        case .head, .body, .chunkedBody: peerHasClosed && !(isStalled && start < end)
        }
    }
}
