internal import CNGHTTP2

/// HTTP/2 on one connection, by nghttp2: bytes in, requests out, and back.
///
/// Why the unsafe code is sound: nghttp2 is a C library. The session pointer is made in `init`,
/// freed in `deinit` and never given away, so it is valid as long as this object. Callbacks get
/// this object unretained as user data; nghttp2 calls them only inside `mem_recv` and `mem_send`,
/// called by this object's own methods, so it is alive. What a callback's pointers point at is
/// used only within the call.
@safe final class HTTP2Session {
    private let limits: Limits
    private let budget: ByteBudget
    private let pool: BufferPool
    private var session: OpaquePointer?
    private var streams: [Int32: HTTP2Stream] = [:]
    /// Streams whose requests or faults wait to be handed out, oldest first.
    private var ready: [Int32] = []
    private var unbudgetedCount = 0
    /// Bytes of answers that nghttp2 has not taken, for want of a window.
    fileprivate var untakenCount = 0
    private var output = OutputBuffer()
    private var hasFailed = false
    private var peerHasClosed = false
    /// When the bytes that are now read were received.
    var moment: UInt64 = 0
    /// Whether the PING is under way whose answer says that the end was heard of.
    private var awaitsFarewell = false

    init(limits: Limits, budget: ByteBudget, pool: BufferPool) {
        self.limits = limits
        self.budget = budget
        self.pool = pool
        unsafe session = Self.makeSession(
            limits.http2, userData: Unmanaged.passUnretained(self).toOpaque())
        submitSettings()
    }

    deinit {
        unsafe nghttp2_session_del(session)
    }

    private static func makeSession(
        _ limits: HTTP2Limits, userData: UnsafeMutableRawPointer
    ) -> OpaquePointer? {
        var callbacks: OpaquePointer?
        var options: OpaquePointer?
        var session: OpaquePointer?
        // Both are copied into the session, and freed here on every path.
        defer {
            unsafe nghttp2_session_callbacks_del(callbacks)
            unsafe nghttp2_option_del(options)
        }
        let results = unsafe (
            nghttp2_session_callbacks_new(&callbacks), nghttp2_option_new(&options)
        )
        precondition(results == (0, 0), "out of memory")
        unsafe setCallbacks(callbacks)
        unsafe nghttp2_option_set_stream_reset_rate_limit(
            options, UInt64(limits.resetBurst), UInt64(limits.resetsPerSecond))
        unsafe nghttp2_option_set_max_settings(options, limits.settingsCount)
        unsafe nghttp2_option_set_max_continuations(options, limits.continuationCount)
        unsafe nghttp2_option_set_max_outbound_ack(options, limits.outboundAcknowledgements)
        // Closed streams would be kept for priorities, which we do not serve.
        unsafe nghttp2_option_set_no_closed_streams(options, 1)
        let result = unsafe nghttp2_session_server_new2(&session, callbacks, userData, options)
        precondition(result == 0, "out of memory")
        return unsafe session
    }

    private static func setCallbacks(_ callbacks: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
        unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, onInvalidHeader)
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onStreamClose)
    }

    private func submitSettings() {
        var settings = [
            entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.http2.concurrentStreams),
            entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.http2.streamWindowBytes),
            entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.headBytes),
            entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
        ]
        let count = settings.count
        unsafe check(
            nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), &settings, count))
        unsafe check(
            nghttp2_session_set_local_window_size(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0,
                Int32(limits.http2.connectionWindowBytes)))
    }

    private func entry(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
        nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(value))
    }

    /// Ends the connection when nghttp2 could not do what it was asked.
    private func check(_ result: Int32) {
        if result != 0 { hasFailed = true }
    }
}

// MARK: Input

extension HTTP2Session {
    /// Whoever takes nothing of what is sent is not read, for what is read makes more to send:
    /// resets of streams, above all. The queue is empty whenever the socket takes what there is.
    var wantsInput: Bool {
        unsafe nghttp2_session_get_outbound_queue_size(session) < limits.http2.outboundFrames
    }

    func receive<E: Error>(
        at moment: UInt64, _ fill: (inout MutableSpan<UInt8>) throws(E) -> Int
    ) throws(E) -> Int {
        self.moment = moment
        var buffer = pool.lend()
        var span = buffer.mutableSpan
        let count = try fill(&span)
        receive(buffer[..<count])
        pool.giveBack(buffer)
        return count
    }

