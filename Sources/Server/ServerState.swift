internal import HTTP
internal import Policy
internal import Posix
internal import Synchronization
internal import Telemetry

/// What the loops of both listeners and the thread that leads them know of each other.
final class ServerState: Sendable {
    /// The program's version, for `cattleguard_build_info`.
    let version: String
    /// The cap on the policies' actions.
    let enforcement: Enforcement
    /// How often policies were read while serving.
    let policyReloads = ReloadCounters()
    /// How often TLS files were read while serving.
    let tlsReloads = ReloadCounters()
    /// The metrics of every loop of both listeners.
    let loops: [LoopMetrics]
    /// The metrics of the admission loops' reviews, in the order of the loops.
    let admission: [AdmissionMetrics]
    /// How long an admission loop may be silent, in nanoseconds.
    let heartbeatLimit: UInt64
    private let policies: Lock<PolicyStatus>
    private let tls: Lock<TLSStatus?>
    private let draining = Atomic<Bool>(false)

    init(
        version: String, policies: PolicyStatus, enforcement: Enforcement, loops: [LoopMetrics],
        admission: [AdmissionMetrics], tls: TLSStatus?, heartbeatLimit: UInt64
    ) {
        self.version = version
        self.policies = Lock(policies)
        self.enforcement = enforcement
        self.loops = loops
        self.admission = admission
        self.tls = Lock(tls)
        self.heartbeatLimit = heartbeatLimit
    }

    /// The policies in force and what there is to say of them. Not for the way of a review: each
    /// admission loop has its own reference.
    var policyStatus: PolicyStatus { policies.withLock { $0 } }

    /// Replaces the status; for the thread that leads the loops.
    func setPolicyStatus(_ status: PolicyStatus) { policies.withLock { $0 = status } }

    /// The certificate in use and what there is to say of it; nil without TLS.
    var tlsStatus: TLSStatus? { tls.withLock { $0 } }

    /// Replaces the status; for the thread that leads the loops.
    func setTLSStatus(_ status: TLSStatus) { tls.withLock { $0 = status } }

    /// What `/readyz` says: the server is ready by the old policies and certificate, too.
    var readiness: String {
        let warnings = [policyStatus.warning, tlsStatus?.warning].compactMap(\.self)
        return warnings.isEmpty ? "ready\n" : warnings.joined()
    }

    /// Whether the end has been announced.
    var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// Announces the end.
    func beginDraining() { draining.store(true, ordering: .relaxed) }

    /// The answer that names the admission loops, as their threads are named, which have been
    /// silent for too long; nil while there are none.
    func hangingLoops() -> Response? {
        let now = Clock.monotonicNanoseconds()
        let names = loops.filter { $0.listener == ListenerName.admission }.enumerated()
            .filter { !$0.element.isAlive(now, within: heartbeatLimit) }
            .map { "\(ListenerName.admission)-\($0.offset)" }
        if names.isEmpty { return nil }
        let verb = names.count == 1 ? "does" : "do"
        return .text(503, "\(names.joined(separator: ", ")) \(verb) not turn\n")
    }
}

/// How often files were read while serving, and with what success; the thread that leads writes.
final class ReloadCounters: Sendable {
    /// Times that they were read.
    let attempts = Counter()
    /// Times that what was read was refused.
    let failures = Counter()
}

/// The values of the metric label `listener`.
enum ListenerName {
    static let admission = "admission"
    static let service = "service"
}
