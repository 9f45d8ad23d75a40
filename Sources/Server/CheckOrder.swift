internal import Document
package import HTTP
package import Policy
internal import Report

/// What a request to the check route asks for, and its answer, whichever thread gives it.
package struct CheckOrder: Sendable {
    private let body: Body
    private let format: CheckSource.Format
    private let namespace: String
    /// The place of the report's format among all formats.
    private let reportFormat: Int
    /// Whether a denial is answered with 422.
    private let failsOnDenial: Bool

    /// Why a request asks for nothing that can be done.
    package struct Refusal: Error {
        /// The answer: a 400, 406 or 415 that says what was expected.
        package let response: Response

        fileprivate init(_ problem: Problem) { response = problem.response() }

        fileprivate init(query detail: String) {
            self.init(Problem(status: 400, title: "Bad query", detail: detail))
        }
    }

    /// What one check may take: less than the command's, for it shares the Pod's memory.
    private static let limits = {
        var limits = CheckLimits()
        limits.json.nodes = 250_000
        limits.yaml.nodes = 250_000
        limits.listed = 2_000
        return limits
    }()

    private static let yamlTypes = [
        "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml",
    ]

    /// Reads the query and the fields; the body is read when the answer is made.
    package init(_ request: Request) throws(Refusal) {
        let query = Query(request.query)
        let namespace = query["namespace"] ?? "default"
        guard NamespaceName.isValid(namespace) else {
            throw Refusal(query: "namespace is \(NamespaceName.expectation)")
        }
        let fail = query["fail"] ?? "false"
        guard fail == "true" || fail == "false" else {
            throw Refusal(query: "fail is true or false")
        }
        body = request.body
        format = try Self.sourceFormat(request.fields)
        self.namespace = namespace
        reportFormat = try Self.reportFormat(query["format"], request.fields["accept"])
        failsOnDenial = fail == "true"
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

    /// Judges the body. One in which no object could be judged is a bad request; where some could,
    /// the report says what could not.
    package func response(by policies: PolicySet, at moment: Moment) -> Response {
        var check = Check(
            policies: policies, at: moment, namespace: namespace, limits: Self.limits)
        check.judge(CheckSource(name: "<body>", bytes: Array(body.bytes), format: format))
        let report = check.finish()
        if report.counts.objects == 0, let problem = report.problems.first {
            let place = problem.position.map { "line \($0.line), column \($0.column): " } ?? ""
            return Problem(
                status: 400, title: "Nothing could be checked", detail: place + problem.message
            ).response()
        }
        let format = ReportFormats.all[reportFormat]
        let isFailure = failsOnDenial && report.outcome >= .denied
        return Response(
            status: isFailure ? 422 : 200, contentType: format.mediaType,
            fields: Response.unsniffed, body: format.write(report))
    }
}
