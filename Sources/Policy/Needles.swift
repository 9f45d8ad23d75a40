internal import Document

/// Words to look for in strings, of which nearly all hold none: the search makes no string.
struct Needles: Sendable {
    /// The words that hold no other of the words: where one of those occurs, one of these does.
    private let words: [String]

    init(_ words: [String]) {
        let words = Set(words).sorted()
        self.words = words.filter { word in
            !words.contains { $0 != word && Self.occurs($0.utf8.span, in: word.utf8.span) }
        }
    }

    /// Whether one of the words occurs in the node's string.
    func occur(in node: Node) -> Bool {
        if node.hasEscapes {
            guard let text = node.string else { return false }
            return words.contains { Self.occurs($0.utf8.span, in: text.utf8.span) }
        }
        return node.withRawBytes { bytes in
            words.contains { Self.occurs($0.utf8.span, in: bytes) }
        }
    }

    private static func occurs(_ word: Span<UInt8>, in text: Span<UInt8>) -> Bool {
        guard !word.isEmpty, word.count <= text.count else { return word.isEmpty }
        let first = word[0]
        for start in 0...(text.count - word.count) where text[start] == first {
            var index = 1
            while index < word.count, text[start + index] == word[index] { index += 1 }
            if index == word.count { return true }
        }
        return false
    }
}

extension Node {
    /// Whether a shell could read a word in a string that does not stand there as it is.
    var hasShellQuotes: Bool {
        withRawBytes { bytes in
            for index in bytes.indices
            where bytes[index] == 0x27 || bytes[index] == 0x22 || bytes[index] == 0x5C {
                return true
            }
            return false
        }
    }
}
