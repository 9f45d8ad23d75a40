internal import HTTP
internal import Policy
internal import Report
internal import Telemetry

/// The service listener's answers: policies, health and metrics, for people and machines.
final class ServiceHandler: RequestHandler {
    let routes = Route.service
    private let state: ServerState
    private let check: CheckService
    private let metrics: LoopMetrics

    init(state: ServerState, check: CheckService, metrics: LoopMetrics) {
        self.state = state
        self.check = check
        self.metrics = metrics
    }

    func answer(_ request: Request, from client: String?, reply: Reply) -> Answer? {
        switch Route.find(request, among: routes) {
        case .none(let answer): answer
        case .route(let route):
            response(to: request, at: route, reply: reply).map { Answer(route, $0) }
        }
    }

    /// The answer at once, or nil where a worker gives it later.
    private func response(to request: Request, at route: Route, reply: Reply) -> Response? {
        switch route {
        case .check:
            check.refuse(request, reply: reply) { metrics.countShed($0) }
        case .policies: policies(request)
        case .metrics: scrape(request)
        case .livez: state.hangingLoops() ?? .text(200, "alive\n")
        case .readyz:
            state.isDraining
                ? .text(503, "draining\n") : .text(200, state.readiness)
        case .openAPI:
            Response(
                status: 200, contentType: "application/yaml",
                body: PackageResources.openapi_yaml)
        case .root:
            Response(
                status: 200, contentType: "text/html; charset=utf-8", fields: LandingPage.fields,
                body: Array(LandingPage.html.utf8))
        case .validate, .healthz, .other: Route.notFound(among: routes)
        }
    }

    /// The format that Accept likes best; one that takes neither gets the older, as scrapers
    /// expect.
    private func scrape(_ request: Request) -> Response {
        let choice = MediaType.preferred(
            request.fields["accept"], of: ["text/plain", "application/openmetrics-text"])
        let format: Exposition.Format = choice == 1 ? .openMetrics : .prometheus
        return Response(
            status: 200, contentType: format.contentType,
            body: Scrape.text(state, format: format))
    }

    private func policies(_ request: Request) -> Response {
        let offers = ["application/json"]
        guard MediaType.preferred(request.fields["accept"], of: offers) != nil else {
            return Problem.notAcceptable(offers).response()
        }
        return Response(
            status: 200, contentType: "application/json",
            body: PolicyListing(state.policyStatus.loaded.set, at: .now()).text(.json))
    }
}
