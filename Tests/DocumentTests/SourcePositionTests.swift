import Testing

@testable import Document

@Suite struct SourcePositionTests {
    @Test(arguments: [(0, 1, 1), (2, 1, 3), (3, 2, 1), (4, 2, 2), (6, 2, 3), (7, 3, 1), (99, 3, 2)])
    func `counts lines and characters`(offset: Int, line: Int, column: Int) {
        let text = Array("ab\ncé\nx".utf8)
        #expect(
            SourcePosition(ofByteAt: offset, in: text.span)
                == SourcePosition(line: line, column: column))
    }

    @Test func `agrees with its index at every byte`() {
        let text = Array((0..<900).map { "line \($0) é\($0 % 7 == 0 ? "\n" : " ")" }.joined().utf8)
        let index = PositionIndex(text)
        for offset in stride(from: 0, through: text.count, by: 13) {
            #expect(
                index.position(ofByteAt: offset, in: text)
                    == SourcePosition(ofByteAt: offset, in: text.span))
        }
    }

    @Test func `orders by line, then by column`() {
        #expect(SourcePosition(line: 1, column: 9) < SourcePosition(line: 2, column: 1))
        #expect(SourcePosition(line: 2, column: 1) < SourcePosition(line: 2, column: 2))
        #expect(SourcePosition(line: 3, column: 14).description == "line 3, column 14")
    }
}
