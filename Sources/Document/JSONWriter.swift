/// Writes JSON (RFC 8259) to the end of a byte array, commas included.
///
/// The caller keeps objects and arrays balanced; the writer keeps the punctuation and escapes.
package struct JSONWriter {
    /// What was written so far.
    package private(set) var bytes: [UInt8]
    private var needsComma = false

    /// Goes on at the end of `bytes`, whose capacity is reused.
    package init(appendingTo bytes: consuming [UInt8] = []) { self.bytes = bytes }

    /// Gives the bytes back and empties the writer.
    package mutating func takeBytes() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        needsComma = false
        return taken
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    /// Opens an object: `{`.
    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes an object: `}`.
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array: `[`.
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes an array: `]`.
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a member's name; its value must follow.
    package mutating func key(_ name: String) {
        quote(name.utf8.span, isKey: true)
        needsComma = false
    }

    /// Writes a string.
    package mutating func string(_ text: String) {
        quote(text.utf8.span, isKey: false)
        needsComma = true
    }

    /// Writes a string piece by piece: what `pieces` passes to `text`.
    package mutating func string(_ pieces: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        pieces(&self)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes a piece of a string: only of use inside `string`.
    package mutating func text(_ piece: String) { escape(piece.utf8.span) }

    /// Writes a piece of a string that is UTF-8 already: only of use inside `string`.
    package mutating func text(_ piece: ArraySlice<UInt8>) { escape(piece.span) }

    /// Writes a node's string as it stands in its source where that is JSON: no decoding, no copy
    /// besides the one into the output. Anything but a string is written as `null`.
    package mutating func string(_ node: Node) {
        guard node.kind == .string else { return null() }
        guard node.isJSON else { return string(node.string ?? "") }
        node.withRawBytes { quotePlain($0, isKey: false) }
        needsComma = true
    }

    /// Writes an integer.
    package mutating func number(_ value: Int) {
        separate()
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        text(value.magnitude, digits: 1)
    }

    /// Writes a number with zeros before it, up to so many digits: only of use inside `string`.
    package mutating func text(_ value: UInt, digits: Int) {
        if value >= 10 || digits > 1 { text(value / 10, digits: digits - 1) }
        bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
    }

    /// Writes a boolean.
    package mutating func boolean(_ value: Bool) {
        separate()
        bytes.append(utf8: value ? "true" : "false")
    }

    /// Writes `null`.
    package mutating func null() {
        separate()
        bytes.append(utf8: "null")
    }

    /// Writes a member whose value is a string.
    package mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    /// Writes a member whose value is a list of objects, the members of each by `members`.
    package mutating func objects<Element>(
        _ name: String, _ list: [Element], _ members: (Element, inout JSONWriter) -> Void
    ) {
        key(name)
        beginArray()
        for element in list {
            beginObject()
            members(element, &self)
            endObject()
        }
        endArray()
    }

    /// Writes a member whose value is an integer.
    package mutating func member(_ name: String, _ value: Int) {
        key(name)
        number(value)
    }

    /// Writes a member whose value is a boolean.
    package mutating func member(_ name: String, _ value: Bool) {
        key(name)
        boolean(value)
    }

    /// Writes a value that is JSON already, such as a number with a fraction.
    package mutating func raw(_ json: String) {
        separate()
        bytes.append(utf8: json)
    }

    /// Writes a text in quotes, with a comma before it where one is needed.
    @inline(__always)
    private mutating func quote(_ characters: Span<UInt8>, isKey: Bool) {
        guard !WordScan.isPlain(characters) else { return quotePlain(characters, isKey: isKey) }
        separate()
        bytes.append(UInt8(ascii: "\""))
        escape(characters)
        bytes.append(utf8: isKey ? "\":" : "\"")
    }

    /// The same of a text that needs no escape, as nearly all that an answer is made of: at once.
    @inline(__always)
    private mutating func quotePlain(_ characters: Span<UInt8>, isKey: Bool) {
        bytes.append(addingCapacity: characters.count + 4) { output in
            if needsComma { output.append(UInt8(ascii: ",")) }
            output.append(UInt8(ascii: "\""))
            output.append(copying: characters)
            output.append(UInt8(ascii: "\""))
            if isKey { output.append(UInt8(ascii: ":")) }
        }
    }

    private mutating func escape(_ characters: Span<UInt8>) {
        if WordScan.isPlain(characters) { return bytes.append(copying: characters) }
        var index = 0
        while index < characters.count {
            // A part at a time: room for escapes is six times its length.
            let end = min(index + 256, characters.count)
            let part = characters.extracting(first: end)
            bytes.append(addingCapacity: 6 * (end - index)) { output in
                while true {
                    // What needs no escape is copied at once.
                    let plain = index..<WordScan.skipPlain(part, from: index)
                    output.append(copying: part.extracting(plain))
                    index = plain.upperBound
                    if index == end { break }
                    let byte = part[index]
                    index += 1
                    if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                        output.append(byte)
                    } else {
                        Self.appendEscaped(byte, to: &output)
                    }
                }
            }
        }
    }

    private static func shortEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
        case 0x0A: UInt8(ascii: "n")
        case 0x0D: UInt8(ascii: "r")
        case 0x09: UInt8(ascii: "t")
        default: nil
        }
    }

    private static func appendEscaped(_ byte: UInt8, to output: inout OutputSpan<UInt8>) {
        output.append(UInt8(ascii: "\\"))
        if let letter = shortEscape(byte) { return output.append(letter) }
        output.append(UInt8(ascii: "u"))
        output.append(UInt8(ascii: "0"))
        output.append(UInt8(ascii: "0"))
        output.append(hexDigit(byte >> 4))
        output.append(hexDigit(byte & 0xF))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