    func receive(_ bytes: ArraySlice<UInt8>) {
        guard !hasFailed, !bytes.isEmpty else { return }
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe nghttp2_session_mem_recv(session, $0.baseAddress, $0.count)
        }
        guard result < 0 else { return }
        let code: nghttp2_error_code =
            switch result {
            case Int(NGHTTP2_ERR_FLOODED.rawValue), Int(NGHTTP2_ERR_TOO_MANY_SETTINGS.rawValue),
                Int(NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue):
                NGHTTP2_ENHANCE_YOUR_CALM
            // Only `onHeader` fails, when a few bytes stand for too many.
            case Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue): NGHTTP2_ENHANCE_YOUR_CALM
            case Int(NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue): NGHTTP2_PROTOCOL_ERROR
            default: NGHTTP2_INTERNAL_ERROR
            }
        unsafe check(nghttp2_session_terminate_session(session, code.rawValue))
        pull()
        hasFailed = true
    }

    func peerClosed() {
        peerHasClosed = true
    }

    fileprivate func begin(_ id: Int32) {
        streams[id] = HTTP2Stream(id: id, limits: limits, budget: budget, arrival: moment)
    }

    fileprivate func stream(_ id: Int32) -> HTTP2Stream? { streams[id] }

    /// What a stream may hold without the budget, the connection's other streams considered.
    private func free(_ stream: HTTP2Stream) -> Int {
        max(0, limits.unbudgetedBodyBytes - unbudgetedCount + stream.unbudgetedCount)
    }

    fileprivate func endHead(_ stream: HTTP2Stream, isWhole: Bool) {
        stream.endHead()
        guard stream.fault == nil, isRoom(for: 0, in: stream) else { return makeReady(stream) }
        if stream.expectsContinue, !isWhole, stream.state == .receiving {
            unsafe submit(HTTP2FieldBlock(status: 100), to: stream.id) {
                session, id, fields, count in
                unsafe nghttp2_submit_headers(
                    session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, nil, fields, count, nil)
            }
        }
    }

    fileprivate func append(_ bytes: UnsafeBufferPointer<UInt8>, to stream: HTTP2Stream) {
        guard stream.state == .receiving else { return }
        if isRoom(for: bytes.count, in: stream) {
            unsafe stream.append(bytes)
        } else {
            makeReady(stream)
        }
    }

    private func isRoom(for count: Int, in stream: HTTP2Stream) -> Bool {
        let before = stream.unbudgetedCount
        defer { unbudgetedCount += stream.unbudgetedCount - before }
        return stream.admit(count, free: free(stream))
    }

    fileprivate func makeReady(_ stream: HTTP2Stream) {
        guard stream.state == .receiving else { return }
        stream.state = .answering
        ready.append(stream.id)
    }

    fileprivate func close(_ id: Int32) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        unbudgetedCount -= stream.unbudgetedCount
        untakenCount -= stream.answer.count - stream.answeredCount
        ready.removeAll { $0 == id }
    }
}

// MARK: Events and answers

extension HTTP2Session {
    func nextEvent() -> Engine.Event? {
        // Whoever does not take its answers gets no more of them to keep.
        while !ready.isEmpty, untakenCount < limits.pendingOutputBytes {
            let id = ready.removeFirst()
            guard let stream = streams[id] else { continue }
            if let fault = stream.fault {
                return .fault(stream.requestID, fault, path: stream.path)
            }
            return .request(stream.takeRequest())
        }
        return nil
    }

    func respond(to id: RequestID, _ response: Response, date: String?) -> Bool {
        guard let key = Int32(exactly: id.rawValue), let stream = streams[key],
            stream.state == .answering
        else { return true }
        guard let share = response.share(of: budget, limits, pending: untakenCount) else {
            return false
        }
        stream.state = .sending
        stream.answerReservation = share.reservation
        let hasContent =
            !stream.isHead && !response.body.isEmpty
            && response.status != 204 && response.status != 304
        if hasContent {
            stream.answer = response.body
            untakenCount += response.body.count
        }
        unsafe submit(HTTP2FieldBlock(response, date: date), to: key) {
            session, id, fields, count in
            guard hasContent else {
                return unsafe nghttp2_submit_response(session, id, fields, count, nil)
            }
            var provider = unsafe nghttp2_data_provider(
                source: nghttp2_data_source(), read_callback: readAnswer)
            return unsafe nghttp2_submit_response(session, id, fields, count, &provider)
        }
        return true
    }

