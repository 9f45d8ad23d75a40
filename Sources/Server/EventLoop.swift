internal import Document
internal import HTTP
internal import Posix
internal import TLS
internal import Telemetry

/// One thread's loop: it accepts, reads, asks its handler and writes, and waits in its poller.
///
/// Everything here belongs to the one thread; others reach it by the mailbox alone.
final class EventLoop {
    private enum Pause {
        /// The longest wait, so that the heartbeat shows life.
        static let longestMilliseconds: UInt64 = 1_000
        /// How soon lines that the log writer could not take are offered again.
        static let logMilliseconds: UInt64 = 10
    }

    private static let listenerToken = Poller.Token(slot: .max, generation: 0)
    private static let mailboxToken = Poller.Token(slot: .max - 1, generation: 0)

    let settings: LoopSettings
    var metrics: LoopMetrics { settings.metrics }
    private let poller: Poller
    var listener: Listener?
    /// What new connections get; nil for plaintext.
    var tls: TLSContext?
    let handler: any RequestHandler
    private let log: LoopLog
    private let pool = BufferPool()

    var connections = ConnectionTable()
    private var deadlines: Deadlines
    private var queued: [Poller.Token] = []
    /// The most that the budget's holders had since freed memory was last returned to the kernel.
    private var mostReserved = 0
    /// How many handshakes may still be gone on with in this turn.
    private var handshakesLeft = 0
    private var scratch = [UInt8](repeating: 0, count: TurnLimits.readBytes)

    private var now: UInt64 = 0
    private var date = HTTPDate()
    var isDraining = false
    var isFinishing = false
    var isEnding = false
    var acceptPause = AcceptPause()

    /// A loop that will accept from `listener`; to be made on the thread that runs it.
    init(
        _ settings: LoopSettings, listener: Listener, handler: any RequestHandler, log: LoopLog
    ) throws(SystemError) {
        self.settings = settings
        tls = settings.tls
        self.handler = handler
        self.log = log
        self.listener = listener
        deadlines = Deadlines(durations: settings.listener.deadlines)
        poller = try Poller.make(eventsPerWait: TurnLimits.events)
        try poller.add(listener.socket.rawValue, token: Self.listenerToken, interest: [.read])
        try poller.add(
            settings.mailbox.rawValue, token: Self.mailboxToken, interest: [.read])
    }

    /// Serves until it is told to finish or to end.
    func run() {
        var events: [Poller.Event] = []
        while !isDone {
            do throws(SystemError) {
                try poller.wait(into: &events, timeoutMilliseconds: waitMilliseconds())
            } catch {
                preconditionFailure("the poller is broken: \(error)")
            }
            now = Clock.monotonicNanoseconds()
            metrics.beat(now)
            handshakesLeft = TurnLimits.handshakes
            for event in events { handle(event) }
            goOnWithQueued()
            expireDeadlines()
            resumeAccepting()
            returnFreedMemory()
            log.handOver()
            metrics.droppedLogLines.set(Int64(clamping: log.droppedCount))
        }
        for connection in connections.all { close(connection) }
        log.handOver()
    }

    private var isDone: Bool {
        isEnding || isFinishing && connections.isEmpty
    }

    /// Returns what small blocks have left free, before the budget is given to others for large
    /// ones: for both together there is no memory.
    private func returnFreedMemory() {
        let reserved = settings.budget.reserved
        mostReserved = max(mostReserved, reserved)
        guard mostReserved - reserved > settings.budget.capacity / 8 else { return }
        Memory.returnFreed()
        mostReserved = reserved
    }

    private func waitMilliseconds() -> Int32 {
        if !queued.isEmpty { return 0 }
        var wait = Pause.longestMilliseconds
        if !log.isEmpty { wait = Pause.logMilliseconds }
        let moment = min(deadlines.earliest ?? .max, acceptPause.end ?? .max)
        if moment < .max {
            let rest = moment > now ? moment - now : 0
            wait = min(wait, (rest + 999_999) / 1_000_000)
        }
        return Int32(wait)
    }

