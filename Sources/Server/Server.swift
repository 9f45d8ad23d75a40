internal import Document
internal import HTTP
internal import Policy
package import Posix
internal import TLS
internal import Telemetry

/// Why a server could not start, for people.
package struct StartError: Error, CustomStringConvertible {
    /// What failed, and on what.
    package let description: String

    init(_ description: String) { self.description = description }
}

/// A running server: the loops of both listeners, and the order in which they end.
package final class Server: Sendable {
    /// How a server came to its end.
    package enum Ending: Sendable {
        /// Everything in flight was answered.
        case drained
        /// Work was cut off: by a second signal, or because it took too long.
        case cutShort
        /// A loop ended by itself.
        case failed
    }

    /// Where the admission listener listens, with its real port.
    package let admissionAddress: ListenerAddress
    /// Where the service listener listens, with its real port.
    package let serviceAddress: ListenerAddress
    private let configuration: Configuration
    private let state: ServerState
    private let log: LogWriter
    private let loops: [RunningLoop]
    private let check: CheckService
    private let ended: EndedLoops

    /// Starts a server: when this returns, both listeners accept.
    package static func start(
        _ configuration: Configuration, policies: LoadedPolicies, version: String, log: LogWriter
    ) throws(StartError) -> Server {
        do {
            return try Server(configuration, policies: policies, version: version, log: log)
        } catch let error as StartError {
            throw error
        } catch {
            throw StartError("\(error)")
        }
    }

    private init(
        _ configuration: Configuration, policies: LoadedPolicies, version: String, log: LogWriter
    ) throws {
        let admission = configuration.admission
        let service = configuration.service
        let tls = try Self.makeTLS(configuration)
        let admissionListeners = try Listener.bind(
            admission.address, count: admission.threads, backlog: admission.backlog)
        let serviceListeners = try Listener.bind(
            service.address, count: service.threads, backlog: service.backlog)
        let start = Clock.monotonicNanoseconds()
        let admissionMetrics = admissionListeners.map { _ in
            LoopMetrics(listener: ListenerName.admission, now: start)
        }
        let serviceMetrics = serviceListeners.map { _ in
            LoopMetrics(listener: ListenerName.service, now: start)
        }
        let counters = admissionListeners.map { _ in PolicyCounters(policies.set) }
        let status = PolicyStatus(
            policies, counters: counters, now: Int64(Clock.wallNanoseconds()))
        let state = ServerState(
            version: version, policies: status, enforcement: configuration.enforcement,
            loops: admissionMetrics + serviceMetrics,
            admission: admissionListeners.map { _ in AdmissionMetrics() },
            certificateNotAfter: tls?.certificateNotAfter,
            heartbeatLimit: configuration.heartbeatLimit)

        let check = try CheckService(
            state: state, threads: configuration.checkThreads,
            queueLength: configuration.checkQueueLength, peerShare: configuration.checksPerPeer)
        let launcher = Launcher(tls: tls, log: log, ended: try EndedLoops())
        var loops: [RunningLoop] = []
        let memory = ReviewMemory(budget: ByteBudget(capacity: configuration.reviewMemory))
        loops += try launcher.start(admission, admissionListeners, admissionMetrics) {
            index, log in
            AdmissionHandler(
                state: state, index: index, memory: memory,
                loopMetrics: admissionMetrics[index], log: log)
        }
        loops += try launcher.start(service, serviceListeners, serviceMetrics) { index, _ in
            ServiceHandler(state: state, check: check, metrics: serviceMetrics[index])
        }

        try launcher.wait(for: loops.count)

        self.configuration = configuration
        self.check = check
        self.state = state
        self.log = log
        self.loops = loops
        ended = launcher.ended
        admissionAddress = admission.address.withPort(admissionListeners[0].socket.localPort)
        serviceAddress = service.address.withPort(serviceListeners[0].socket.localPort)
    }

    /// Reads the TLS material, if a listener needs it.
    private static func makeTLS(_ configuration: Configuration) throws -> TLSContext? {
        guard configuration.admission.address.isSecure || configuration.service.address.isSecure
        else { return nil }
        guard let files = configuration.tls else {
            throw StartError(
                "an https address needs a certificate and its key: "
                    + "--tls-certificate and --tls-private-key")
        }
        let now: @Sendable () -> Int64 = { Int64(Clock.wallNanoseconds() / 1_000_000_000) }
        let pem = try [files.certificate, files.privateKey].map { path throws(SystemError) in
            try File.read(path, byteLimit: configuration.tlsFileBytes)
        }
        let clientCA = try files.clientCA.map { path throws(SystemError) in
            try File.read(path, byteLimit: configuration.tlsFileBytes)
        }
        do throws(TLSError) {
            return try TLSContext(
                TLSConfiguration(
                    certificateChainPEM: pem[0], privateKeyPEM: pem[1], clientCAPEM: clientCA,
                    applicationProtocols: ["h2", "http/1.1"]),
                ticketKeys: TicketKeys(
                    lifetimeSeconds: configuration.ticketLifetimeSeconds, now: now),
                unixSeconds: now())
        } catch {
            throw StartError("\(files.certificate), \(files.privateKey): \(error)")
        }
    }
}

// MARK: - Ending

extension Server {
    /// Says that the end is near: `/readyz` turns 503, answers close their connections, new
    /// connections are still taken.
    package func beginDraining() {
        state.beginDraining()
        post(.beginDraining)
    }

    /// Closes what is idle and the listeners; what is in flight is still answered.
    package func finish() { post(.finish) }

    /// Cuts off whatever is in flight.
    package func end() { post(.end) }

