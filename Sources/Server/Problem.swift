internal import Document
internal import HTTP

/// An error as RFC 9457 describes it to machines and people.
struct Problem {
    /// The status code.
    var status: Int
    /// A short name of the kind of problem, the same for every occurrence.
    var title: String
    /// What was wrong this time, and what was expected.
    var detail: String
    /// Further fields of the response.
    var fields: [(name: String, value: String)] = []

    init(
        status: Int, title: String, detail: String,
        fields: [(name: String, value: String)] = []
    ) {
        self.status = status
        self.title = title
        self.detail = detail
        self.fields = fields
    }

    /// The problem of a request that the protocol engine refused.
    init(_ fault: Fault) {
        self.init(status: fault.status, title: fault.title, detail: fault.detail)
        if let seconds = fault.retryAfter { fields.append(("Retry-After", String(seconds))) }
    }

    /// The problem of a full queue: the client may come again in a second.
    static func overloaded(_ detail: String) -> Problem {
        Problem(
            status: 429, title: "Too many requests", detail: detail,
            fields: [("Retry-After", "1")])
    }

    /// The problem of a body of the wrong type.
    static func unsupportedMediaType(_ expected: String) -> Problem {
        Problem(
            status: 415, title: "Unsupported media type",
            detail: "the Content-Type must be \(expected), without a Content-Encoding")
    }

    /// The problem of an Accept field that leaves nothing to answer with.
    static func notAcceptable(_ offered: [String]) -> Problem {
        Problem(
            status: 406, title: "Not acceptable",
            detail: "the answer can be \(offered.joined(separator: ", "))")
    }

    /// The answer: `application/problem+json`.
    func response() -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("type", "about:blank")
        writer.member("title", title)
        writer.member("status", status)
        writer.member("detail", detail)
        writer.endObject()
        return Response(
            status: status, contentType: "application/problem+json",
            fields: fields + Response.unsniffed,
            body: writer.takeBytes())
    }
}

extension Response {
    /// A short text.
    static func text(_ status: Int, _ text: String) -> Response {
        Response(
            status: status, contentType: "text/plain; charset=utf-8", fields: unsniffed,
            body: Array(text.utf8))
    }

    /// What keeps a browser from taking for a page what quotes a stranger's manifest.
    static let unsniffed = [(name: "X-Content-Type-Options", value: "nosniff")]
}
