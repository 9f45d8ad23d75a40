internal import Document

/// What a rule finds wrong, in its order: so many as are of use to anybody, and how many more.
///
/// An object of a few megabytes can be wrong in a million places, and to tell them all would take
/// more time and memory than its size stands for.
package struct Findings {
    /// How many findings of one policy a verdict lists. An object with so many containers, ports or
    /// variables that are wrong is a mistake or an attack.
    static let listedOfPolicy = 10_000
    /// How many bytes the words of one policy's findings may take: an object can repeat what is
    /// long (a path that a thousand mounts share) in very few bytes of its own.
    static let listedBytesOfPolicy = 4 << 20

    /// A finding whose words are written.
    struct Listed {
        let check: String
        let words: ViolationWords
        /// Tells it from others; 0 where nobody compares.
        fileprivate let identity: Int
        /// The image of the container that violates, for exceptions by image.
        var image: Node?
    }

    /// Those that are listed.
    private(set) var listed: [Listed] = []
    /// How many more there are.
    private(set) var omitted = 0
    /// What the listed ones say, in UTF-8.
    private(set) var text: [UInt8] = []
    private let limit: Int
    /// Whether findings are told from those of the stored object.
    var areCompared: Bool
    /// What a finding concerns and its value, while it is added.
    private var scratch: [UInt8] = []

    init(limit: Int, areCompared: Bool = false) {
        self.limit = limit
        self.areCompared = areCompared
    }

    var isEmpty: Bool { listed.isEmpty && omitted == 0 }

    /// Forgets all findings; the memory of what most policies find is kept for the next.
    mutating func removeAll() {
        listed.removeAll(keepingCapacity: listed.capacity <= Self.keptFindings)
        text.removeAll(keepingCapacity: text.capacity <= Self.keptText)
        scratch.removeAll(keepingCapacity: scratch.capacity <= Self.keptText)
        omitted = 0
    }

    /// How many findings' memory is kept.
    private static let keptFindings = 256
    /// How many bytes of text are kept.
    private static let keptText = 16 << 10

    /// Adds one thing that a rule found wrong. Its words are made only where it is listed, and what
    /// tells it from others only where somebody compares.
    ///
    /// - Parameters:
    ///   - check: which of the rule's checks found it: `port`, `name`.
    ///   - element: the name of the list element it concerns (container, volume, port), never its
    ///     index.
    ///   - value: the value that is wrong; absent and `false` are written alike.
    ///   - path: the field to mend, whether present or not.
    ///   - message: what is wrong, in words for the person whose change is denied.
    ///   - fix: how to mend it.
    ///   - image: the image of the container that violates, for exceptions by image.
    mutating func append(
        check: String, element: @autoclosure () -> Text, value: @autoclosure () -> Text,
        path: @autoclosure () -> FieldPath, message: @autoclosure () -> Text,
        fix: @autoclosure () -> Text, image: Node? = nil
    ) {
        guard listed.count < limit, text.count < Self.listedBytesOfPolicy else {
            omitted += 1
            return
        }
        if text.isEmpty { text.reserveCapacity(Self.usualText) }
        let words = ViolationWords(
            path: path(), message: message(), fix: fix(), writtenTo: &text)
        let identity = areCompared ? identity(check, element(), value()) : 0
        listed.append(Listed(check: check, words: words, identity: identity, image: image))
    }

    /// What tells whether the same thing was wrong before: position and wording do not count. A
    /// hash under a key that nobody outside this process knows, since a value may be long and
    /// nothing of it is to be kept.
    private mutating func identity(_ check: String, _ element: Text, _ value: Text) -> Int {
        var hasher = Hasher()
        hasher.combine(check)
        for part in [element, value] {
            scratch.removeAll(keepingCapacity: true)
            part.write(to: &scratch)
            hasher.combine(scratch)
        }
        return hasher.finalize()
    }

    /// Room for what most policies find, in bytes.
    private static let usualText = 1024

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
        var counts: [Int: Int] = [:]
        for finding in existing.listed { counts[finding.identity, default: 0] += 1 }
        listed.removeAll { finding in
            guard let count = counts[finding.identity], count > 0 else { return false }
            counts[finding.identity] = count - 1
            return true
        }
        omitted = max(0, omitted - existing.omitted)
    }
}

/// Where the words of a violation lie in a text: path, message and fix, one after another.
package struct ViolationWords: Sendable {
    private let start: UInt32
    private let messageStart: UInt32
    private let fixStart: UInt32
    private let end: UInt32

    /// How long a path may be, in bytes: longer than any of Kubernetes' own kinds.
    private static let maximumPathLength = 2048

    /// Writes the words to the end of `text`, each as one readable line.
    init(path: FieldPath, message: Text, fix: Text, writtenTo text: inout [UInt8]) {
        start = UInt32(truncatingIfNeeded: text.count)
        path.write(to: &text)
        text.makeReadable(from: Int(start), limit: Self.maximumPathLength)
        messageStart = UInt32(truncatingIfNeeded: text.count)
        message.write(to: &text)
        text.makeReadable(from: Int(messageStart))
        fixStart = UInt32(truncatingIfNeeded: text.count)
        fix.write(to: &text)
        text.makeReadable(from: Int(fixStart))
        end = UInt32(truncatingIfNeeded: text.count)
    }

    private init(_ words: ViolationWords, movedBy distance: UInt32) {
        start = words.start + distance
        messageStart = words.messageStart + distance
        fixStart = words.fixStart + distance
        end = words.end + distance
    }

    /// The same words in a text in which they stand so much further on.
    func moved(by distance: Int) -> ViolationWords {
        ViolationWords(self, movedBy: UInt32(truncatingIfNeeded: distance))
    }

    /// The field to mend; empty for a CONNECT.
    package func path(in text: [UInt8]) -> ArraySlice<UInt8> {
        text[Int(start)..<Int(messageStart)]
    }

    /// What is wrong.
    package func message(in text: [UInt8]) -> ArraySlice<UInt8> {
        text[Int(messageStart)..<Int(fixStart)]
    }

    /// How to mend it.
    package func fix(in text: [UInt8]) -> ArraySlice<UInt8> { text[Int(fixStart)..<Int(end)] }
}

extension [UInt8] {
    /// Makes what stands from `start` on one line that anybody can show (`String.readable`).
    fileprivate mutating func makeReadable(
        from start: Int, limit: Int = String.readableLimit
    ) {
        guard let text = readable(from: start, limit: limit) else { return }
        removeLast(count - start)
        append(utf8: text)
    }

    /// What is to stand there instead, or nil where it may stand as it is. A function of its own,
    /// so that no slice of the array is alive when it is changed, which would copy all of it.
    private func readable(from start: Int, limit: Int) -> String? {
        let words = span.extracting(start..<count)
        if words.count <= limit, WordScan.isPrintableASCII(words) { return nil }
        // No more is read than is kept, and the character that no longer is.
        let end = Swift.min(count, start + limit + 4)
        return String(decoding: self[start..<end], as: UTF8.self).readable(limit: limit)
    }
}
