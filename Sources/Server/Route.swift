internal import HTTP

/// What can be asked of the server, and the closed set of values of the metric label `route`.
enum Route: String, CaseIterable, Sendable {
    case validate = "/validate"
    case healthz = "/healthz"
    case check = "/v1/check"
    case policies = "/v1/policies"
    case metrics = "/metrics"
    case livez = "/livez"
    case readyz = "/readyz"
    case openAPI = "/openapi.yaml"
    case root = "/"
    /// Any other path, and requests that were refused before their path was read.
    case other = "other"

    /// The routes of the admission listener.
    static let admission: [Route] = [.validate, .healthz]
    /// The routes of the service listener.
    static let service: [Route] = [
        .check, .policies, .metrics, .livez, .readyz, .openAPI, .root,
    ]

    /// The method that the route answers to; HEAD comes with GET (RFC 9110, section 9.3.2).
    var method: Method {
        switch self {
        case .validate, .check: .post
        case .healthz, .policies, .metrics, .livez, .readyz, .openAPI, .root, .other: .get
        }
    }

    /// The route's place in the tables of counters.
    var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// The route at a path; nil where there is none, and where the path is not known.
    static func at(_ path: String?, among routes: [Route]) -> Route? {
        routes.first { $0.rawValue == path }
    }

    /// The answer of a listener that serves only these routes to whoever asks for another.
    static func notFound(among routes: [Route]) -> Response {
        let known = routes.map(\.rawValue).joined(separator: ", ")
        return Problem(
            status: 404, title: "Not found",
            detail: "there is nothing at this path; this listener serves \(known)"
        ).response()
    }

    /// Finds the route of a request, or the answer that says why there is none.
    static func find(_ request: Request, among routes: [Route]) -> RouteMatch {
        guard let route = at(request.path, among: routes) else {
            return .none(Answer(.other, notFound(among: routes)))
        }
        if request.method == route.method || route.method == .get && request.method == .head {
            return .route(route)
        }
        let allowed = route.method == .get ? "GET, HEAD" : "POST"
        let problem = Problem(
            status: 405, title: "Method not allowed",
            detail: "\(route.rawValue) takes \(allowed)", fields: [("Allow", allowed)])
        return .none(Answer(route, problem.response()))
    }
}

/// What came of looking for a route.
enum RouteMatch {
    /// The route, whose method is right.
    case route(Route)
    /// No route: answer with this.
    case none(Answer)
}

/// An answer and the route it belongs to, for the counters.
struct Answer: Sendable {
    let route: Route
    let response: Response

    init(_ route: Route, _ response: Response) {
        self.route = route
        self.response = response
    }
}
