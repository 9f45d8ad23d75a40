/// A JSON value that the program puts together: what is small, seldom written, and read by people.
package indirect enum JSONValue: Equatable, Sendable {
    /// A member of an object.
    package struct Member: Equatable, Sendable {
        /// Its name.
        package let name: String
        /// Its value.
        package let value: JSONValue

        /// Makes a member.
        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }

        fileprivate var flow: String { "\(JSONValue.string(name).text): \(value.flow)" }
    }

    /// `null`.
    case null
    /// `true` or `false`.
    case boolean(Bool)
    /// An integer.
    case number(Int)
    /// A string.
    case string(String)
    /// Values in a row.
    case array([JSONValue])
    /// Members in the order in which they are written.
    case object([Member])

    /// An object of members in this order; those that are nil are left out.
    package static func object(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
    }

    /// An array of strings.
    package static func strings(_ texts: some Sequence<String>) -> JSONValue {
        .array(texts.map(JSONValue.string))
    }

    /// Whether the value is `null`, or holds nothing.
    package var isEmpty: Bool {
        switch self {
        case .null: true
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        case .boolean, .number, .string: false
        }
    }

    /// Writes the value on one line, as short as it can be.
    package func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .boolean(let boolean): writer.boolean(boolean)
        case .number(let number): writer.number(number)
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(member.name)
                member.value.write(to: &writer)
            }
            writer.endObject()
        }
    }

    /// The value on one line.
    package var text: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.takeBytes(), as: UTF8.self)
    }

    /// The value for a file that people compare: two spaces a level, and on one line what fits
    /// into `columns`. Ended by no line break.
    package func indented(columns: Int = 100) -> String {
        var text = ""
        write(to: &text, depth: 0, used: 0, columns: columns)
        return text
    }

    /// The value on one line, with spaces for people.
    fileprivate var flow: String {
        switch self {
        case .null, .boolean, .number, .string: text
        case .array(let elements): "[\(elements.map(\.flow).joined(separator: ", "))]"
        case .object(let members): "{\(members.map(\.flow).joined(separator: ", "))}"
        }
    }

    /// Writes the value where `used` columns of the line are taken already.
    private func write(to text: inout String, depth: Int, used: Int, columns: Int) {
        let line = flow
        // One more for the comma that may follow.
        guard used + line.utf8.count + 1 > columns, !isEmpty else {
            text += line
            return
        }
        let indent = String(repeating: " ", count: 2 * (depth + 1))
        let end = "\n" + indent.dropLast(2)
        switch self {
        case .null, .boolean, .number, .string: text += line
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                text += "\(index == 0 ? "[" : ",")\n\(indent)"
                element.write(to: &text, depth: depth + 1, used: indent.count, columns: columns)
            }
            text += end + "]"
        case .object(let members):
            for (index, member) in members.enumerated() {
                let name = JSONValue.string(member.name).text
                text += "\(index == 0 ? "{" : ",")\n\(indent)\(name): "
                member.value.write(
                    to: &text, depth: depth + 1, used: indent.count + name.utf8.count + 2,
                    columns: columns)
            }
            text += end + "}"
        }
    }
}
