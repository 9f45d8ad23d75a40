internal import Policy
internal import Telemetry

/// A counter for each exception and each policy it excepts from.
typealias ExceptionCounters = SeriesTable<ExceptionLabels>

/// The labels of an exception's uses.
struct ExceptionLabels: Hashable, Sendable {
    let exception: String
    let policy: String
}

extension ExceptionCounters {
    convenience init(_ policies: PolicySet, carryingOver earlier: ExceptionCounters? = nil) {
        let labels = policies.exceptions.flatMap { exception in
            exception.policies.map { ExceptionLabels(exception: exception.name, policy: $0) }
        }
        self.init(labels, carryingOver: earlier)
    }

    /// Counts a violation that an exception let pass.
    func count(_ excepted: ExceptedViolation) {
        add(
            ExceptionLabels(
                exception: excepted.exception.name, policy: excepted.violation.policy))
    }
}

/// What a scrape tells of exceptions: which are used, which end soon, which are over.
struct ExceptionMetrics {
    private let exceptions: [PolicyException]
    private let counters: [ExceptionCounters]
    private let now: Moment

    /// - Parameters:
    ///   - policies: the set in force.
    ///   - counters: one of each loop, made of that set.
    ///   - now: what the wall clock reads.
    init(_ policies: PolicySet, _ counters: [ExceptionCounters], now: Moment) {
        exceptions = policies.exceptions
        self.counters = counters
        self.now = now
    }

    func write(to out: inout Exposition) {
        out.begin(
            "cattleguard_policy_exceptions_used_total", .counter,
            help: "Violations that an exception let pass.")
        var used: Set<String> = []
        for (index, series) in (counters.first?.all ?? []).enumerated() {
            let sum = counters.reduce(0) { $0 &+ $1.all[index].counter.value }
            if sum > 0 { used.insert(series.labels.exception) }
            out.sample(
                sum,
                [
                    (name: "exception", value: series.labels.exception),
                    (name: "policy", value: series.labels.policy),
                ])
        }
        out.begin(
            "cattleguard_policy_exceptions", .gauge,
            help: "Exceptions by state: active, expiring within a week, or expired.")
        let states = exceptions.map { $0.state(at: now) }
        for state in PolicyException.State.allCases {
            out.sample(
                UInt64(states.count { $0 == state }), [(name: "state", value: state.rawValue)])
        }
        out.begin(
            "cattleguard_policy_exceptions_unused", .gauge,
            help: "Exceptions in force that no review has needed since the process started.")
        let unused = zip(exceptions, states).count { exception, state in
            state != .expired && !used.contains(exception.name)
        }
        out.sample(UInt64(unused))
        out.begin(
            "cattleguard_policy_exception_expiry_timestamp_seconds", .gauge,
            help: "From when on an exception is inert.")
        for exception in exceptions {
            let moment = exception.expiresAt
            out.sample(
                Double(moment.seconds) + Double(moment.nanoseconds) / 1e9,
                [(name: "exception", value: exception.name)])
        }
    }
}
