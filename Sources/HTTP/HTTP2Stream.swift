/// One request on an HTTP/2 connection, and the answer to it (RFC 9113 §8).
///
/// nghttp2 has checked the framing, the pseudo-fields and the characters; the limits are ours.
final class HTTP2Stream {
    enum State {
        /// A part of the request is missing.
        case receiving
        /// The request or its fault waits to be handed out, or for its answer.
        case answering
        /// The answer is given to nghttp2, which takes it as flow control allows.
        case sending
    }

    private static let usualHeadBytes = 512
    /// The memory of a stream besides what it has received and answers, nghttp2's part included.
    private static let ownBytes = 1024

    let id: Int32
    private let arrival: UInt64
    private let limits: Limits
    var state = State.receiving
    private(set) var isHeadComplete = false
    private(set) var fault: Fault?

    private var method = Method.get
    private var pathRange: Range<Int>?
    private var query: Range<Int>?
    private var target: Range<Int>?
    private var authority: Range<Int>?
    private var declaredLength = 0
    private(set) var expectsContinue = false
    private var listBytes = 0
    private var listCount = 0
    private var storage: [UInt8] = []
    private var entries: [Fields.Entry] = []

    private var body: [UInt8] = []
    private var grant: BodyGrant
    /// Bytes of the body that count against what the connection may hold without the budget.
    private(set) var unbudgetedCount = 0

    /// The answer's content and how much of it nghttp2 has taken.
    var answer: [UInt8] = []
    var answeredCount = 0
    /// The answer's share of the budget; nil for one that needs none.
    var answerReservation: ByteReservation?

    init(id: Int32, limits: Limits, budget: ByteBudget, arrival: UInt64) {
        self.id = id
        self.arrival = arrival
        self.limits = limits
        grant = BodyGrant(limits: limits, budget: budget)
        // The usual head fits without growing.
        storage.reserveCapacity(Self.usualHeadBytes)
        entries.reserveCapacity(12)
    }

    var requestID: RequestID { RequestID(Int(id)) }
    var isHead: Bool { method == .head }
    /// The target's path; nil until the head has ended.
    var path: String? { pathRange.map { String(decoding: storage[$0], as: UTF8.self) } }

    private func refusing(_ body: () throws(Fault) -> Void) {
        guard fault == nil else { return }
        do throws(Fault) {
            try body()
        } catch {
            refuse(error)
        }
    }

    /// The first fault is the one that is told.
    private func refuse(_ fault: Fault) {
        if self.fault == nil { self.fault = fault }
        body = []
        grant.release()
        keepPath()
    }
}

// MARK: Memory

extension HTTP2Stream {
    /// Bytes of memory that no share of a budget covers.
    var heldBytes: Int {
        let request = storage.capacity + body.capacity - (grant.reservation?.count ?? 0)
        let answer = answer.count - (answerReservation?.count ?? 0)
        return Self.ownBytes + max(0, request) + max(0, answer)
    }

    /// Drops the head of a refused request but for what says where it was meant to go.
    private func keepPath() {
        entries = []
        query = nil
        storage = (pathRange ?? target).map { Array(storage[$0]) } ?? []
        if pathRange != nil { pathRange = storage.indices }
        if target != nil { target = storage.indices }
    }
}

// MARK: Head

extension HTTP2Stream {
    /// Takes one field of the head, or of the trailers, which are counted and dropped.
    ///
    /// - Returns: Whether it is bearable to read on, though the request may be refused already.
    func addField(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        // RFC 9113 §6.5.2: the size of a field is its name, its value and 32.
        listBytes += name.count + value.count + 32
        listCount += 1
        refusing { () throws(Fault) in
            if isHeadComplete {
                guard listBytes <= limits.headBytes, listCount <= limits.fieldCount else {
                    throw .trailersTooLarge(limits)
                }
                return
            }
            let isPath = Syntax.isExactly(name, 0..<name.count, ":path")
            guard !isPath || value.count <= limits.targetBytes else { throw .targetTooLong(limits) }
            guard listBytes <= limits.headBytes else { throw .headTooLarge(limits) }
            guard listCount <= limits.fieldCount else { throw .tooManyFields(limits) }
            if name.count > 0, name[0] == Syntax.colon {
                try addPseudoField(name, value)
            } else {
                try addRegularField(name, value)
            }
        }
        return listBytes <= limits.http2.refusedHeadBytes
    }

