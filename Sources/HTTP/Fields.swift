/// The header fields of a request: offsets into its buffer, decoded only when asked for.
package struct Fields: Sendable {
    /// Where one field lies in the storage.
    struct Entry: Sendable {
        var nameStart: Int32
        var nameCount: Int32
        var valueStart: Int32
        var valueCount: Int32

        init(name: Range<Int>, value: Range<Int>) {
            nameStart = Int32(truncatingIfNeeded: name.lowerBound)
            nameCount = Int32(truncatingIfNeeded: name.count)
            valueStart = Int32(truncatingIfNeeded: value.lowerBound)
            valueCount = Int32(truncatingIfNeeded: value.count)
        }

        var name: Range<Int> { Int(nameStart)..<Int(nameStart + nameCount) }
        var value: Range<Int> { Int(valueStart)..<Int(valueStart + valueCount) }
    }

    let storage: [UInt8]
    let entries: [Entry]

    init(storage: [UInt8], entries: [Entry]) {
        self.storage = storage
        self.entries = entries
    }

    /// Makes fields by hand, for tests of code that takes requests.
    package init(_ pairs: [(name: String, value: String)]) {
        var storage: [UInt8] = []
        var entries: [Entry] = []
        for (name, value) in pairs {
            let nameStart = storage.count
            storage += name.utf8
            let valueStart = storage.count
            storage += value.utf8
            entries.append(
                Entry(name: nameStart..<valueStart, value: valueStart..<storage.count))
        }
        self.init(storage: storage, entries: entries)
    }

    /// How many field lines there are.
    package var count: Int { entries.count }

    /// The value of the first field of this name, in any letter case; invalid UTF-8 is repaired.
    package subscript(name: String) -> String? {
        for entry in entries where matches(entry, name) {
            return text(entry.value)
        }
        return nil
    }

    /// The values of all fields of this name, in their order.
    package func all(_ name: String) -> [String] {
        entries.filter { matches($0, name) }.map { text($0.value) }
    }

    /// The field line at a position, 0 to `count`, its name as it was sent.
    package subscript(position: Int) -> (name: String, value: String) {
        let entry = entries[position]
        return (text(entry.name), text(entry.value))
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: storage[range], as: UTF8.self)
    }

    private func matches(_ entry: Entry, _ name: String) -> Bool {
        let wanted = name.utf8
        guard Int(entry.nameCount) == wanted.count else { return false }
        var offset = Int(entry.nameStart)
        for byte in wanted {
            guard Syntax.lowercase(storage[offset]) == Syntax.lowercase(byte) else { return false }
            offset += 1
        }
        return true
    }
}
