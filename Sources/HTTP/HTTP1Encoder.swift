/// Writes HTTP/1.1 answers straight behind one another into one buffer (RFC 9112 §4).
enum HTTP1Encoder {
    /// The interim answer that asks for the body (RFC 9110 §15.2.1).
    static func appendContinue(to output: inout [UInt8]) {
        output += "HTTP/1.1 100 Continue\r\n\r\n".utf8
    }

    /// Appends an answer; `omittingBody` in answer to HEAD, `closing` where the connection ends.
    static func append(
        _ response: Response, to output: inout [UInt8], omittingBody: Bool, closing: Bool,
        date: String?
    ) {
        // RFC 9110 §8.6: 204 and 304 have neither content nor, from us, its length.
        let hasContent = response.status != 204 && response.status != 304
        output.reserveCapacity(output.count + response.body.count + 256)
        output += "HTTP/1.1 ".utf8
        appendDecimal(response.status, to: &output)
        output.append(Syntax.space)
        output += reason(response.status).utf8
        output += "\r\n".utf8
        if let date { append("Date", date, to: &output) }
        if let type = response.contentType { append("Content-Type", type, to: &output) }
        if hasContent {
            output += "Content-Length: ".utf8
            appendDecimal(response.body.count, to: &output)
            output += "\r\n".utf8
        }
        for field in response.fields { append(field.name, field.value, to: &output) }
        if closing { output += "Connection: close\r\n".utf8 }
        output += "\r\n".utf8
        if hasContent, !omittingBody { output += response.body }
    }

    private static func append(_ name: String, _ value: String, to output: inout [UInt8]) {
        output += name.utf8
        output.append(Syntax.colon)
        output.append(Syntax.space)
        let start = output.count
        output += value.utf8
        // A line end in a value would begin another field (response splitting).
        for offset in start..<output.count where !Syntax.isFieldValue(output[offset]) {
            output[offset] = Syntax.space
        }
        output += "\r\n".utf8
    }

    static func appendDecimal(_ number: Int, to output: inout [UInt8]) {
        if number >= 10 { appendDecimal(number / 10, to: &output) }
        output.append(UInt8(truncatingIfNeeded: 0x30 + number % 10))
    }

    /// The reason phrase; clients ignore it, people read it.
    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
