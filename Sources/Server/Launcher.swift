internal import Document
internal import HTTP
internal import Posix
internal import Synchronization
internal import TLS
internal import Telemetry

/// A loop on its thread, and how to reach it.
struct RunningLoop: Sendable {
    let mailbox: Mailbox
    let thread: Thread
}

/// How many loops have ended, and the bell that says so.
final class EndedLoops: Sendable {
    private let ended = Atomic<Int>(0)
    private let bell: Wakeup

    init() throws(SystemError) { bell = try Wakeup() }

    var rawValue: Int32 { bell.rawValue }

    /// How many there are now; the bell is silent until there is another.
    func count() -> Int {
        bell.drain()
        return ended.load(ordering: .acquiring)
    }

    func add() {
        ended.add(1, ordering: .releasing)
        bell.signal()
    }
}

/// What all loops are started with.
struct Launcher: Sendable {
    let tls: TLSContext?
    let log: LogWriter
    let ended: EndedLoops
    /// For each loop that has been made, or not: nil, or why not.
    private let made = Lock<[SystemError?]>([])

    init(tls: TLSContext?, log: LogWriter, ended: EndedLoops) {
        self.tls = tls
        self.log = log
        self.ended = ended
    }

    /// Waits until so many loops have been made: only then is the server ready.
    func wait(for count: Int) throws(SystemError) {
        let outcomes = made.wait { $0.count == count ? $0 : nil } ?? []
        for case let error? in outcomes { throw error }
    }

    /// Loops need little stack: nothing on the way of a request recurses.
    private static let stackSize = 1 << 20

    /// Starts a thread and a loop for each of a listener's sockets.
    func start(
        _ configuration: ListenerConfiguration, _ listeners: [Listener], _ metrics: [LoopMetrics],
        makeHandler: @escaping @Sendable (Int, LoopLog) -> any RequestHandler
    ) throws(SystemError) -> [RunningLoop] {
        let connectionLimit = ConnectionLimit(capacity: configuration.connectionLimit)
        let peerLimit = configuration.connectionsPerPeer.map { PeerLimit(capacity: $0) }
        let budget = ByteBudget(capacity: configuration.byteBudget)
        let neighbours = Neighbours()
        var loops: [RunningLoop] = []
        for (index, listener) in listeners.enumerated() {
            let mailbox = try Mailbox()
            neighbours.add(mailbox)
            let settings = LoopSettings(
                listener: configuration, tls: configuration.address.isSecure ? tls : nil,
                budget: budget, connectionLimit: connectionLimit, peerLimit: peerLimit,
                metrics: metrics[index], mailbox: mailbox, neighbours: neighbours)
            // Handed over through a box, because the thread's closure outlives the listener.
            let box = Lock<Listener?>(listener)
            let thread = try Thread.spawn(
                name: "\(metrics[index].listener)-\(index)", stackSize: Self.stackSize
            ) {
                run(settings, box) { makeHandler(index, $0) }
            }
            loops.append(RunningLoop(mailbox: mailbox, thread: thread))
        }
        return loops
    }

    private func run(
        _ settings: LoopSettings, _ box: Lock<Listener?>,
        makeHandler: (LoopLog) -> any RequestHandler
    ) {
        defer { ended.add() }
        guard let listener = box.withLock({ $0.take() }) else { return }
        let loopLog = LoopLog(log)
        do throws(SystemError) {
            let loop = try EventLoop(
                settings, listener: listener, handler: makeHandler(loopLog), log: loopLog)
            report(nil)
            loop.run()
        } catch {
            report(error)
        }
    }

    private func report(_ outcome: SystemError?) {
        made.withLock { $0.append(outcome) }
        made.notifyAll()
    }
}
