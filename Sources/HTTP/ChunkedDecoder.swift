/// Takes the chunked coding off a body, in place (RFC 9112 §7.1): the content moves down over the
/// chunk lines, so the buffer never holds the body twice.
struct ChunkedDecoder {
    private enum State {
        case sizeLine
        case data(remaining: Int)
        case dataEnd
        case trailers
        case done
    }

    private let limits: Limits
    private var state = State.sizeLine
    /// Where the body begins and up to where it is decoded.
    private(set) var body: Range<Int>
    /// The next byte to read.
    private(set) var cursor: Int
    private var trailerBytes = 0
    private var trailerCount = 0
    private var chunkCount = 0

    init(limits: Limits, at offset: Int) {
        self.limits = limits
        body = offset..<offset
        cursor = offset
    }

    /// Decodes up to `end`; true when the body and its trailers are complete. While they are not,
    /// what is left unread (a part of a line) is moved down behind the body and `end` with it.
    mutating func decode(
        _ buffer: inout [UInt8], end: inout Int, grant: inout BodyGrant
    ) throws(Fault) -> Bool {
        var bytes = buffer.mutableSpan
        while true {
            switch state {
            case .sizeLine:
                guard let line = try nextLine(bytes.span, end: end, limit: limits.chunkLineBytes)
                else { return suspend(&bytes, &end) }
                chunkCount += 1
                let size = try Self.size(bytes.span, line, chunk: chunkCount)
                if size == 0 {
                    state = .trailers
                } else {
                    let (total, overflows) = body.count.addingReportingOverflow(size)
                    guard !overflows else { throw .bodyTooLarge(limits) }
                    try grant.check(claim: total)
                    state = .data(remaining: size)
                }
            case .data(let remaining):
                let count = min(remaining, end - cursor)
                try grant.admit(body.count + count, free: limits.unbudgetedBodyBytes)
                move(&bytes, count: count)
                state = count == remaining ? .dataEnd : .data(remaining: remaining - count)
                if count < remaining { return suspend(&bytes, &end) }
            case .dataEnd:
                try checkDataEnd(bytes.span, end: end)
                guard end - cursor >= 2 else { return suspend(&bytes, &end) }
                cursor += 2
                state = .sizeLine
            case .trailers:
                guard let line = try nextTrailer(bytes.span, end: end) else {
                    return suspend(&bytes, &end)
                }
                if line.isEmpty { state = .done }
            case .done:
                return true
            }
        }
    }

    private mutating func move(_ bytes: inout MutableSpan<UInt8>, count: Int) {
        var target = body.upperBound
        if target != cursor {
            for offset in cursor..<(cursor + count) {
                bytes[target] = bytes[offset]
                target += 1
            }
        }
        body = body.lowerBound..<(body.upperBound + count)
        cursor += count
    }

    private mutating func suspend(_ bytes: inout MutableSpan<UInt8>, _ end: inout Int) -> Bool {
        let target = body.upperBound
        guard target != cursor else { return false }
        let rest = end - cursor
        for offset in 0..<rest { bytes[target + offset] = bytes[cursor + offset] }
        cursor = target
        end = target + rest
        return false
    }

    /// The next line without its end; nil while it is incomplete.
    private mutating func nextLine(
        _ bytes: Span<UInt8>, end: Int, limit: Int
    ) throws(Fault) -> Range<Int>? {
        var offset = cursor
        while offset < end, bytes[offset] != Syntax.lineFeed {
            offset += 1
        }
        guard offset - cursor < limit else {
            throw .chunk(
                "The line before chunk \(chunkCount + 1) is longer than \(limit) bytes; "
                    + "send no chunk extensions")
        }
        guard offset < end else { return nil }
        guard offset > cursor, bytes[offset - 1] == Syntax.carriageReturn else {
            throw .chunk(
                "The line before chunk \(chunkCount + 1) ends in a line feed without a carriage "
                    + "return; end lines with CR LF")
        }
        let line = cursor..<(offset - 1)
        cursor = offset + 1
        return line
    }

    /// `chunk-size [ chunk-ext ]`: hexadecimal digits, then nothing, or `;` and visible text.
    private static func size(
        _ bytes: Span<UInt8>, _ line: Range<Int>, chunk: Int
    ) throws(Fault) -> Int {
        var size = 0
        var offset = line.lowerBound
        while offset < line.upperBound, let digit = Syntax.hexadecimal(bytes[offset]) {
            // Sixteen digits would overflow; no limit is ever so large.
            size = size > Int.max >> 8 ? Int.max >> 4 : size << 4 | digit
            offset += 1
        }
        let hasSize = offset > line.lowerBound
        guard hasSize, offset == line.upperBound || bytes[offset] == Syntax.semicolon else {
            throw .chunk(
                "The size of chunk \(chunk) is no hexadecimal number; send hexadecimal digits only")
        }
        while offset < line.upperBound {
            guard Syntax.isFieldValue(bytes[offset]) else {
                throw .chunk(
                    "The extension of chunk \(chunk) holds the control byte "
                        + "\(Syntax.name(bytes[offset])); send no chunk extensions")
            }
            offset += 1
        }
        return size
    }

    private func checkDataEnd(_ bytes: Span<UInt8>, end: Int) throws(Fault) {
        let isWrong =
            (cursor < end && bytes[cursor] != Syntax.carriageReturn)
            || (cursor + 1 < end && bytes[cursor + 1] != Syntax.lineFeed)
        if isWrong {
            throw .chunk("Chunk \(chunkCount) is not followed by CR LF; its size must be exact")
        }
    }

    /// The next trailer line, checked and then dropped: nothing here reads trailers.
    private mutating func nextTrailer(
        _ bytes: Span<UInt8>, end: Int
    ) throws(Fault) -> Range<Int>? {
        var offset = cursor
        while offset < end, bytes[offset] != Syntax.lineFeed { offset += 1 }
        guard trailerBytes + offset - cursor < limits.headBytes else {
            throw .trailersTooLarge(limits)
        }
        guard offset < end else { return nil }
        guard offset > cursor, bytes[offset - 1] == Syntax.carriageReturn else {
            throw .field(
                "Trailer line \(trailerCount + 1) ends in a line feed without a carriage return; "
                    + "end lines with CR LF")
        }
        let line = cursor..<(offset - 1)
        trailerBytes += offset + 1 - cursor
        cursor = offset + 1
        guard !line.isEmpty else { return line }
        guard trailerCount < limits.fieldCount else { throw .trailersTooLarge(limits) }
        trailerCount += 1
        _ = try FieldLine.parse(bytes, line, line: "trailer line \(trailerCount)")
        return line
    }
}
