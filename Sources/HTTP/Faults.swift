/// Every kind of fault, by name: its status and title are written once, here.
extension Fault {
    static func requestLine(_ detail: String) -> Fault {
        Fault(status: 400, title: "Malformed request line", detail: detail)
    }

    static func field(_ detail: String) -> Fault {
        Fault(status: 400, title: "Malformed header field", detail: detail)
    }

    static func framing(_ detail: String) -> Fault {
        Fault(status: 400, title: "Ambiguous message framing", detail: detail)
    }

    static func host(_ detail: String) -> Fault {
        Fault(status: 400, title: "Invalid Host", detail: detail)
    }

    static func chunk(_ detail: String) -> Fault {
        Fault(status: 400, title: "Malformed chunked body", detail: detail)
    }

    static func targetTooLong(_ limits: Limits) -> Fault {
        Fault(
            status: 414, title: "Request target too long",
            detail: "The request target is longer than \(limits.targetBytes) bytes; shorten it")
    }

    static func headTooLarge(_ limits: Limits) -> Fault {
        Fault(
            status: 431, title: "Request head too large",
            detail: "The request line and header fields are larger than \(limits.headBytes) bytes; "
                + "send fewer or shorter fields")
    }

    static func tooManyFields(_ limits: Limits) -> Fault {
        Fault(
            status: 431, title: "Request head too large",
            detail: "There are more than \(limits.fieldCount) header fields; send fewer")
    }

    static func trailersTooLarge(_ limits: Limits) -> Fault {
        Fault(
            status: 431, title: "Request head too large",
            detail: "The trailer fields are larger than \(limits.headBytes) bytes or more than "
                + "\(limits.fieldCount); send fewer or shorter fields")
    }

    static func bodyTooLarge(_ limits: Limits) -> Fault {
        Fault(
            status: 413, title: "Request body too large",
            detail: "The request body is larger than \(limits.bodyBytes) bytes; send a smaller one")
    }

    static func busy(_ count: Int) -> Fault {
        Fault(
            status: 429, title: "Server busy",
            detail: "Other requests hold the memory that a body of \(count) bytes needs; "
                + "try again in a second",
            retryAfter: 1)
    }

    static func transferCoding(_ line: Int) -> Fault {
        Fault(
            status: 501, title: "Unsupported transfer coding",
            detail: "Transfer-Encoding in line \(line) names a coding other than chunked; "
                + "send exactly \"chunked\"")
    }

    static func expectation(_ place: String) -> Fault {
        Fault(
            status: 417, title: "Unsupported expectation",
            detail:
                "\(place) asks for something other than 100-continue; leave it out")
    }

    static func version() -> Fault {
        Fault(
            status: 505, title: "Unsupported HTTP version",
            detail: "The request line ends in a version other than HTTP/1.1 and HTTP/1.0; "
                + "use HTTP/1.1")
    }
}

/// What one body may hold: the body limit, then the shared budget from a certain size on.
struct BodyGrant {
    private let limits: Limits
    private let budget: ByteBudget
    private(set) var reservation: ByteReservation?

    init(limits: Limits, budget: ByteBudget) {
        self.limits = limits
        self.budget = budget
    }

    /// Refuses a body that is said to be larger than any may be, before a byte of it has come. No
    /// room is taken for it yet: a length is a claim, and costs nothing to make.
    func check(claim count: Int) throws(Fault) {
        guard count <= limits.bodyBytes else { throw .bodyTooLarge(limits) }
    }

    /// Asks for room for `count` bytes in all, that have come or are about to. `free` says how much
    /// may be held without the budget.
    mutating func admit(_ count: Int, free: Int) throws(Fault) {
        guard count > free || reservation != nil else { return }
        let share = reservation ?? ByteReservation(budget: budget)
        guard share.grow(to: count) else { throw .busy(count) }
        reservation = share
    }

    /// Lets go of the share; a request that still holds it keeps it reserved.
    mutating func release() {
        reservation = nil
    }
}