    /// Waits until all loops have ended.
    package func join() {
        for loop in loops { loop.thread.join() }
        check.stop()
    }

    private func post(_ message: LoopMessage) {
        for loop in loops { loop.mailbox.post(message) }
    }

    /// Serves until a signal comes, then drains; a second signal ends at once. While it serves, it
    /// puts changed policies into force; SIGHUP has them read at once.
    ///
    /// - Parameters:
    ///   - signals: SIGTERM, SIGINT and SIGHUP, made before the server was started.
    ///   - source: where the policies in force were read.
    ///   - ready: called once nothing is left that could keep it from serving.
    package func run(
        until signals: borrowing SignalSource, reloadingFrom source: PolicySource,
        ready: () -> Void = {}
    ) throws(SystemError) -> Ending {
        ready()
        let reloader = Reloader(
            source, policies: state.policyStatus.loaded, times: configuration.reload,
            now: Clock.monotonicNanoseconds())
        var stage = Stage.serving
        while true {
            let watch = stage.isServing ? reloader.rawValue : nil
            let deadline = stage.deadline ?? reloader.deadline
            // Not a poller: connections may have taken every descriptor by now.
            try Poller.waitForAny(
                of: [signals.rawValue, ended.rawValue] + (watch.map { [$0] } ?? []),
                timeoutMilliseconds: Self.milliseconds(until: deadline))
            let endedCount = ended.count()
            if endedCount == loops.count {
                join()
                return stage.isServing ? .failed : .drained
            }
            let next = signals.next()
            let signal = next == .hangUp ? nil : next
            switch stage {
            case .serving where signal != nil:
                log.write(.info, "draining") { $0.member("signal", signal?.description ?? "") }
                beginDraining()
                stage = .draining(until: Clock.monotonicNanoseconds() + configuration.drainDelay)
            case .serving where endedCount > 0:
                end()
                join()
                return .failed
            case .draining(let moment) where Clock.monotonicNanoseconds() >= moment:
                log.write(.info, "finishing")
                finish()
                stage = .finishing(until: Clock.monotonicNanoseconds() + configuration.finishTime)
            case .finishing(let moment) where Clock.monotonicNanoseconds() >= moment:
                log.write(.warning, "cut short: work in flight took too long")
                return .cutShort
            case .draining where signal != nil, .finishing where signal != nil:
                log.write(.warning, "cut short by a second signal")
                return .cutShort
            case .serving: reload(with: reloader, isAsked: next == .hangUp)
            default: break
            }
        }
    }

    /// How far the end has come.
    private enum Stage {
        case serving
        case draining(until: UInt64)
        case finishing(until: UInt64)

        var isServing: Bool { if case .serving = self { true } else { false } }

        var deadline: UInt64? {
            switch self {
            case .serving: nil
            case .draining(let moment), .finishing(let moment): moment
            }
        }
    }

    private static func milliseconds(until moment: UInt64) -> Int32 {
        let now = Clock.monotonicNanoseconds()
        return Int32(clamping: (moment > now ? moment - now : 0) / 1_000_000 + 1)
    }
}

// MARK: - Reloading

extension Server {
    /// Has the policies read where that is due, or where a signal asks for it, and puts them into
    /// force or says why not.
    func reload(with reloader: Reloader, isAsked: Bool) {
        let now = Clock.monotonicNanoseconds()
        let blindness = reloader.blindness
        let outcome = isAsked ? reloader.reload(now) : reloader.reloadIfDue(now)
        if let error = reloader.blindness, error != blindness {
            log.write(.warning, "policies are not watched but read every second") { writer in
                writer.member("reason", error.description)
            }
        }
        guard let outcome else { return }
        state.reloads.add()
        switch outcome {
        case .loaded(let policies): adopt(policies)
        case .refused(let problems): refuse(problems)
        }
    }

    /// Gives good policies to every admission loop, and only then says that they are in force.
    private func adopt(_ policies: LoadedPolicies) {
        var status = state.policyStatus
        let moment = Int64(Clock.wallNanoseconds())
        let isNew = policies.files != status.loaded.files
        if isNew {
            let counters = status.counters.map { PolicyCounters(policies.set, carryingOver: $0) }
            rollOut(policies.set, counters)
            status = PolicyStatus(policies, counters: counters, now: moment)
        }
        status.lastSuccess = moment
        status.refusal = nil
        state.setPolicyStatus(status)
        log.write(.info, isNew ? "policies reloaded" : "policies unchanged") { writer in
            status.writeInForce(to: &writer)
        }
    }

    /// Returns when every admission loop judges by the set.
    private func rollOut(_ set: PolicySet, _ counters: [PolicyCounters]) {
        let confirmations = Confirmations()
        // The admission loops are the first of all loops.
        for (loop, counters) in zip(loops, counters) {
            loop.mailbox.post(
                .adopt(
                    Rollout(policies: set, counters: counters, confirmations: confirmations)))
        }
        // A loop that hangs is told of by the probes: it must not hold up a signal, too.
        _ = confirmations.wait(
            for: counters.count, timeoutNanoseconds: configuration.reload.adoption)
    }

    private func refuse(_ problems: [PolicyProblem]) {
        var status = state.policyStatus
        let refusal = PolicyStatus.Refusal(problems, moment: Int64(Clock.wallNanoseconds()))
        status.refusal = refusal
        state.reloadFailures.add()
        state.setPolicyStatus(status)
        log.write(.warning, "policies refused, the old ones stay in force") { writer in
            refusal.write(to: &writer)
            status.writeInForce(to: &writer)
        }
    }
}
