internal import Document

/// What a rule finds wrong, in its order: so many as are of use to anybody, and how many more.
///
/// An object of a few megabytes can be wrong in a million places, and to tell them all would take
/// more time and memory than its size stands for.
package struct Findings {
    /// How many findings of one policy a verdict lists. An object with so many containers, ports or
    /// variables that are wrong is a mistake or an attack.
    static let listedOfPolicy = 10_000

    /// Those that are listed.
    private(set) var listed: [Finding] = []
    /// How many more there are.
    private(set) var omitted = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { listed.isEmpty && omitted == 0 }

    /// Adds a finding, which is made only where it is listed.
    mutating func append(_ finding: @autoclosure () -> Finding) {
        if listed.count < limit {
            listed.append(finding())
        } else {
            omitted += 1
        }
    }

    /// Says of all findings that `judge` adds that they are a container's with this image.
    mutating func append(
        ofImage image: Node?, _ judge: (inout Findings) throws(UnreadableObject) -> Void
    ) throws(UnreadableObject) {
        let first = listed.count
        try judge(&self)
        for index in first..<listed.count { listed[index].image = image }
    }

    /// Takes away as many findings of each sort as `existing` has, in time of their number.
    mutating func drop(_ existing: Findings) {
        if existing.isEmpty { return }
        var counts: [Finding.Identity: Int] = [:]
        for finding in existing.listed { counts[finding.identity, default: 0] += 1 }
        listed.removeAll { finding in
            guard let count = counts[finding.identity], count > 0 else { return false }
            counts[finding.identity] = count - 1
            return true
        }
        omitted = max(0, omitted - existing.omitted)
    }
}
