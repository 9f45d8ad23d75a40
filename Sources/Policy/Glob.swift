/// A pattern of policy files: `*` is any run of characters, `/` and `:` included; `?` is exactly
/// one; everything else is itself. Anchored and case-sensitive.
package struct Glob: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as it was written.
    package let description: String
    private let pattern: [UInt8]
    private let isLiteral: Bool

    /// Takes a pattern; nil where it is empty, since an empty pattern would match nothing.
    package init?(_ pattern: String) {
        guard !pattern.isEmpty else { return nil }
        description = pattern
        self.pattern = Array(pattern.utf8)
        isLiteral = !pattern.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }

    /// Whether the pattern is a lone `*`.
    var matchesEverything: Bool { description == "*" }

    /// Whether one of the globs certainly fits whatever this one fits: its wildcards, taken for
    /// characters, can only fit a `*`.
    func isCovered(byAnyOf globs: [Glob]) -> Bool {
        globs.contains { glob in
            glob == self || (!glob.description.contains("?") && glob.matches(description))
        }
    }

    /// Whether the whole text fits: in time of at most pattern × text, without recursion.
    package func matches(_ text: String) -> Bool {
        // Bytes, not characters: `==` takes different spellings of an accent for one.
        isLiteral ? text.utf8.elementsEqual(pattern) : matches(text.utf8.span)
    }

    private func matches(_ text: Span<UInt8>) -> Bool {
        var patternIndex = 0
        var textIndex = 0
        var afterStar: Int?
        var retryAt = 0
        while textIndex < text.count {
            if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
                patternIndex += 1
                afterStar = patternIndex
                retryAt = textIndex
            } else if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "?") {
                patternIndex += 1
                textIndex = Self.endOfCharacter(at: textIndex, in: text)
            } else if patternIndex < pattern.count, pattern[patternIndex] == text[textIndex] {
                patternIndex += 1
                textIndex += 1
            } else if let resume = afterStar {
                retryAt += 1
                patternIndex = resume
                textIndex = retryAt
            } else {
                return false
            }
        }
        while patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
            patternIndex += 1
        }
        return patternIndex == pattern.count
    }

    /// The index past the UTF-8 sequence at `index`: `?` is one character, not one byte.
    private static func endOfCharacter(at index: Int, in text: Span<UInt8>) -> Int {
        var end = index + 1
        while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }
}

extension [Glob] {
    /// Whether the list is empty or one of its patterns fits: an empty list matches everything.
    func isEmptyOrMatches(_ text: String) -> Bool { isEmpty || anyMatches(text) }

    /// Whether one of the patterns fits.
    func anyMatches(_ text: String) -> Bool { contains { $0.matches(text) } }
}
