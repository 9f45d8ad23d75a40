/// Why a text is no document, and where.
package struct DocumentError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What sort of trouble it is: callers answer a limit otherwise than a syntax error.
    package enum Kind: Equatable, Sendable {
        /// The text breaks the grammar of its format.
        case syntax
        /// The text is not UTF-8, or holds half a surrogate pair.
        case encoding
        /// An object names a member twice.
        case duplicateKey
        /// The text is well formed as far as it was read, but larger than a stated limit.
        case limit
    }

    /// What sort of trouble it is.
    package let kind: Kind
    /// What was found and what was expected, without the position.
    package let message: String
    /// Where it was found.
    package let position: SourcePosition

    /// Makes an error.
    package init(_ kind: Kind, _ message: String, at position: SourcePosition) {
        self.kind = kind
        self.message = message
        self.position = position
    }

    /// `line 3, column 14: expected …, found …`.
    package var description: String { "\(position): \(message)" }
}

extension String {
    /// The beginning of a text that somebody may have made enormous, for messages.
    var excerpt: String {
        let limit = 80
        if utf8.count <= limit { return self }
        var text = ""
        for scalar in unicodeScalars {
            if text.utf8.count >= limit { break }
            text.unicodeScalars.append(scalar)
        }
        return text + "…"
    }
}
