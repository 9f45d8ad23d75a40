/// A place in a source text, as editors count: both parts begin at 1.
package struct SourcePosition: Equatable, Comparable, Sendable, CustomStringConvertible {
    /// The line, from 1.
    package let line: Int
    /// The column in Unicode scalars, from 1.
    package let column: Int

    /// Makes a position from its two parts, both from 1.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The position of the byte at `offset`: a walk over the text
    /// from `start`, so for reports only.
    package init(ofByteAt offset: Int, in text: Span<UInt8>, from start: Int = 0) {
        var line = 1
        var column = 1
        var index = start
        while index < min(offset, text.count) {
            let byte = text[index]
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
            index += 1
        }
        self.init(line: line, column: column)
    }

    /// Orders by line, then by column.
    package static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }

    /// `line 3, column 14`.
    package var description: String { "line \(line), column \(column)" }
}
