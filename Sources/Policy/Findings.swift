internal import Document

/// What a rule finds wrong, in its order: so many as are of use to anybody, and how many more.
///
/// An object of a few megabytes can be wrong in a million places, and to tell them all would take
/// more time and memory than its size stands for.
package struct Findings {
    /// How many findings of one policy a verdict lists. An object with so many containers, ports or
    /// variables that are wrong is a mistake or an attack.
    static let listedOfPolicy = 10_000

    /// A finding whose words are written.
    struct Listed {
        let check: String
        let words: ViolationWords
        /// Where the words of what it concerns and of the value end; they follow the others.
        fileprivate let elementEnd: UInt32
        fileprivate let valueEnd: UInt32
        /// The image of the container that violates, for exceptions by image.
        var image: Node?
    }

    /// What tells whether the same thing was wrong before: position and wording do not count.
    private struct Identity: Hashable {
        let check: String
        let element: ArraySlice<UInt8>
        let value: ArraySlice<UInt8>
    }

    /// Those that are listed.
    private(set) var listed: [Listed] = []
    /// How many more there are.
    private(set) var omitted = 0
    /// What the listed ones say, in UTF-8.
    private(set) var text: [UInt8] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { listed.isEmpty && omitted == 0 }

    /// Forgets all findings and keeps their memory for the next policy's.
    mutating func removeAll() {
        listed.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
        omitted = 0
    }

    /// Adds a finding, which is made only where it is listed.
    mutating func append(_ finding: @autoclosure () -> Finding) {
        if listed.count < limit {
            append(making: finding())
        } else {
            omitted += 1
        }
    }

    private mutating func append(making finding: Finding) {
        if text.isEmpty { text.reserveCapacity(Self.usualText) }
        let words = ViolationWords(
            path: finding.path, message: finding.message, fix: finding.fix, writtenTo: &text)
        finding.element.write(to: &text)
        let elementEnd = UInt32(truncatingIfNeeded: text.count)
        finding.value.write(to: &text)
        listed.append(
            Listed(
                check: finding.check, words: words, elementEnd: elementEnd,
                valueEnd: UInt32(truncatingIfNeeded: text.count), image: finding.image))
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
        var counts: [Identity: Int] = [:]
        for finding in existing.listed { counts[existing.identity(of: finding), default: 0] += 1 }
        let identities = listed.map(identity)
        var index = 0
        listed.removeAll { _ in
            let identity = identities[index]
            index += 1
            guard let count = counts[identity], count > 0 else { return false }
            counts[identity] = count - 1
            return true
        }
        omitted = max(0, omitted - existing.omitted)
    }

    private func identity(of finding: Listed) -> Identity {
        Identity(
            check: finding.check,
            element: text[Int(finding.words.end)..<Int(finding.elementEnd)],
            value: text[Int(finding.elementEnd)..<Int(finding.valueEnd)])
    }
}

/// Where the words of a violation lie in a text: path, message and fix, one after another.
package struct ViolationWords: Sendable {
    private let start: UInt32
    private let messageStart: UInt32
    private let fixStart: UInt32
    fileprivate let end: UInt32

    /// Writes the words to the end of `text`: message and fix as one readable line each.
    init(path: FieldPath, message: Text, fix: Text, writtenTo text: inout [UInt8]) {
        start = UInt32(truncatingIfNeeded: text.count)
        path.write(to: &text)
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
    fileprivate mutating func makeReadable(from start: Int) {
        let words = self[start...]
        if words.count <= String.readableLimit, WordScan.isPrintableASCII(words.span) { return }
        let text = String(decoding: words, as: UTF8.self).readable()
        removeSubrange(start...)
        append(contentsOf: text.utf8)
    }
}
