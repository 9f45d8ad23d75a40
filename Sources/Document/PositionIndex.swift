/// Lines and columns of a JSON text without a walk from its beginning each time: a report may name
/// thousands of places, and a text may be one line.
struct PositionIndex {
    /// How many bytes lie between two known positions.
    private static let stride = 4_096

    /// Where the document begins among the bytes.
    private let start: Int
    /// The positions of the bytes `start`, `start + stride`, `start + 2 × stride`…
    private var known: [SourcePosition] = []

    init(_ text: [UInt8], from start: Int) {
        self.start = start
        var position = SourcePosition.start
        known.reserveCapacity((text.count - start) / Self.stride + 1)
        known.append(position)
        var offset = start
        while offset + Self.stride <= text.count {
            position = position.advanced(over: text[offset..<offset + Self.stride])
            known.append(position)
            offset += Self.stride
        }
    }

    /// The position of the byte at `offset` of the text that the index was made of.
    func position(ofByteAt offset: Int, in text: [UInt8]) -> SourcePosition {
        let offset = min(offset, text.count)
        let place = (offset - start) / Self.stride
        return known[place].advanced(over: text[start + place * Self.stride..<offset])
    }
}

extension SourcePosition {
    /// The first character of a text.
    package static let start = SourcePosition(line: 1, column: 1)

    /// The position after some bytes.
    fileprivate func advanced(over bytes: ArraySlice<UInt8>) -> SourcePosition {
        var line = line
        var column = column
        for byte in bytes {
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return SourcePosition(line: line, column: column)
    }
}
