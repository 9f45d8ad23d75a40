import HTTP

/// What an HTTP/1.1 client makes of the output (RFC 9112).
enum HTTP1Output {
    private static let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Each answer in its order, whole, once, and nothing else; returns the output without interim
    /// answers, which depend on when bytes come.
    static func check(_ output: [UInt8], _ answers: [EngineRun.Answer]) -> [UInt8] {
        var rest = output[...]
        var kept: [UInt8] = []
        var closes = false
        for answer in answers {
            while rest.starts(with: interim) { rest = rest.dropFirst(interim.count) }
            let start = rest.startIndex
            require(!closes, "an answer behind the last")
            let fields = head(&rest, status: answer.response.status)
            closes = fields.contains { $0 == "Connection: close" }
            let body = answer.response.body
            require(fields.contains("Content-Length: \(body.count)"), "no length: \(fields)")
            require(fields.filter { $0.hasPrefix("Number: ") }.count == 1, "mixed up: \(fields)")
            if !(answer.isHead ?? rest.isEmpty) {
                require(rest.starts(with: body), "another body")
                rest = rest.dropFirst(body.count)
            }
            kept += output[start..<rest.startIndex]
        }
        while rest.starts(with: interim) { rest = rest.dropFirst(interim.count) }
        require(rest.isEmpty, "output that nobody asked for: \(rest)")
        return kept
    }

    /// Takes status line and fields away.
    private static func head(_ rest: inout ArraySlice<UInt8>, status: Int) -> [String] {
        var lines: [String] = []
        while let end = rest.firstIndex(of: 0x0D) {
            require(rest[(end + 1)...].first == 0x0A, "a bare CR")
            let line = String(decoding: rest[..<end], as: UTF8.self)
            rest = rest[(end + 2)...]
            if line.isEmpty {
                require(
                    lines.first?.hasPrefix("HTTP/1.1 \(status) ") == true, "no status: \(lines)")
                return lines
            }
            lines.append(line)
        }
        fatalError("a head without an end: \(lines)")
    }
}

/// What an HTTP/2 client makes of the output (RFC 9113), fields aside.
enum HTTP2Output {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private struct Stream {
        var dataCount = 0
        var hasEnded = false
    }

    /// The error code of those who ask too much (RFC 9113 §7).
    static let enhanceYourCalm = 11

    /// Whether one of the client's frames is a GOAWAY.
    static func saysGoaway(_ input: [UInt8]) -> Bool {
        var rest = input.dropFirst(preface.count)
        while rest.count >= 9 {
            let head = Array(rest.prefix(9)).map(Int.init)
            if head[3] == 7 { return true }
            rest = rest.dropFirst(9 + (head[0] << 16 | head[1] << 8 | head[2]))
        }
        return false
    }

    /// Whole frames of known types, the settings first; on each stream no more than its answer.
    /// Returns the error code with which the connection ends, if it does.
    static func check(_ output: [UInt8], _ answers: [EngineRun.Answer]) -> Int? {
        var bodies: [RequestID: Int] = [:]
        for answer in answers {
            let isNew =
                bodies.updateValue(
                    answer.isHead == true ? 0 : answer.response.body.count, forKey: answer.id)
                == nil
            require(isNew, "a stream that asks twice")
        }
        var streams: [RequestID: Stream] = [:]
        var rest = output[...]
        var isFirst = true
        var code: Int?
        while !rest.isEmpty {
            require(rest.count >= 9, "half a frame")
            let head = Array(rest.prefix(9)).map(Int.init)
            let length = head[0] << 16 | head[1] << 8 | head[2]
            let id = RequestID(head[5] << 24 | head[6] << 16 | head[7] << 8 | head[8])
            require(length <= 16_384, "a frame of \(length) bytes")
            require(rest.count >= 9 + length, "half a frame")
            let payload = rest.prefix(9 + length).dropFirst(9)
            rest = rest.dropFirst(9 + length)
            require(!isFirst || head[3] == 4, "it does not begin with its settings")
            isFirst = false
            switch head[3] {
            case 0, 1:
                require(head[8] & 1 == 1, "an answer on a stream that is not the client's")
                var stream = streams[id] ?? Stream()
                require(!stream.hasEnded, "more after the end of a stream")
                stream.hasEnded = head[4] & 1 == 1
                if head[3] == 0 {
                    stream.dataCount += length
                    guard let body = bodies[id] else { fatalError("a body that nobody gave") }
                    require(stream.dataCount <= body, "more body than was given")
                    require(!stream.hasEnded || stream.dataCount == body, "half a body")
                }
                streams[id] = stream
            case 3:
                require(length == 4 && id != RequestID(0), "a wrong RST_STREAM")
                streams[id, default: Stream()].hasEnded = true
            case 4: require(length % 6 == 0 && id == RequestID(0), "wrong SETTINGS")
            case 6: require(length == 8 && id == RequestID(0), "a wrong PING")
            case 7:
                require(length >= 8 && id == RequestID(0), "a wrong GOAWAY")
                code = payload.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | Int($1) }
            case 8: require(length == 4, "a wrong WINDOW_UPDATE")
            default: fatalError("a frame of type \(head[3])")
            }
        }
        return code
    }
}