    private func handle(_ event: Poller.Event) {
        switch event.token {
        case Self.listenerToken: acceptConnections()
        case Self.mailboxToken: readMailbox()
        default:
            guard let connection = connections[event.token] else { return }
            if event.isBroken, !connection.wantsInput {
                // Nobody would read the answer, and readiness that is not read would spin.
                close(connection)
                return
            }
            if connection.engine == nil, !connection.isLingering {
                // The poller tells of it again in the next turn.
                guard handshakesLeft > 0 else { return }
                handshakesLeft -= 1
            }
            serve(connection, isReadable: event.isReadable)
        }
    }
}

// MARK: - Accepting

extension EventLoop {
    /// Accepts what waits, up to the turn's budget.
    ///
    /// - Returns: Whether more may be waiting.
    @discardableResult
    func acceptConnections() -> Bool {
        guard let listener, acceptPause.end == nil else { return false }
        for number in 0..<TurnLimits.accepts {
            // Only at first is it sure that somebody waits, for whom another is to go.
            guard settings.connectionLimit.acquire() else {
                if number > 0 || makeRoom() { return true }
                pauseAccepting("connection limit reached")
                return false
            }
            do throws(SystemError) {
                guard let accepted = try listener.socket.accept() else {
                    settings.connectionLimit.release()
                    return false
                }
                try open(accepted)
            } catch {
                settings.connectionLimit.release()
                if error.isExhaustion, number > 0 || makeRoom() { return true }
                pauseAccepting(error.description)
                return false
            }
        }
        return true
    }

    /// Closes the connection that could best be done without, so that whoever is quick gets in
    /// though others hold every place. The loop gives up only what is its own.
    ///
    /// - Returns: Whether there was one.
    @discardableResult
    func evict(among kinds: [Deadlines.Kind] = Deadlines.dispensable) -> Bool {
        let patience = settings.listener.patience
        guard let slot = deadlines.longestWaiting(among: kinds, now: now, patience: patience),
            let connection = connections[slot]
        else { return false }
        metrics.evicted.add()
        if !connection.isLingering { connection.beginLingering() }
        close(connection)
        return true
    }

    /// Closes one of its own, or asks the other loops to: a listener's places, and descriptors, may
    /// all be held by one of them.
    ///
    /// - Returns: Whether there is room now.
    private func makeRoom() -> Bool {
        if evict() { return true }
        settings.neighbours.askForRoom(besides: settings.mailbox)
        return false
    }

    private func pauseAccepting(_ reason: String) {
        metrics.acceptPauses.add()
        if acceptPause.begin(now) {
            log.write(.warning, "accepting paused") { writer in
                writer.member("listener", metrics.listener)
                writer.member("reason", reason)
            }
        }
        watchListener([])
    }

    private func resumeAccepting() {
        guard acceptPause.endIfOver(now) else { return }
        // Where the kernel has no memory for it now, later: nobody would be let in ever again.
        if !watchListener([.read]) { _ = acceptPause.begin(now) }
    }

    /// - Returns: Whether the kernel has taken it.
    @discardableResult
    private func watchListener(_ interest: Poller.Interest) -> Bool {
        guard let listener else { return true }
        do throws(SystemError) {
            try poller.modify(
                listener.socket.rawValue, token: Self.listenerToken, interest: interest)
            return true
        } catch {
            return false
        }
    }

    /// Gives an accepted socket a slot and its first deadline, unless its peer has its share.
    private func open(_ accepted: consuming Accepted) throws(SystemError) {
        let peer = PeerNetwork(accepted.peer)
        guard settings.peerLimit?.acquire(peer) ?? true else {
            metrics.refused.add()
            settings.connectionLimit.release()
            return
        }
        do throws(SystemError) {
            try open(accepted.takeSocket(), of: peer)
        } catch {
            settings.peerLimit?.release(peer)
            throw error
        }
    }

