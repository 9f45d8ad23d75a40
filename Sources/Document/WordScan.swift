/// Looks at bytes eight or sixteen at a time: half of all the time of a review's reading goes by
/// here, and one at a time takes several times as long.
///
/// The loads are sound: `unsafeLoadUnaligned` checks its bounds, and every pattern of bits is a
/// `UInt64` and sixteen `UInt8`.
package enum WordScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The index of the first byte from `start` on that may not stand for itself in a JSON string,
    /// or of the text's end.
    @inline(__always)
    static func skipPlain(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let raw = unsafe bytes.bytes
        // Most strings end within the first block. That there is no loop here leaves registers to
        // the caller.
        guard start <= raw.byteCount &- 16 else { return skipPlainSingly(bytes, from: start) }
        let marks = marks(in: raw, at: start)
        if marks.0 != 0 { return start &+ marks.0.trailingZeroBitCount / 8 }
        if marks.1 != 0 { return start &+ 8 &+ marks.1.trailingZeroBitCount / 8 }
        return skipPlainBlocks(bytes, from: start &+ 16)
    }

    /// `skipPlain`, sixteen bytes at a time.
    @inline(never)
    private static func skipPlainBlocks(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let raw = unsafe bytes.bytes
        var index = start
        while index <= raw.byteCount &- 16 {
            let marks = marks(in: raw, at: index)
            if marks.0 != 0 { return index &+ marks.0.trailingZeroBitCount / 8 }
            if marks.1 != 0 { return index &+ 8 &+ marks.1.trailingZeroBitCount / 8 }
            index &+= 16
        }
        return skipPlainSingly(bytes, from: index)
    }

    /// Whether all bytes stand for themselves in a JSON string.
    @inline(__always)
    static func isPlain(_ bytes: Span<UInt8>) -> Bool {
        let raw = unsafe bytes.bytes
        let count = raw.byteCount
        guard count >= 16 else { return isPlainAndShort(bytes) }
        var index = 0
        while index < count &- 16 {
            if marks(in: raw, at: index) != (0, 0) { return false }
            index &+= 16
        }
        // What is left, and some bytes before it, which are plain already.
        return marks(in: raw, at: count &- 16) == (0, 0)
    }

    /// The same of fewer than sixteen bytes: eight or four from either end, which may overlap.
    @inline(__always)
    private static func isPlainAndShort(_ bytes: Span<UInt8>) -> Bool {
        let raw = unsafe bytes.bytes
        let count = raw.byteCount
        guard count >= 4 else { return skipPlainSingly(bytes, from: 0) == count }
        if count < 8 {
            let first = unsafe raw.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self)
            let last = unsafe raw.unsafeLoadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            return isPlain(UInt64(first) | UInt64(last) &<< 32)
        }
        let first = unsafe raw.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)
        let last = unsafe raw.unsafeLoadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        return isPlain(first) && isPlain(last)
    }

    /// Whether the eight bytes of a word are plain.
    @inline(__always)
    private static func isPlain(_ word: UInt64) -> Bool {
        // Where a subtraction takes from the byte above, the byte below is special itself.
        let quote = (word ^ (ones &* UInt64(UInt8(ascii: "\"")))) &- ones
        let backslash = (word ^ (ones &* UInt64(UInt8(ascii: "\\")))) &- ones
        let special = word | (word &- ones &* 0x20) | quote | backslash
        return special & highBits == 0
    }

    /// A high bit for each of the sixteen bytes at `index` that is not plain.
    @inline(__always)
    private static func marks(in raw: RawSpan, at index: Int) -> (UInt64, UInt64) {
        let block = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
        // Operators that compare would say it shorter, but Swift 6.3.1 makes loops of them.
        let one = SIMD16<UInt8>(repeating: 1)
        let quote = (block ^ SIMD16(repeating: UInt8(ascii: "\""))) &- one
        let backslash = (block ^ SIMD16(repeating: UInt8(ascii: "\\"))) &- one
        let special = block | (block &- SIMD16(repeating: 0x20)) | quote | backslash
        let words = unsafe unsafeBitCast(special, to: SIMD2<UInt64>.self)
        return (words[0].littleEndian & highBits, words[1].littleEndian & highBits)
    }

    /// `skipPlain`, one byte at a time: for what is left at the end of a text.
    @inline(never)
    private static func skipPlainSingly(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, standsForItself(bytes[index]) { index += 1 }
        return index
    }

    /// Whether a byte stands for itself in a JSON string and ends nothing.
    @inline(__always)
    private static func standsForItself(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Whether two texts are equal. What is left after whole words is looked at together with
    /// some bytes before it, which are equal already.
    @inline(__always)
    static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        let count = left.count
        guard count == right.count else { return false }
        if count < 4 {
            for index in 0..<count where left[index] != right[index] { return false }
            return true
        }
        if count < 8 {
            return isEqual(left, right, at: 0, UInt32.self)
                && isEqual(left, right, at: count - 4, UInt32.self)
        }
        var index = 0
        while index < count - 8 {
            guard isEqual(left, right, at: index, UInt64.self) else { return false }
            index += 8
        }
        return isEqual(left, right, at: count - 8, UInt64.self)
    }

    @inline(__always)
    private static func isEqual<Word: FixedWidthInteger & BitwiseCopyable>(
        _ left: Span<UInt8>, _ right: Span<UInt8>, at index: Int, _ type: Word.Type
    ) -> Bool {
        unsafe left.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: type)
            == right.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: type)
    }

    /// Where in the range a byte stands first.
    package static func firstIndex(
        of byte: UInt8, in bytes: Span<UInt8>, _ range: Range<Int>
    ) -> Int? {
        let raw = unsafe bytes.bytes
        var index = range.lowerBound
        while index <= range.upperBound - 8 {
            let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let differences = word.littleEndian ^ (ones &* UInt64(byte))
            // A high bit for the first byte that does not differ, and perhaps for some behind it.
            let marks = (differences &- ones) & ~differences & highBits
            if marks != 0 { return index + marks.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < range.upperBound {
            if bytes[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// Whether all bytes are printable ASCII, from a space to a tilde.
    package static func isPrintableASCII(_ bytes: Span<UInt8>) -> Bool {
        let raw = unsafe bytes.bytes
        var index = 0
        while index + 8 <= raw.byteCount {
            let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            // Adding 1 makes a high bit of 0x7F; only 0xFF carries, which is special itself.
            let special = word | (word &+ ones) | ((word &- ones &* 0x20) & ~word)
            if special & highBits != 0 { return false }
            index += 8
        }
        while index < bytes.count {
            if bytes[index] < 0x20 || bytes[index] >= 0x7F { return false }
            index += 1
        }
        return true
    }
}
