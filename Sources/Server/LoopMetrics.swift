internal import Synchronization
internal import Telemetry

/// What one loop counts. The loop alone writes, a scrape reads.
final class LoopMetrics: Sendable {
    /// Why a request was refused for want of room.
    enum Shed: Int, CaseIterable {
        /// The bytes that all bodies may hold together are taken.
        case bodyBudget
        /// The queue of checks is full.
        case checkQueue
        /// The peer's address has its share of the checks.
        case peerChecks
        /// Answers that peers have yet to take hold what this one would need.
        case answerBudget
        /// The time that the client gives is over, or would be before the work is done.
        case deadline
        /// The trees of other large reviews take what this one would need.
        case reviewMemory
    }

    /// The listener's name, a label value.
    let listener: String
    /// Requests by route and class of status.
    let requests = CounterTable([
        (name: "route", values: Route.allCases.map(\.rawValue)),
        (name: "status_class", values: ["2xx", "3xx", "4xx", "5xx"]),
    ])
    /// Connections now open.
    let connections = Gauge()
    /// Connections accepted so far.
    let accepted = Counter()
    /// Connections closed to make room for others.
    let evicted = Counter()
    /// Connections closed as they came: their peer's address has its share.
    let refused = Counter()
    /// Times that accepting was put off, for want of descriptors or of room under the limit.
    let acceptPauses = Counter()
    /// Handshakes that failed.
    let handshakeFailures = Counter()
    /// Connections closed because a deadline passed, by the deadline's name.
    let timeouts = CounterTable([
        (name: "deadline", values: Deadlines.Kind.allCases.map { "\($0)" })
    ])
    /// Requests refused for want of room.
    let shed = CounterTable([
        (
            name: "reason",
            values: [
                "body_budget", "check_queue", "peer_checks", "answer_budget", "deadline",
                "review_memory",
            ]
        )
    ])
    /// Log lines that found no room.
    let droppedLogLines = Gauge()
    /// When the loop last turned, in nanoseconds of the monotonic clock.
    private let lastTurn = Atomic<UInt64>(0)

    /// Zeros; the loop counts as alive from `now` on, in nanoseconds of the monotonic clock.
    init(listener: String, now: UInt64) {
        self.listener = listener
        beat(now)
    }

    /// Counts an answered request.
    func countRequest(_ route: Route, status: Int) {
        requests[route.index, min(max(status / 100 - 2, 0), 3)].add()
    }

    /// Counts a request refused for want of room.
    func countShed(_ reason: Shed) { shed[reason.rawValue].add() }

    /// Notes that the loop is alive.
    func beat(_ now: UInt64) { lastTurn.store(now, ordering: .relaxed) }

    /// Whether the loop has turned within the last `nanoseconds`.
    func isAlive(_ now: UInt64, within nanoseconds: UInt64) -> Bool {
        let turn = lastTurn.load(ordering: .relaxed)
        return turn &+ nanoseconds >= now
    }
}