    private func addPseudoField(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(Fault) {
        let whole = 0..<name.count
        if Syntax.isExactly(name, whole, ":method") {
            method = Method(Syntax.text(value, 0..<value.count))
        } else if Syntax.isExactly(name, whole, ":path") {
            target = store(value)
        } else if Syntax.isExactly(name, whole, ":authority") {
            try HTTP1Framing.checkHost(value, 0..<value.count, place: ":authority")
            authority = addEntry("host".utf8.span, value)
        }
    }

    private func addRegularField(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(Fault) {
        let whole = 0..<name.count
        if Syntax.isExactly(name, whole, "host") {
            try checkHost(value)
            if authority == nil { authority = addEntry(name, value) }
            return
        }
        let stored = addEntry(name, value)
        if Syntax.isExactly(name, whole, "content-length") {
            let storage = storage
            declaredLength = try HTTP1Framing.length(
                storage.span, stored, place: "Content-Length")
        } else if Syntax.isExactly(name, whole, "expect") {
            guard Syntax.equals(value, 0..<value.count, "100-continue") else {
                throw .expectation("Expect")
            }
            expectsContinue = true
        }
    }

    private func checkHost(_ value: Span<UInt8>) throws(Fault) {
        try HTTP1Framing.checkHost(value, 0..<value.count, place: "Host")
        guard let authority else { return }
        let isSame =
            authority.count == value.count
            && authority.indices.allSatisfy {
                storage[$0] == value[$0 - authority.lowerBound]
            }
        guard isSame else { throw .host("Host and :authority differ; send one of them") }
    }

    private func store(_ bytes: Span<UInt8>) -> Range<Int> {
        let start = storage.count
        for offset in bytes.indices { storage.append(bytes[offset]) }
        return start..<storage.count
    }

    private func addEntry(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Range<Int> {
        let storedName = store(name)
        let storedValue = store(value)
        entries.append(Fields.Entry(name: storedName, value: storedValue))
        return storedValue
    }

    /// Ends the head: its target is read, and a body refused that is said to be too large.
    func endHead() {
        guard !isHeadComplete else { return }
        isHeadComplete = true
        // Of a refused head, too: the path says what it was meant for.
        do throws(Fault) {
            try readTarget()
        } catch {
            refuse(error)
        }
        refusing { () throws(Fault) in try grant.check(claim: declaredLength) }
        listBytes = 0
        listCount = 0
    }

    private func readTarget() throws(Fault) {
        guard let target else {
            throw .requestLine("The request has no :path; send one that begins with /")
        }
        let storage = storage
        if method == .options, target.count == 1, storage[target.lowerBound] == 0x2A {
            pathRange = target
        } else {
            (pathRange, query) = try Target.split(storage.span, target)
        }
    }
}

// MARK: Body

extension HTTP2Stream {
    /// What the head takes, in bytes: once it has outgrown what is there for a usual one, also the
    /// room it has grown to.
    private var headCost: Int {
        storage.capacity > 2 * Self.usualHeadBytes ? storage.capacity : storage.count
    }

    /// Asks for room for so many more bytes; false when they are to be dropped.
    func admit(_ count: Int, free: Int) -> Bool {
        refusing { () throws(Fault) in
            let total = body.count + count
            try grant.check(claim: total)
            // The head is held as long as the body, and a hundred streams have a hundred heads.
            let held = headCost + total
            try grant.admit(held, free: free)
            if grant.reservation != nil {
                unbudgetedCount = 0
            } else {
                unbudgetedCount = max(held, unbudgetedCount)
            }
            guard total > body.capacity else { return }
            // A large length is a claim: room for it is made only as bytes come.
            let size = max(total, 2 * body.capacity)
            body.reserveCapacity(declaredLength > 0 ? min(size, max(total, declaredLength)) : size)
        }
        return fault == nil && state == .receiving
    }

    /// Appends what was admitted.
    func append(_ bytes: some Collection<UInt8>) {
        body.append(contentsOf: bytes)
    }

    /// Hands the request over; the stream keeps nothing of it.
    func takeRequest() -> Request {
        defer {
            storage = []
            entries = []
            body = []
            grant.release()
        }
        return Request(
            id: requestID, method: method,
            path: path ?? "/",
            query: query.map { String(decoding: storage[$0], as: UTF8.self) },
            fields: Fields(storage: storage, entries: entries),
            body: Body(storage: body, range: 0..<body.count, reservation: grant.reservation),
            version: .http2, arrival: arrival)
    }
}
