import Testing

@testable import Document

/// What is done to whole words and blocks, beside the same done to single bytes.
@Suite struct WordScanTests {
    static let specials: [UInt8] = [0x00, 0x1F, 0x22, 0x5C, 0x80, 0xA0, 0xC3, 0xFF]
    static let plain: [UInt8] = [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x61, 0x7E, 0x7F]

    // An expectation can't hold a span.
    private func skipPlain(_ text: [UInt8], from start: Int) -> Int {
        WordScan.skipPlain(text.span, from: start)
    }

    private func isPlain(_ text: [UInt8]) -> Bool { WordScan.isPlain(text.span) }

    private func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        WordScan.areEqual(left.span, right.span)
    }

    /// A special byte at every place of texts up to three blocks long, from every start.
    @Test(arguments: specials)
    func plainBytesEndAtASpecialOne(special: UInt8) {
        for count in 0...48 {
            var text = (0..<count).map { Self.plain[$0 % Self.plain.count] }
            for start in 0...count {
                #expect(skipPlain(text, from: start) == count)
            }
            #expect(isPlain(text))
            for place in 0..<count {
                let byte = text[place]
                text[place] = special
                for start in 0...place {
                    #expect(skipPlain(text, from: start) == place)
                }
                #expect(!isPlain(text))
                text[place] = byte
            }
        }
    }

    private func firstIndex(of byte: UInt8, in text: [UInt8], _ range: Range<Int>) -> Int? {
        WordScan.firstIndex(of: byte, in: text.span, range)
    }

    /// In every range of a text of three words, among bytes one bit or one more or less away.
    @Test(arguments: [0x00, 0x2F, 0x40, 0x7F, 0x80, 0xFF] as [UInt8])
    func bytesAreFoundInARange(byte: UInt8) {
        let others = [byte ^ 0x80, byte ^ 1, byte &+ 1, byte &- 1]
        var text = (0..<24).map { others[$0 % others.count] }
        for place in text.indices {
            let other = text[place]
            text[place] = byte
            for start in 0...text.count {
                for end in start...text.count {
                    let range = start..<end
                    let expected = range.contains(place) ? place : nil
                    #expect(firstIndex(of: byte, in: text, range) == expected)
                }
            }
            text[place] = other
        }
    }

    /// In every place of a text of two words and a rest, the first and last that are printable and
    /// those beside them.
    @Test(
        arguments: [
            (0x00, false), (0x1F, false), (0x20, true), (0x21, true), (0x7E, true), (0x7F, false),
            (0x80, false), (0xA0, false), (0xFF, false),
        ] as [(UInt8, Bool)])
    func printableTextIsToldByEachByte(byte: UInt8, isPrintable: Bool) {
        for other in [0x20, 0x7E] as [UInt8] {
            var text = [UInt8](repeating: other, count: 19)
            for place in text.indices {
                text[place] = byte
                #expect(WordScan.isPrintableASCII(text.span) == isPrintable)
                text[place] = other
            }
        }
    }

    @Test func textsAreEqualByteForByte() {
        for count in 0...40 {
            let text = (0..<count).map { UInt8($0) }
            #expect(areEqual(text, Array(text)))
            #expect(!areEqual(text, text + [0]))
            for place in 0..<count {
                var other = text
                other[place] ^= 0x80
                #expect(!areEqual(text, other))
            }
        }
    }
}
