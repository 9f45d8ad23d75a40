import Document
import HTTP
import Policy
import Report
import Server

/// Manifests in both languages, reported in every format; or, where the input begins with `?`, a
/// request to the check route: the query, the fields a line each, an empty line, the body.
func fuzzCheck(_ bytes: [UInt8], _ policies: PolicySet) {
    if bytes.first == UInt8(ascii: "?") { return fuzzCheckRoute(bytes.dropFirst(), policies) }
    for format in [CheckSource.Format.yaml, .json] {
        let report = check(bytes, format, policies)
        require(check(bytes, format, policies) == report, "another report at the second time")
        let counts = report.counts
        require(
            report.findings.count <= counts.violations && report.problems.count <= counts.problems,
            "more is listed than counted")
        // What is read as YAML may have turned out to be JSON.
        let places = [Places(of: bytes, language: .json), Places(of: bytes, language: .yaml)]
        for position in report.problems.compactMap(\.position) {
            require(places.contains { $0.contains(position) }, "\(position) is not in the text")
        }
        for writer in ReportFormats.all {
            checkReport(writer.write(report), writer.mediaType)
        }
    }
}

private func check(
    _ bytes: [UInt8], _ format: CheckSource.Format, _ policies: PolicySet
) -> CheckReport {
    var check = Check(policies: policies, at: sampleMoment, namespace: "default")
    check.judge(CheckSource(name: "<body>", bytes: bytes, format: format))
    return check.finish()
}

/// Whatever is asked for in whatever words, the answer is one that openapi.yaml knows; and the same
/// again.
private func fuzzCheckRoute(_ bytes: ArraySlice<UInt8>, _ policies: PolicySet) {
    let request = checkRequest(bytes)
    let response = answer(request, policies)
    require(answer(request, policies).body == response.body, "another answer the second time")
    guard let type = response.contentType else { fatalError("an answer of no type") }
    switch response.status {
    case 200, 422: checkReport(response.body, type)
    case 400, 406, 415:
        require(type == "application/problem+json", "a problem of type \(type)")
        readOwnJSON(response.body) { problem in
            require(problem["status"]?.integer == response.status, "another status")
            require(problem["title"]?.isEmptyString == false, "a problem without a title")
            require(problem["detail"]?.isEmptyString == false, "a problem without a reason")
        }
    default: fatalError("\(response.status) is no answer of this route")
    }
}

private func answer(_ request: Request, _ policies: PolicySet) -> Response {
    do throws(CheckOrder.Refusal) {
        return try CheckOrder(request).response(by: policies, at: sampleMoment)
    } catch {
        require(![200, 422].contains(error.response.status), "refused, and not")
        return error.response
    }
}

private func checkRequest(_ bytes: ArraySlice<UInt8>) -> Request {
    var rest = bytes
    func line() -> String? {
        guard let end = rest.firstIndex(of: 0x0A) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
    let query = line()
    var fields: [(name: String, value: String)] = []
    while let text = line(), !text.isEmpty {
        let name = text.prefix { $0 != ":" }
        fields.append((name.lowercased(), String(text.dropFirst(name.count + 1))))
    }
    return Request(
        id: RequestID(1), method: .post, path: "/v1/check", query: query,
        fields: Fields(fields), body: Body(Array(rest)))
}

/// JSON is JSON; text holds nothing that a terminal would obey.
private func checkReport(_ body: [UInt8], _ type: String) {
    require(body.last == 0x0A, "a report without a last line break")
    if type.hasPrefix("application/json") {
        readOwnJSON(body) { _ in }
    } else {
        require(type.hasPrefix("text/plain"), "a report of type \(type)")
        let text = String(decoding: body, as: UTF8.self)
        require(Array(text.utf8) == body, "a text that is not UTF-8")
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar == "\n" || scalar.properties.generalCategory != .control
        }
        require(isPlain, "a control character in a text: \(text)")
    }
}
