extension String {
    /// The text as one line that a terminal, a log and the API server take as it is: control
    /// characters become spaces (the API server drops a warning that holds one), and a value that
    /// somebody made enormous is cut.
    ///
    /// - Parameter limit: how many bytes are kept at most; a cut text ends in `…`.
    package func readable(limit: Int = 600) -> String {
        // Nearly every text is printable ASCII, which a look at its bytes tells.
        if utf8.count <= limit, isPrintableASCII { return self }
        var text = ""
        var length = 0
        for scalar in unicodeScalars {
            length += scalar.utf8.count
            if length > limit - 3 { return text + "…" }
            text.unicodeScalars.append(Self.breaksLines(scalar) ? " " : scalar)
        }
        return text
    }

    private var isPrintableASCII: Bool {
        let bytes = utf8.span
        for index in bytes.indices where bytes[index] < 0x20 || bytes[index] >= 0x7F {
            return false
        }
        return true
    }

    /// Control characters, line and paragraph separators, and what turns the writing direction.
    private static func breaksLines(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: true
        default: false
        }
    }
}
