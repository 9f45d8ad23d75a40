/// Names one request on its connection, so that an answer finds its way back; never reused.
///
/// HTTP/1 counts requests, HTTP/2 uses the stream identifier (RFC 9113 §5.1.1).
package struct RequestID: Hashable, Sendable, Comparable {
    let rawValue: Int

    /// Makes an identifier by hand, for tests of code that takes requests.
    package init(_ rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Earlier requests of a connection come before later ones.
    package static func < (left: RequestID, right: RequestID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A request method (RFC 9110 §9); methods are case-sensitive.
package enum Method: Hashable, Sendable, CustomStringConvertible {
    case get
    case head
    case post
    case put
    case patch
    case delete
    case options
    case other(String)

    /// Names a method; one that is not listed is kept as it was written.
    package init(_ name: String) {
        switch name {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "PATCH": self = .patch
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        default: self = .other(name)
        }
    }

    /// The method as it is written in a request line.
    package var description: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other(let name): name
        }
    }
}

/// The protocol version a request came in.
package enum Version: String, Sendable {
    case http10 = "HTTP/1.0"
    case http11 = "HTTP/1.1"
    case http2 = "HTTP/2"
}

/// A request's content: a range of a shared buffer, so that nothing is copied on its way.
package struct Body: Sendable {
    /// The buffer; it may hold other things than this body.
    package let storage: [UInt8]
    /// Where the body lies in `storage`.
    package let range: Range<Int>
    /// Held so that the shared budget gets its bytes back when the last copy is dropped.
    let reservation: ByteReservation?

    init(storage: [UInt8], range: Range<Int>, reservation: ByteReservation?) {
        self.storage = storage
        self.range = range
        self.reservation = reservation
    }

    /// A body of its own, for tests of code that takes requests.
    package init(_ bytes: [UInt8] = []) {
        self.init(storage: bytes, range: 0..<bytes.count, reservation: nil)
    }

    /// The size in bytes.
    package var count: Int { range.count }
    /// Whether the request had no content.
    package var isEmpty: Bool { range.isEmpty }
    /// The body's bytes.
    package var bytes: ArraySlice<UInt8> { storage[range] }
}

/// One whole request, within the limits, correctly framed.
///
/// It shares the connection's input buffer: drop it before the connection reads on, or the buffer
/// is copied.
package struct Request: Sendable {
    /// What to answer to.
    package let id: RequestID
    /// The request method.
    package let method: Method
    /// The target's path as it was sent, not percent-decoded; `*` for `OPTIONS *`.
    package let path: String
    /// What follows the target's `?`, not percent-decoded; nil without one.
    package let query: String?
    /// The header fields; for HTTP/2 `:authority` is found as `host`.
    package let fields: Fields
    /// The content, chunked coding removed.
    package let body: Body
    /// The protocol version.
    package let version: Version
    /// When the first byte of the head was received, as `Engine.receive` was told.
    package let arrival: UInt64

    /// Puts a request together, as the engine does and as tests may.
    package init(
        id: RequestID, method: Method, path: String, query: String? = nil,
        fields: Fields = Fields([]), body: Body = Body(), version: Version = .http11,
        arrival: UInt64 = 0
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.body = body
        self.version = version
        self.arrival = arrival
    }
}

/// An answer. The engine adds `Content-Length`, `Date` and, where it ends, `Connection: close`.
package struct Response: Sendable {
    /// The status code, 200 to 599.
    package var status: Int
    /// The media type of the body; a field of its own so that most answers need no field list.
    package var contentType: String?
    /// Further fields. A control character in a value is sent as a space.
    package var fields: [(name: String, value: String)]
    /// The content; not sent in answer to HEAD, though its length is.
    package var body: [UInt8]

    /// Makes an answer.
    package init(
        status: Int, contentType: String? = nil, fields: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.fields = fields
        self.body = body
    }
}

/// A request that cannot be answered by its meaning: malformed, or over a limit.
package struct Fault: Error, Equatable, Sendable {
    /// The status to answer with, 400 to 505.
    package let status: Int
    /// A short name of the kind of fault, the same for every occurrence (RFC 9457 §3.1.3).
    package let title: String
    /// What was wrong, where, and what was expected.
    package let detail: String
    /// Seconds after which the client should try again, for a `Retry-After` field.
    package let retryAfter: Int?

    /// Describes a fault.
    package init(status: Int, title: String, detail: String, retryAfter: Int? = nil) {
        self.status = status
        self.title = title
        self.detail = detail
        self.retryAfter = retryAfter
    }
}