    private func open(
        _ socket: consuming StreamSocket, of peer: PeerNetwork
    ) throws(SystemError) {
        let token = connections.reserve()
        let slot = Int(token.slot)
        let connection: Connection
        if let tls {
            guard let session = try? TLSSession(tls) else {
                connections.giveBack(token)
                throw SystemError(call: "SSL_new", code: 12)
            }
            connection = Connection(token: token, peer: peer, socket: socket, session: session)
            deadlines.arm(slot, .handshake, now: now)
        } else {
            connection = Connection(
                token: token, peer: peer, socket: socket, engine: makeEngine(.detect))
            deadlines.arm(slot, .head, now: now)
        }
        do throws(SystemError) {
            try poller.add(
                connection.socket.rawValue, token: token, interest: connection.interest)
        } catch {
            deadlines.disarm(slot)
            connections.giveBack(token)
            throw error
        }
        connections.insert(connection)
        metrics.accepted.add()
        metrics.connections.add(1)
    }

    private func makeEngine(_ mode: Engine.Mode) -> Engine {
        let engine = Engine(
            mode: mode, limits: settings.listener.limits, budget: settings.budget, pool: pool)
        if isDraining { engine.beginDraining() }
        return engine
    }
}

// MARK: - Serving

extension EventLoop {
    /// Goes on with a connection: reads at most once, answers what is whole, writes, and sees what
    /// it has to wait for.
    func serve(_ connection: Connection, isReadable: Bool) {
        let hadEngine = connection.engine != nil
        do {
            if isReadable, connection.wantsInput {
                try connection.receive(scratch: &scratch, at: now) { name in
                    let engine = makeEngine(name == "h2" ? .http2 : .http1)
                    if connection.isSuperseded { engine.beginDraining(waitingForPeer: false) }
                    return engine
                }
            }
            try answerAndFlush(connection)
        } catch {
            if !hadEngine { metrics.handshakeFailures.add() }
            connection.sendLastWords()
            close(connection)
            return
        }
        settle(connection)
    }

    private func answerAndFlush(_ connection: Connection) throws {
        var budget = TurnBudget()
        var hadOutput = false
        repeat {
            repeat {
                while !budget.isSpent, let event = connection.engine?.nextEvent() {
                    budget.spend(answer(event, on: connection))
                }
            } while try !budget.isSpent && connection.decrypt(at: now)
            connection.reportEnd()
            hadOutput = connection.hasPendingOutput
            try connection.flush()
            // An engine whose output was too much to go on does so when it is written.
        } while hadOutput && !budget.isSpent && !connection.hasPendingOutput
        if budget.isSpent, !connection.isQueued {
            connection.isQueued = true
            queued.append(connection.token)
        }
    }

    /// Answers a request, or has that begun.
    ///
    /// - Returns: The bytes of its body and of the answer's.
    private func answer(_ event: Engine.Event, on connection: Connection) -> Int {
        switch event {
        case .request(let request):
            let reply = Reply(
                mailbox: settings.mailbox, token: connection.token, id: request.id,
                peer: connection.peer)
            guard
                let answer = handler.answer(
                    request, from: connection.clientSubject, reply: reply)
            else { return request.body.count }
            send(answer, to: request.id, on: connection)
            return request.body.count + answer.response.body.count
        case .fault(let id, let fault, let path):
            if fault.status == 429 { noteFullBudget(connection) }
            let route = Route.at(path, among: handler.routes) ?? .other
            send(Answer(route, Problem(fault).response()), to: id, on: connection)
            return 0
        }
    }

    /// Sends an answer, or says that there is no room for it.
    func send(_ answer: Answer, to id: RequestID, on connection: Connection) {
        var answer = answer
        let date = date.text(now)
        if connection.engine?.respond(to: id, answer.response, date: date) == false {
            metrics.countShed(.answerBudget)
            evict(among: [.write])
            let problem = Problem.overloaded("answers not yet taken hold the memory for this one")
            answer = Answer(answer.route, problem.response())
            connection.engine?.respond(to: id, answer.response, date: date)
        }
        metrics.countRequest(answer.route, status: answer.response.status)
        noteServed(connection)
    }

