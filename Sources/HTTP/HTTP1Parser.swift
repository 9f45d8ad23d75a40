/// Reads the head of an HTTP/1 request (RFC 9112 §2 to §5), strictly, as its bytes arrive.
///
/// It keeps offsets into the connection's buffer and no bytes of its own. Anything two parsers
/// could read differently is refused: that is what request smuggling lives on.
struct HTTP1Parser {
    private let limits: Limits
    /// Where the head begins.
    private var start = 0
    /// Where the line now being read begins.
    private var cursor = 0
    /// Up to where that line was searched for its end.
    private var scanned = 0
    /// How many lines were read; the request line is line 1.
    private var line = 0
    private var skippedEmptyLine = false

    private(set) var method: Method?
    private(set) var version = Version.http11
    /// Nil until the request line is read.
    private(set) var path: Range<Int>?
    private(set) var query: Range<Int>?
    private(set) var entries: [Fields.Entry] = []

    init(limits: Limits) {
        self.limits = limits
    }

    /// Forgets the last head; the next begins at `offset`.
    mutating func begin(at offset: Int) {
        start = offset
        cursor = offset
        scanned = offset
        line = 0
        skippedEmptyLine = false
        method = nil
        path = nil
        query = nil
        entries.removeAll(keepingCapacity: true)
    }

    /// Reads on up to `end`; returns the offset behind the head, or nil while it is incomplete.
    mutating func parse(_ buffer: [UInt8], end: Int) throws(Fault) -> Int? {
        let bytes = buffer.span
        while true {
            while scanned < end, bytes[scanned] != Syntax.lineFeed { scanned += 1 }
            let isComplete = scanned < end
            if line == 0 {
                // What lies beyond the limit must not count, or the fault would depend on how much
                // of it has come.
                try checkTarget(bytes, end: min(scanned, start + limits.headBytes))
            }
            // An incomplete line has at least its line feed yet to come.
            guard scanned - start < limits.headBytes else { throw .headTooLarge(limits) }
            guard isComplete else { return nil }
            guard scanned > cursor, bytes[scanned - 1] == Syntax.carriageReturn else {
                throw bareLineFeed()
            }
            let content = cursor..<(scanned - 1)
            scanned += 1
            cursor = scanned
            if content.isEmpty {
                guard line == 0 else { return cursor }
                // RFC 9112 §2.2: one empty line before the request line is forgiven.
                guard !skippedEmptyLine else {
                    throw .requestLine(
                        "More than one empty line comes before the request line; send none")
                }
                skippedEmptyLine = true
                start = cursor
                continue
            }
            line += 1
            if line == 1 {
                try parseRequestLine(bytes, content)
            } else {
                guard entries.count < limits.fieldCount else { throw .tooManyFields(limits) }
                entries.append(try FieldLine.parse(bytes, content, line: "line \(line)"))
            }
        }
    }

    private func bareLineFeed() -> Fault {
        let detail =
            "Line \(line + 1) ends in a line feed without a carriage return; end lines with CR LF"
        return line == 0 ? .requestLine(detail) : .field(detail)
    }

    /// Finds a target over its limit before its line is complete, and by its own name.
    private func checkTarget(_ bytes: Span<UInt8>, end: Int) throws(Fault) {
        guard end - cursor > limits.targetBytes else { return }
        var offset = cursor
        while offset < end, bytes[offset] != Syntax.space { offset += 1 }
        let target = offset + 1
        guard target <= end else { return }
        offset = target
        while offset < end, bytes[offset] != Syntax.space { offset += 1 }
        guard offset - target <= limits.targetBytes else { throw .targetTooLong(limits) }
    }

    private mutating func parseRequestLine(
        _ bytes: Span<UInt8>, _ line: Range<Int>
    ) throws(Fault) {
        var offset = line.lowerBound
        let token = Syntax.token
        while offset < line.upperBound, token.contains(bytes[offset]) { offset += 1 }
        let name = line.lowerBound..<offset
        guard !name.isEmpty, offset < line.upperBound, bytes[offset] == Syntax.space else {
            throw .requestLine(
                "The request line does not begin with a method of token characters and one space; "
                    + "write METHOD TARGET HTTP/1.1")
        }
        method = Self.method(bytes, name)
        let targetStart = offset + 1
        offset = targetStart
        while offset < line.upperBound, bytes[offset] != Syntax.space { offset += 1 }
        let target = targetStart..<offset
        guard !target.isEmpty, offset < line.upperBound else {
            throw .requestLine(
                "The request line lacks a target or a version; write METHOD TARGET HTTP/1.1")
        }
        try parseVersion(bytes, (offset + 1)..<line.upperBound)
        try parseTarget(bytes, target)
    }

    private static let knownMethods: [(Method, String)] = [
        (.post, "POST"), (.get, "GET"), (.head, "HEAD"), (.put, "PUT"), (.patch, "PATCH"),
        (.delete, "DELETE"), (.options, "OPTIONS"),
    ]

