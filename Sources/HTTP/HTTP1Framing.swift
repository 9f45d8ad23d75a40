/// How long a request's body is and what else its head asks of the connection (RFC 9112 §6, §9).
struct HTTP1Framing: Equatable {
    /// The body's size; 0 without a body. Not meaningful when chunked. `Int.max` when it is larger.
    var contentLength = 0
    /// The body comes in chunks.
    var isChunked = false
    /// The client waits for `100 Continue` before it sends the body.
    var expectsContinue = false
    /// The connection ends after the answer.
    var closes = false
}

extension HTTP1Framing {
    /// What was found of the fields that matter here.
    private struct Findings {
        var hostCount = 0
        var lengthCount = 0
        var lengthsDiffer = false
        var transferEncoding: Int?
    }

    /// Reads the framing from a whole head, refusing every ambiguity.
    init(
        _ bytes: Span<UInt8>, entries: [Fields.Entry], version: Version
    ) throws(Fault) {
        closes = version == .http10
        var found = Findings()
        for index in entries.indices {
            try read(bytes, entries[index], line: index + 2, version, &found)
        }
        if found.hostCount == 0, version == .http11 {
            throw .host("The request has no Host field; HTTP/1.1 requires one")
        }
        if found.lengthCount > 1 {
            let difference = found.lengthsDiffer ? " with different values" : ""
            throw .framing(
                "Content-Length appears \(found.lengthCount) times\(difference); send it once")
        }
        guard let line = found.transferEncoding else { return }
        if found.lengthCount > 0 {
            throw .framing(
                "Both Transfer-Encoding and Content-Length are present; send one of them")
        }
        if version == .http10 {
            throw .framing(
                "Transfer-Encoding in line \(line) is not part of HTTP/1.0; send Content-Length")
        }
    }

    private mutating func read(
        _ bytes: Span<UInt8>, _ entry: Fields.Entry, line: Int, _ version: Version,
        _ found: inout Findings
    ) throws(Fault) {
        let name = entry.name
        let value = entry.value
        switch name.count {
        case 4 where Syntax.equals(bytes, name, "host"):
            found.hostCount += 1
            guard found.hostCount == 1 else {
                throw .host("Host appears more than once; send it once")
            }
            try Self.checkHost(bytes, value, place: "Host in line \(line)")
        case 6 where Syntax.equals(bytes, name, "expect"):
            guard version == .http11 else { return }
            guard Syntax.equals(bytes, value, "100-continue") else {
                throw .expectation("Expect in line \(line)")
            }
            expectsContinue = true
        case 10 where Syntax.equals(bytes, name, "connection"):
            if Self.listsClose(bytes, value) { closes = true }
        case 14 where Syntax.equals(bytes, name, "content-length"):
            let length = try Self.length(
                bytes, value, place: "Content-Length in line \(line)")
            if found.lengthCount > 0, length != contentLength { found.lengthsDiffer = true }
            found.lengthCount += 1
            contentLength = length
        case 17 where Syntax.equals(bytes, name, "transfer-encoding"):
            if found.transferEncoding != nil {
                throw .framing("Transfer-Encoding appears more than once; send it once, as chunked")
            }
            found.transferEncoding = line
            try Self.checkCoding(bytes, value, line: line)
            isChunked = true
        default:
            break
        }
    }

    /// Checks a host and port, of a Host field or of HTTP/2's `:authority`.
    static func checkHost(
        _ bytes: Span<UInt8>, _ value: Range<Int>, place: @autoclosure () -> String
    ) throws(Fault) {
        let allowed = Syntax.host
        for offset in value where !allowed.contains(bytes[offset]) {
            throw .host(
                "\(place()) holds the byte \(Syntax.name(bytes[offset])); "
                    + "write a host name and, where needed, a colon and a port")
        }
    }

    /// The value of a Content-Length: digits only; `Int.max` where it does not fit.
    static func length(
        _ bytes: Span<UInt8>, _ value: Range<Int>, place: @autoclosure () -> String
    ) throws(Fault) -> Int {
        var length = 0
        for offset in value {
            guard Syntax.isDigit(bytes[offset]) else {
                throw .framing(
                    "\(place()) is no decimal number; send digits only")
            }
            let (product, overflows) = length.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(Int(bytes[offset] - 0x30))
            length = overflows || overflowsToo || length == .max ? .max : sum
        }
        if value.isEmpty {
            throw .framing("\(place()) is empty; send a decimal number")
        }
        return length
    }

    private static func checkCoding(
        _ bytes: Span<UInt8>, _ value: Range<Int>, line: Int
    ) throws(Fault) {
        if Syntax.equals(bytes, value, "chunked") { return }
        if value.isEmpty {
            throw .framing("Transfer-Encoding in line \(line) is empty; send exactly \"chunked\"")
        }
        throw .transferCoding(line)
    }

    private static func listsClose(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
        var start = value.lowerBound
        for offset in value.lowerBound...value.upperBound
        where offset == value.upperBound || bytes[offset] == 0x2C {
            let option = Syntax.trimmed(bytes, start..<offset)
            if Syntax.equals(bytes, option, "close") { return true }
            start = offset + 1
        }
        return false
    }
}