    /// Counts a body that found no room, and takes room from one that comes too slowly: the client
    /// will be back in a second.
    private func noteFullBudget(_ connection: Connection) {
        metrics.countShed(.bodyBudget)
        deadlines.disarm(Int(connection.token.slot))
        evict(among: [.body])
    }

    /// Lets the idle time begin anew.
    private func noteServed(_ connection: Connection) {
        connection.hasServed = true
        let slot = Int(connection.token.slot)
        let kind = deadlines.kind(of: slot)
        if kind == .rest || kind == .idle { deadlines.disarm(slot) }
    }

    private func goOnWithQueued() {
        guard !queued.isEmpty else { return }
        var tokens: [Poller.Token] = []
        swap(&tokens, &queued)
        for token in tokens {
            guard let connection = connections[token] else { continue }
            connection.isQueued = false
            serve(connection, isReadable: false)
        }
    }
}

// MARK: - Waiting and ending

extension EventLoop {
    /// Decides what a connection waits for next, or that it ends.
    private func settle(_ connection: Connection) {
        if connection.isLingering {
            if connection.isInputEnded { close(connection) }
            return
        }
        let isIdle = connection.engine?.phase == .idle
        if !connection.hasPendingOutput {
            let isOver = connection.engine?.shouldClose ?? connection.isInputEnded
            if isOver || isFinishing && isIdle && connection.hasServed {
                end(connection)
                return
            }
        }
        if isIdle {
            connection.engine?.releaseIdleBuffers()
        } else if connection.engine?.incompleteRequest != nil {
            connection.releaseCiphertextBuffers()
        }
        deadlines.follow(connection, now: now)
        watch(connection)
        account(connection)
    }

    /// Has what a connection holds counted, and closes it where there is no room for it: whoever
    /// asks for much at once and waits for us to find room is told 429; whoever makes us hold much
    /// and does nothing about it is not.
    private func account(_ connection: Connection) {
        // It may have had to be closed meanwhile.
        guard connections[connection.token] != nil else { return }
        if connection.account(to: settings.budget) { return }
        evict(among: [.write, .body])
        guard connections[connection.token] != nil else { return }
        if connection.account(to: settings.budget) { return }
        metrics.evicted.add()
        close(connection)
    }

    private func watch(_ connection: Connection) {
        let interest = Poller.Interest(
            reading: connection.wantsInput, writing: connection.hasPendingOutput)
        guard interest != connection.interest else { return }
        connection.interest = interest
        do throws(SystemError) {
            try poller.modify(
                connection.socket.rawValue, token: connection.token, interest: interest)
        } catch {
            close(connection)
        }
    }

    private func expireDeadlines() {
        while let (slot, kind) = deadlines.popExpired(now: now) {
            guard let connection = connections[slot] else { continue }
            switch kind {
            case .rest:
                connection.releaseIdleBuffers()
                deadlines.arm(slot, .idle, now: now)
            case .idle:
                metrics.timeouts[kind.rawValue].add()
                connection.engine?.beginDraining()
                try? connection.flush()
                end(connection)
            default:
                metrics.timeouts[kind.rawValue].add()
                close(connection)
            }
        }
    }

    /// Ends our side of a connection and waits a little for the peer to end its own.
    private func end(_ connection: Connection) {
        connection.beginLingering()
        if connection.isInputEnded {
            close(connection)
        } else {
            deadlines.arm(Int(connection.token.slot), .linger, now: now)
            watch(connection)
        }
    }

    /// Drops a connection at once and frees its slot.
    private func close(_ connection: Connection) {
        guard connections.remove(connection) else { return }
        connection.giveShareBack(to: settings.budget)
        deadlines.disarm(Int(connection.token.slot))
        try? poller.remove(connection.socket.rawValue)
        settings.connectionLimit.release()
        settings.peerLimit?.release(connection.peer)
        metrics.connections.add(-1)
    }
}