    private static func method(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Method {
        for (method, name) in knownMethods where Syntax.isExactly(bytes, range, name) {
            return method
        }
        return .other(Syntax.text(bytes, range))
    }

    private mutating func parseVersion(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Fault) {
        // HTTP/DIGIT.DIGIT
        let isVersion =
            range.count == 8 && Syntax.isExactly(bytes, range.prefix(5), "HTTP/")
            && Syntax.isDigit(bytes[range.lowerBound + 5])
            && bytes[range.lowerBound + 6] == 0x2E
            && Syntax.isDigit(bytes[range.lowerBound + 7])
        guard isVersion else {
            throw .requestLine(
                "The request line does not end in one space and a version; "
                    + "write METHOD TARGET HTTP/1.1")
        }
        switch (bytes[range.lowerBound + 5], bytes[range.lowerBound + 7]) {
        case (0x31, 0x31): version = .http11
        case (0x31, 0x30): version = .http10
        default: throw .version()
        }
    }

    /// Origin form, absolute form, or `*` for OPTIONS (RFC 9112 §3.2).
    private mutating func parseTarget(_ bytes: Span<UInt8>, _ target: Range<Int>) throws(Fault) {
        if method == .options, target.count == 1, bytes[target.lowerBound] == 0x2A {
            path = target
            return
        }
        let start = try Self.pathStart(bytes, target)
        (path, query) = try Target.split(bytes, start..<target.upperBound)
    }

    /// Where the path begins; behind scheme and authority in absolute form.
    private static func pathStart(_ bytes: Span<UInt8>, _ target: Range<Int>) throws(Fault) -> Int {
        let start = target.lowerBound
        if bytes[start] == Syntax.slash { return start }
        var authority = start
        for (scheme, length): (String, Int) in [("http://", 7), ("https://", 8)]
        where target.count > length
            && Syntax.equals(bytes, start..<(start + length), scheme)
        {
            authority = start + length
        }
        guard authority > start else {
            throw .requestLine(
                "The request target begins with neither / nor http:// nor https://; "
                    + "send the path, as in /validate")
        }
        var offset = authority
        let host = Syntax.host
        while offset < target.upperBound, host.contains(bytes[offset]) { offset += 1 }
        guard offset > authority else {
            throw .requestLine("The request target has no host behind its scheme; name one")
        }
        return offset
    }
}

/// A request target's path and query, the same for both protocols.
enum Target {
    /// Splits a target at its `?`, refusing what RFC 3986 does not allow in it.
    static func split(
        _ bytes: Span<UInt8>, _ target: Range<Int>
    ) throws(Fault) -> (path: Range<Int>, query: Range<Int>?) {
        let allowed = Syntax.target
        var question: Int?
        var offset = target.lowerBound
        guard target.isEmpty || bytes[offset] == Syntax.slash || bytes[offset] == Syntax.question
        else {
            throw .requestLine(
                "The request target's path does not begin with /; send one that does")
        }
        while offset < target.upperBound {
            let byte = bytes[offset]
            guard allowed.contains(byte) else {
                throw .requestLine(
                    "The request target holds the byte \(Syntax.name(byte)) at position "
                        + "\(offset - target.lowerBound); percent-encode it")
            }
            if byte == Syntax.question, question == nil { question = offset }
            offset += 1
        }
        let pathEnd = question ?? target.upperBound
        return (
            target.lowerBound..<pathEnd, question.map { ($0 + 1)..<target.upperBound }
        )
    }
}

/// A field line, in a head or in trailers (RFC 9112 §5).
enum FieldLine {
    /// Reads `name: value`; `line` says which one it is, for the fault.
    static func parse(
        _ bytes: Span<UInt8>, _ range: Range<Int>, line: @autoclosure () -> String
    ) throws(Fault) -> Fields.Entry {
        var offset = range.lowerBound
        let token = Syntax.token
        while offset < range.upperBound, token.contains(bytes[offset]) { offset += 1 }
        let name = range.lowerBound..<offset
        guard offset < range.upperBound, bytes[offset] == Syntax.colon, !name.isEmpty else {
            throw nameFault(bytes, range, at: offset, line: line())
        }
        offset += 1
        let value = offset..<range.upperBound
        while offset < range.upperBound {
            let byte = bytes[offset]
            guard Syntax.isFieldValue(byte) else {
                let what =
                    byte == Syntax.carriageReturn
                    ? "a carriage return without a line feed"
                    : "the control byte \(Syntax.name(byte))"
                throw .field("The field value in \(line()) holds \(what); remove it")
            }
            offset += 1
        }
        return Fields.Entry(name: name, value: Syntax.trimmed(bytes, value))
    }

    private static func nameFault(
        _ bytes: Span<UInt8>, _ range: Range<Int>, at offset: Int, line: String
    ) -> Fault {
        guard offset < range.upperBound else {
            return .field("The field in \(line) has no colon; write NAME: VALUE")
        }
        let byte = bytes[offset]
        let isBlank = byte == Syntax.space || byte == Syntax.tab
        if isBlank, offset == range.lowerBound {
            return .field(
                "The field in \(line) begins with white space, an obsolete continuation of the "
                    + "line before; write each field on one line")
        }
        if isBlank {
            return .field(
                "The field in \(line) has white space in or behind its name; "
                    + "write name and colon together")
        }
        if byte == Syntax.colon {
            return .field("The field in \(line) has no name before its colon; write NAME: VALUE")
        }
        return .field(
            "The field name in \(line) holds the byte \(Syntax.name(byte)); "
                + "use letters, digits and -")
    }
}
