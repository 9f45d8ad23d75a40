/// What a peer may make this process hold or do, on one connection. Sizes are bytes.
package struct Limits: Sendable {
    /// A request's head: request line and field lines with their line ends; for HTTP/2 the header
    /// list by RFC 9113 §6.5.2 (32 a field added). Past it: 431. Trailers count on their own.
    package var headBytes = 16 * 1024
    /// The request target. Past it: 414.
    package var targetBytes = 8 * 1024
    /// Field lines in a head, and again in its trailers. Past it: 431.
    package var fieldCount = 100
    /// A body, chunked coding removed. Past it: 413.
    package var bodyBytes = 32 * 1024 * 1024
    /// A body up to this size is free; a larger one draws on the shared `ByteBudget`. Past it: 429.
    /// On HTTP/2 all incomplete bodies of a connection share it.
    package var unbudgetedBodyBytes = 32 * 1024
    /// The line that begins a chunk, extensions and line end included. Past it: 400.
    package var chunkLineBytes = 256
    /// Output a peer has not taken; at this size nothing more is read or answered before it does.
    /// An answer that would bring what is not taken over twice as much draws on the `ByteBudget`.
    package var pendingOutputBytes = 16 * 1024
    /// An answer up to this size never draws on the budget, so that a refusal can always be told.
    package var smallAnswerBytes = 1024
    /// The limits HTTP/2 has besides.
    package var http2 = HTTP2Limits()

    /// The limits of the admission listener.
    package init() {}
}

/// The limits only HTTP/2 needs: against floods of frames that cost more to serve than to send.
package struct HTTP2Limits: Sendable {
    /// Streams open at once. Past it: the stream is refused (RFC 9113 §5.1.2).
    package var concurrentStreams = 100
    /// Flow control window of one stream.
    package var streamWindowBytes = 256 * 1024
    /// Flow control window of the connection.
    package var connectionWindowBytes = 1024 * 1024
    /// Streams a peer may reset in a burst (rapid reset, CVE-2023-44487). Past it: GOAWAY.
    package var resetBurst = 200
    /// Resets a second that the burst regains.
    package var resetsPerSecond = 20
    /// Settings in one SETTINGS frame. Past it: GOAWAY.
    package var settingsCount = 32
    /// A header list that is refused, but read, so that the connection's other streams go on. A few
    /// bytes can stand for many (RFC 7541 §7.3). Past it: GOAWAY.
    package var refusedHeadBytes = 64 * 1024
    /// CONTINUATION frames after one HEADERS frame. Past it: the connection ends.
    package var continuationCount = 8
    /// Acknowledgements (of PING and SETTINGS) waiting to be sent. Past it: the connection ends.
    package var outboundAcknowledgements = 100
    /// Frames of any kind waiting to be sent, content aside. From there on nothing more is read
    /// before the peer takes some; what was read at once may still add to them.
    package var outboundFrames = 500
    /// The memory that nghttp2 takes for a frame that waits to be sent, about.
    static let frameMemory = 256

    /// The limits of the admission listener.
    package init() {}
}
