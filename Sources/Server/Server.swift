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
    /// Nil without TLS.
    private let tlsSource: TLSSource?
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
        let tlsSource = try Self.tlsSource(of: configuration)
        let tls = try tlsSource.map { source in try source.load(source.read()) }
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
        let moment = Int64(Clock.wallNanoseconds())
        let status = PolicyStatus(policies, counters: counters, now: moment)
        let state = ServerState(
            version: version, policies: status, enforcement: configuration.enforcement,
            loops: admissionMetrics + serviceMetrics,
            admission: admissionListeners.map { _ in AdmissionMetrics() },
            tls: tls.map { TLSStatus($0, now: moment) },
            heartbeatLimit: configuration.heartbeatLimit)

        let check = try CheckService(
            state: state, threads: configuration.checkThreads,
            queueLength: configuration.checkQueueLength, peerShare: configuration.checksPerPeer)
        let launcher = Launcher(tls: tls?.context, log: log, ended: try EndedLoops())
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
        self.tlsSource = tlsSource
        self.loops = loops
        ended = launcher.ended
        admissionAddress = admission.address.withPort(admissionListeners[0].socket.localPort)
        serviceAddress = service.address.withPort(serviceListeners[0].socket.localPort)
    }

    /// Where the TLS material is, if a listener needs it.
    private static func tlsSource(of configuration: Configuration) throws -> TLSSource? {
        guard configuration.admission.address.isSecure || configuration.service.address.isSecure
        else { return nil }
        guard let files = configuration.tls else {
            throw StartError(
                "an https address needs a certificate and its key: "
                    + "--tls-certificate and --tls-private-key")
        }
        return TLSSource(
            files: files, byteLimit: configuration.tlsFileBytes,
            ticketLifetimeSeconds: configuration.ticketLifetimeSeconds)
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
    /// puts changed policies and TLS files into force; SIGHUP has them read at once.
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
        let reloads = reloads(from: source)
        var stage = Stage.serving
        while true {
            let watches = stage.isServing ? reloads.rawValues : []
            let deadline = stage.deadline ?? reloads.deadline
            // Not a poller: connections may have taken every descriptor by now.
            try Poller.waitForAny(
                of: [signals.rawValue, ended.rawValue] + watches,
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
            case .serving: reloads.run(isAsked: next == .hangUp)
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
    /// What keeps the server's policies, and its TLS files if it has any, as their files are.
    func reloads(from source: PolicySource) -> Reloads {
        Reloads(
            source, tlsSource, state: state, loops: loops, log: log, times: configuration.reload)
    }
}
