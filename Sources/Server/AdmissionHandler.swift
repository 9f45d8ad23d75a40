internal import Admission
internal import Document
internal import HTTP
internal import Policy
internal import Posix
internal import Telemetry

/// The admission listener's answers: reviews, judged on the loop itself, and the kubelet's probe.
final class AdmissionHandler: RequestHandler {
    let routes = Route.admission
    private let state: ServerState
    private let reviewer: Reviewer
    private let metrics: AdmissionMetrics
    private let loopMetrics: LoopMetrics
    private let memory: ReviewMemory
    private var counters: PolicyCounters
    private let log: LoopLog
    /// The kinds of uncovered workloads that the log has named.
    private var namedKinds: Set<GroupKind> = []

    /// How many of them are remembered. Anybody who may define a kind may send many: past this, the
    /// metric alone tells.
    private static let maximumNamedKinds = 64

    /// A handler for the `index`-th of the admission loops.
    init(
        state: ServerState, index: Int, memory: ReviewMemory, loopMetrics: LoopMetrics, log: LoopLog
    ) {
        self.memory = memory
        self.state = state
        self.loopMetrics = loopMetrics
        let status = state.policyStatus
        reviewer = Reviewer(policies: status.loaded.set)
        counters = status.counters[index]
        metrics = state.admission[index]
        self.log = log
    }

    func answer(_ request: Request, from client: String?, reply: Reply) -> Answer? {
        switch Route.find(request, among: routes) {
        case .none(let answer): answer
        case .route(let route): Answer(route, response(to: request, from: client, at: route))
        }
    }

    func adopt(_ rollout: Rollout) {
        reviewer.policies = rollout.policies
        counters = rollout.counters
        rollout.confirmations.add()
    }

    private func response(
        to request: Request, from client: String?, at route: Route
    ) -> Response {
        switch route {
        case .validate: validate(request, from: client)
        // The kernel spreads connections over the loops: whichever hears the probe speaks for all.
        case .healthz: state.hangingLoops() ?? .text(200, "ok\n")
        case .check, .policies, .metrics, .livez, .readyz, .openAPI, .root, .other:
            Route.notFound(among: routes)
        }
    }

    private func validate(_ request: Request, from client: String?) -> Response {
        guard let type = request.fields["content-type"],
            MediaType.essence(of: type) == "application/json",
            MediaType.isUnencoded(request.fields)
        else { return Problem.unsupportedMediaType("application/json").response() }
        let start = Clock.monotonicNanoseconds()
        guard
            ClientTimeout(query: request.query).allows(
                byteCount: request.body.count, elapsed: start &- request.arrival)
        else {
            loopMetrics.countShed(.deadline)
            return Problem.overloaded("the time that the timeout gives is over").response()
        }
        do throws(InvalidReview) {
            let body = try memory.withMemory(forBody: request.body.count) {
                () throws(InvalidReview) in
                try reviewer.review(
                    request.body.storage, request.body.range, at: .now()
                ) { decision in
                    let took = Clock.monotonicNanoseconds() &- start
                    note(decision, from: client, nanoseconds: took)
                    return decision.body
                }
            }
            guard let body else {
                loopMetrics.countShed(.reviewMemory)
                return Problem.overloaded("other large reviews are being judged").response()
            }
            return Response(status: 200, contentType: "application/json", body: body)
        } catch {
            metrics.count(nil, .invalid, nanoseconds: Clock.monotonicNanoseconds() &- start)
            log.write(.warning, "invalid review") { writer in
                writer.member("reason", error.description)
            }
            return Problem(
                status: 400, title: "Not an AdmissionReview", detail: error.description
            ).response()
        }
    }

    /// Counts a decision and writes its line.
    private func note(
        _ decision: borrowing Decision, from client: String?, nanoseconds: UInt64
    ) {
        let subject = decision.subject
        let verdict = decision.verdict
        let outcome: AdmissionMetrics.Decision = verdict.isAllowed ? .allowed : .denied
        metrics.count(subject.operation, outcome, nanoseconds: nanoseconds)
        counters.violations.count(verdict.objections)
        for excepted in verdict.excepted { counters.exceptions.count(excepted) }
        for notice in verdict.notices { counters.grants.count(notice) }
        if verdict.isMirrorPod { metrics.mirrorPods.add() }
        if verdict.isUncoveredWorkload { noteUncovered(subject.kind) }

        let kind = subject.kind.description
        let resource = subject.subresource
        log.write(
            DecisionRecord(
                texts: [
                    ("uid", .node(decision.uid)),
                    ("operation", .text(subject.operation.rawValue)),
                    ("kind", .text(kind)),
                    ("subresource", resource.isEmpty ? nil : .text(resource)),
                    ("namespace", .text(subject.namespace)),
                    ("name", .text(subject.name)),
                    ("user", subject.user.map { .node($0) }),
                    ("client", client.map { .text($0) }),
                    ("notice", notice(in: verdict)),
                ],
                decision: outcome.rawValue,
                findingCount: verdict.objections.count,
                exceptions: Self.exceptions(in: verdict), durationNanoseconds: nanoseconds)
        ) { index in
            let objection = verdict.objections[index]
            return DecisionRecord.Finding(
                policy: objection.policy.name, rule: objection.rule,
                field: objection.words.path(in: verdict.text),
                action: objection.policy.gravestAction.rawValue)
        }
    }

    /// The names of the exceptions that were used, each once.
    private static func exceptions(in verdict: Verdict) -> [String] {
        var names: [String] = []
        for excepted in verdict.excepted where !names.contains(excepted.exception.name) {
            names.append(excepted.exception.name)
        }
        return names
    }

    /// Counts an object whose pod template no rule saw, and names its kind once.
    private func noteUncovered(_ kind: GroupKind) {
        metrics.uncoveredWorkloads.add()
        guard namedKinds.count < Self.maximumNamedKinds, namedKinds.insert(kind).inserted else {
            return
        }
        log.write(.warning, "uncovered workload") { writer in
            writer.member("group", kind.group)
            writer.member("kind", kind.kind)
            writer.member(
                "do", "its Pod template is seen by no rule: describe the kind in a WorkloadKind")
        }
    }

    /// What was let through by an explicit grant; nil for nearly all reviews.
    private func notice(in verdict: Verdict) -> LogText? {
        if verdict.notices.isEmpty { return nil }
        let texts = verdict.notices.map { "\($0.policy): \($0.kind): \($0.message)" }
        return .text(texts.joined(separator: "; "))
    }
}
