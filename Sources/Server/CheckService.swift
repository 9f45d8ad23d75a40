internal import Document
internal import HTTP
internal import Policy
internal import Posix
internal import Report

/// The check service: manifests judged as the webhook would judge their creation, on threads of
/// their own.
///
/// The loop reads what is asked for and refuses what cannot be done; a worker does the rest.
final class CheckService: Sendable {
    /// What a request asks for.
    struct Order: Sendable {
        let body: Body
        let format: CheckSource.Format
        let namespace: String
        /// The place of the report's format among all formats.
        let reportFormat: Int
        /// Whether a denial is answered with 422.
        let failsOnDenial: Bool
        let reply: Reply
    }

    private static let yamlTypes = [
        "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml",
    ]

    private let workers: Workers<Order>

    /// What one check may take: less than the command's, for it shares the Pod's memory.
    private static let limits = {
        var limits = CheckLimits()
        limits.json.nodes = 250_000
        limits.yaml.nodes = 250_000
        limits.listed = 2_000
        return limits
    }()

    /// Starts the threads, which judge each manifest by the policies that are in force then.
    ///
    /// - Parameters:
    ///   - threads: How many.
    ///   - queueLength: How many checks may wait for one of them.
    ///   - peerShare: How many of those may be one peer's.
    init(
        state: ServerState, threads: Int, queueLength: Int, peerShare: Int
    ) throws(SystemError) {
        workers = try Workers.start(count: threads, capacity: queueLength, share: peerShare) {
            { order in
                let policies = state.policyStatus.loaded.set
                order.reply.send(Answer(.check, Self.response(to: order, policies)))
            }
        }
    }

    /// Ends the threads.
    func stop() { workers.stop() }

    /// Takes a request on, or says at once why not.
    func refuse(
        _ request: Request, reply: Reply, countShed: (LoopMetrics.Shed) -> Void
    ) -> Response? {
        let order: Order
        do throws(Refusal) {
            order = try Self.order(request, reply: reply)
        } catch {
            return error.problem.response()
        }
        switch workers.submit(order, of: reply.peer) {
        case .taken:
            return nil
        case .isFull:
            countShed(.checkQueue)
            return Problem.overloaded("too many checks are waiting; come again").response()
        case .ownerHasItsShare:
            countShed(.peerChecks)
            return Problem.overloaded(
                "too many checks of your address are waiting; come again"
            ).response()
        }
    }

    private struct Refusal: Error {
        let problem: Problem

        init(_ problem: Problem) { self.problem = problem }

        init(query detail: String) {
            problem = Problem(status: 400, title: "Bad query", detail: detail)
        }
    }

    private static func order(_ request: Request, reply: Reply) throws(Refusal) -> Order {
        let query = Query(request.query)
        let namespace = query["namespace"] ?? "default"
        guard NamespaceName.isValid(namespace) else {
            throw Refusal(query: "namespace is \(NamespaceName.expectation)")
        }
        let fail = query["fail"] ?? "false"
        guard fail == "true" || fail == "false" else {
            throw Refusal(query: "fail is true or false")
        }
        return Order(
            body: request.body, format: try sourceFormat(request.fields), namespace: namespace,
            reportFormat: try reportFormat(query["format"], request.fields["accept"]),
            failsOnDenial: fail == "true", reply: reply)
    }

    private static func sourceFormat(_ fields: Fields) throws(Refusal) -> CheckSource.Format {
        let type = MediaType.essence(of: fields["content-type"] ?? "")
        if MediaType.isUnencoded(fields) {
            if type == "application/json" { return .json }
            if yamlTypes.contains(type) { return .yaml }
        }
        throw Refusal(.unsupportedMediaType("application/yaml or application/json"))
    }

    /// The place of the format that the query names or, without one, that Accept likes best.
    private static func reportFormat(
        _ name: String?, _ accept: String?
    ) throws(Refusal) -> Int {
        let formats = ReportFormats.all
        if let name {
            let names = formats.map { $0.name }
            if let index = names.firstIndex(of: name) { return index }
            throw Refusal(query: "format is one of \(names.joined(separator: ", "))")
        }
        // Programs that accept everything get JSON.
        let json = formats.firstIndex { $0.name == "json" } ?? 0
        let order = [json] + formats.indices.filter { $0 != json }
        let offers = order.map { MediaType.essence(of: formats[$0].mediaType) }
        guard let choice = MediaType.preferred(accept, of: offers) else {
            throw Refusal(.notAcceptable(offers))
        }
        return order[choice]
    }

    /// Does an order. A body in which no object could be judged is a bad request; where some
    /// could, the report says what could not.
    private static func response(to order: Order, _ policies: PolicySet) -> Response {
        var check = Check(
            policies: policies, at: .now(), namespace: order.namespace, limits: limits)
        check.judge(
            CheckSource(
                name: "<body>", bytes: Array(order.body.bytes), format: order.format))
        let report = check.finish()
        if report.counts.objects == 0, let problem = report.problems.first {
            let place = problem.position.map { "line \($0.line), column \($0.column): " } ?? ""
            return Problem(
                status: 400, title: "Nothing could be checked", detail: place + problem.message
            ).response()
        }
        let format = ReportFormats.all[order.reportFormat]
        let isFailure = order.failsOnDenial && report.outcome >= .denied
        return Response(
            status: isFailure ? 422 : 200, contentType: format.mediaType,
            fields: Response.unsniffed, body: format.write(report))
    }
}
