internal import Document

extension String {
    /// How long a text of a message may be, in bytes.
    package static let readableLimit = 600

    /// The text as one line that a terminal, a log and the API server take as it is: control
    /// characters become spaces (the API server drops a warning that holds one), and a value that
    /// somebody made enormous is cut.
    ///
    /// - Parameter limit: how many bytes are kept at most; a cut text ends in `…`.
    package func readable(limit: Int = readableLimit) -> String {
        // Nearly every text is printable ASCII, which a look at its bytes tells.
        if utf8.count <= limit, WordScan.isPrintableASCII(utf8.span) { return self }
        var text = ""
        var length = 0
        for scalar in unicodeScalars {
            length += scalar.utf8.count
            if length > limit - 3 { return text + "…" }
            text.unicodeScalars.append(Self.breaksLines(scalar) ? " " : scalar)
        }
        return text
    }

    /// Control characters, line and paragraph separators, and what turns the writing direction.
    private static func breaksLines(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: true
        default: false
        }
    }
}