    /// Lends nghttp2 the fields for one call; it copies them.
    private func submit(
        _ block: HTTP2FieldBlock, to id: Int32,
        _ body: (OpaquePointer?, Int32, UnsafePointer<nghttp2_nv>?, Int) -> Int32
    ) {
        var bytes = block.bytes
        let result = unsafe bytes.withUnsafeMutableBufferPointer { text -> Int32 in
            // Every range of the block lies within its bytes.
            guard let base = text.baseAddress else { return -1 }
            let fields = unsafe block.entries.map { entry in
                unsafe nghttp2_nv(
                    name: base + entry.name.lowerBound, value: base + entry.value.lowerBound,
                    namelen: entry.name.count, valuelen: entry.value.count,
                    flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
            }
            return unsafe fields.withUnsafeBufferPointer {
                unsafe body(session, id, $0.baseAddress, $0.count)
            }
        }
        check(result)
    }

    /// Announces the end. A peer that may no longer ask is not waited for: it could take its time.
    func beginDraining(waitingForPeer: Bool) {
        if !waitingForPeer { return sayFarewell() }
        unsafe check(nghttp2_submit_shutdown_notice(session))
    }

    /// RFC 9113 §6.8: the last stream is fixed only when the peer has seen that the end is near.
    /// The PING is submitted behind the announcement, for nghttp2 would send it first.
    fileprivate func goawayWasSent(lastStream: Int32) {
        guard lastStream == .max else { return }
        awaitsFarewell = true
        unsafe check(nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil))
    }

    fileprivate func pingWasAcknowledged() {
        // An answer to nothing means nothing.
        guard awaitsFarewell else { return }
        sayFarewell()
    }

    private func sayFarewell() {
        awaitsFarewell = false
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        let result = unsafe nghttp2_submit_goaway(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, NGHTTP2_NO_ERROR.rawValue, nil, 0)
        check(result)
    }

    /// RFC 9113 §8.1: an answer given before the request was complete ends its sending.
    fileprivate func answerWasSent(_ id: Int32) {
        guard unsafe nghttp2_session_get_stream_remote_close(session, id) == 0 else { return }
        unsafe check(
            nghttp2_submit_rst_stream(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, NGHTTP2_NO_ERROR.rawValue))
    }
}

// MARK: Output

extension HTTP2Session {
    /// Makes frames, up to the output limit, when all made before are written.
    private func pull() {
        guard !hasFailed else { return }
        while output.pendingCount < limits.pendingOutputBytes {
            var frame: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(session, &frame)
            if count < 0 { hasFailed = true }
            guard count > 0 else { return }
            // The frame is nghttp2's, valid until its next call: it is copied here.
            let bytes = unsafe UnsafeBufferPointer(start: frame, count: count)
            output.append(from: pool) { unsafe $0.append(contentsOf: bytes) }
        }
    }

    var pendingOutputCount: Int {
        if output.pendingCount == 0 { pull() }
        return output.pendingCount
    }

    func withOutput<E: Error>(_ write: (Span<UInt8>) throws(E) -> Int) throws(E) {
        if output.pendingCount == 0 { pull() }
        try output.consume(write)
    }

    func releaseIdleBuffers() {
        output.release(to: pool)
    }

    var heldBytes: Int {
        let frames = unsafe nghttp2_session_get_outbound_queue_size(session)
        return streams.values.reduce(frames * HTTP2Limits.frameMemory + output.heldBytes) {
            $0 + $1.heldBytes
        }
    }

    var phase: Engine.Phase {
        var phase = output.pendingCount > 0 ? Engine.Phase.sending : .idle
        for stream in streams.values {
            switch stream.state {
            case .receiving: return stream.isHeadComplete ? .body : .head
            case .answering: phase = .answering
            case .sending: if phase == .idle { phase = .sending }
            }
        }
        return phase
    }

    var incompleteRequest: RequestID? {
        streams.values.filter { $0.state == .receiving }.map(\.requestID).min()
    }

    var untakenAnswer: RequestID? {
        guard output.pendingCount == 0 else { return nil }
        return streams.values.filter { $0.state == .sending }.map(\.requestID).min()
    }

    var shouldClose: Bool {
        if hasFailed { return true }
        let wantsWrite = unsafe nghttp2_session_want_write(session) != 0
        if peerHasClosed {
            return !wantsWrite && !streams.values.contains { $0.state == .answering }
        }
        let wantsRead = unsafe nghttp2_session_want_read(session) != 0
        return !wantsRead && !wantsWrite
    }
}

// MARK: Callbacks

/// The session a callback is for: see the type's note on why it is alive.
private func owner(_ userData: UnsafeMutableRawPointer?) -> HTTP2Session? {
    guard let userData = unsafe userData else { return nil }
    return unsafe Unmanaged<HTTP2Session>.fromOpaque(userData).takeUnretainedValue()
}

private func isType(_ frame: UnsafePointer<nghttp2_frame>?, _ type: nghttp2_frame_type) -> Bool {
    guard let frame = unsafe frame else { return false }
    return unsafe UInt32(frame.pointee.hd.type) == type.rawValue
}

private func hasFlag(_ frame: UnsafePointer<nghttp2_frame>?, _ flag: nghttp2_flag) -> Bool {
    guard let frame = unsafe frame else { return false }
    return unsafe UInt32(frame.pointee.hd.flags) & flag.rawValue != 0
}

