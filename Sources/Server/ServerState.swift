internal import Policy
internal import Synchronization
internal import Telemetry

/// What the loops of both listeners and the thread that leads them know of each other.
final class ServerState: Sendable {
    /// The program's version, for `cattleguard_build_info`.
    let version: String
    /// The policies in force.
    let policies: PolicySet
    /// The cap on the policies' actions.
    let enforcement: Enforcement
    /// Reloads that failed; none can until there is a reloader, which will be its writer.
    let reloadFailures = Counter()
    /// The metrics of every loop of both listeners.
    let loops: [LoopMetrics]
    /// The metrics of the admission loops' reviews, in the order of the loops.
    let admission: [AdmissionMetrics]
    /// When the certificate expires, in seconds since 1970; nil without TLS.
    let certificateNotAfter: Int64?
    /// How long an admission loop may be silent, in nanoseconds.
    let heartbeatLimit: UInt64
    private let draining = Atomic<Bool>(false)

    init(
        version: String, policies: PolicySet, enforcement: Enforcement, loops: [LoopMetrics],
        admission: [AdmissionMetrics], certificateNotAfter: Int64?, heartbeatLimit: UInt64
    ) {
        self.version = version
        self.policies = policies
        self.enforcement = enforcement
        self.loops = loops
        self.admission = admission
        self.certificateNotAfter = certificateNotAfter
        self.heartbeatLimit = heartbeatLimit
    }

    /// Whether the end has been announced.
    var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// Announces the end.
    func beginDraining() { draining.store(true, ordering: .relaxed) }

    /// How many admission loops have been silent for too long.
    func silentLoops(_ now: UInt64) -> Int {
        loops.count { loop in
            loop.listener == ListenerName.admission
                && !loop.isAlive(now, within: heartbeatLimit)
        }
    }
}

/// The values of the metric label `listener`.
enum ListenerName {
    static let admission = "admission"
    static let service = "service"
}