private func streamID(_ frame: UnsafePointer<nghttp2_frame>?) -> Int32 {
    guard let frame = unsafe frame else { return 0 }
    return unsafe frame.pointee.hd.stream_id
}

private func onBeginHeaders(
    _: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ userData: UnsafeMutableRawPointer?
) -> Int32 {
    guard let session = unsafe owner(userData), let frame = unsafe frame,
        unsafe isType(frame, NGHTTP2_HEADERS),
        // Reading the union as headers is right: the type says so.
        unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
    else { return 0 }
    unsafe session.begin(streamID(frame))
    return 0
}

private func onHeader(
    _: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
    _ name: UnsafePointer<UInt8>?, _ nameCount: Int,
    _ value: UnsafePointer<UInt8>?, _ valueCount: Int,
    _: UInt8, _ userData: UnsafeMutableRawPointer?
) -> Int32 {
    guard let stream = unsafe owner(userData)?.stream(streamID(frame)) else { return 0 }
    // nghttp2 lends both texts for this call; the stream copies what it keeps.
    let nameBytes = unsafe UnsafeBufferPointer(start: name, count: nameCount)
    let valueBytes = unsafe UnsafeBufferPointer(start: value, count: valueCount)
    let isBearable = unsafe stream.addField(nameBytes.span, valueBytes.span)
    return isBearable ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
}

/// A malformed field is an error of its stream, not a field to leave out (RFC 9113 §8.2.1).
private func onInvalidHeader(
    _: OpaquePointer?, _: UnsafePointer<nghttp2_frame>?, _: UnsafePointer<UInt8>?, _: Int,
    _: UnsafePointer<UInt8>?, _: Int, _: UInt8, _: UnsafeMutableRawPointer?
) -> Int32 {
    NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
}

private func onData(
    _: OpaquePointer?, _: UInt8, _ id: Int32, _ data: UnsafePointer<UInt8>?, _ count: Int,
    _ userData: UnsafeMutableRawPointer?
) -> Int32 {
    guard let session = unsafe owner(userData), let stream = session.stream(id) else { return 0 }
    unsafe session.append(UnsafeBufferPointer(start: data, count: count), to: stream)
    return 0
}

private func onFrame(
    _: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ userData: UnsafeMutableRawPointer?
) -> Int32 {
    guard let session = unsafe owner(userData) else { return 0 }
    if unsafe isType(frame, NGHTTP2_PING), unsafe hasFlag(frame, NGHTTP2_FLAG_ACK) {
        session.pingWasAcknowledged()
        return 0
    }
    let isHeaders = unsafe isType(frame, NGHTTP2_HEADERS)
    let isData = unsafe isType(frame, NGHTTP2_DATA)
    guard isHeaders || isData,
        let stream = unsafe session.stream(streamID(frame))
    else { return 0 }
    let isEnd = unsafe hasFlag(frame, NGHTTP2_FLAG_END_STREAM)
    if isHeaders { session.endHead(stream, isWhole: isEnd) }
    if isEnd { session.makeReady(stream) }
    return 0
}

private func onFrameSent(
    _: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ userData: UnsafeMutableRawPointer?
) -> Int32 {
    guard let session = unsafe owner(userData), let frame = unsafe frame else { return 0 }
    let isAnswer = unsafe isType(frame, NGHTTP2_HEADERS) || isType(frame, NGHTTP2_DATA)
    if isAnswer, unsafe hasFlag(frame, NGHTTP2_FLAG_END_STREAM) {
        unsafe session.answerWasSent(streamID(frame))
    } else if unsafe isType(frame, NGHTTP2_GOAWAY) {
        // Reading the union as GOAWAY is right: the type says so.
        unsafe session.goawayWasSent(lastStream: frame.pointee.goaway.last_stream_id)
    }
    return 0
}

private func onStreamClose(
    _: OpaquePointer?, _ id: Int32, _: UInt32, _ userData: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe owner(userData)?.close(id)
    return 0
}

/// Copies the next part of an answer into nghttp2's frame, never more than it has room for.
private func readAnswer(
    _: OpaquePointer?, _ id: Int32, _ target: UnsafeMutablePointer<UInt8>?, _ room: Int,
    _ flags: UnsafeMutablePointer<UInt32>?, _: UnsafeMutablePointer<nghttp2_data_source>?,
    _ userData: UnsafeMutableRawPointer?
) -> Int {
    guard let session = unsafe owner(userData), let stream = session.stream(id) else {
        return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    let rest = stream.answer[stream.answeredCount...].prefix(room)
    _ = unsafe UnsafeMutableBufferPointer(start: target, count: room).update(fromContentsOf: rest)
    stream.answeredCount += rest.count
    session.untakenCount -= rest.count
    if stream.answeredCount == stream.answer.count, let flags = unsafe flags {
        unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
    }
    return rest.count
}
