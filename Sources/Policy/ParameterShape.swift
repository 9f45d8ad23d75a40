package import Document

/// What a field of a policy file may hold. `ParameterReader` notes it of every field that it is
/// asked for, so that schemas and listings say what the reader does, and nothing else.
package indirect enum ParameterShape: Equatable, Sendable {
    /// Whatever it likes.
    case anything
    /// `true` or `false`.
    case boolean
    /// An integer of a range.
    case integer(ClosedRange<Int>)
    /// A string.
    case text(TextForm)
    /// One of these strings.
    case choice([String])
    /// What fits one of these.
    case either([ParameterShape])
    /// A list.
    case list(List)
    /// A map of strings by any names.
    case map
    /// An object with these fields and no others.
    case object([ParameterField])
    /// An object whose fields depend on the value of one of them.
    case variants(by: String, [Variant])

    /// A list whose elements are alike.
    package struct List: Equatable, Sendable {
        /// What each element is.
        package let element: ParameterShape
        /// How many elements there may be; an upper bound of nil is none.
        package var count: (least: Int, most: Int?) { (least, most) }
        private let least: Int
        private let most: Int?
        /// Whether no element may stand twice.
        package let isDistinct: Bool
        /// Words that may not all stand in one list; empty for no such rule.
        package let apart: [String]
        /// Words of which a list that is not empty has at least one; empty for no such rule.
        package let needed: [String]

        init(
            of element: ParameterShape, least: Int = 0, most: Int? = nil, isDistinct: Bool = false,
            apart: [String] = [], needed: [String] = []
        ) {
            self.element = element
            self.least = least
            self.most = most
            self.isDistinct = isDistinct
            self.apart = apart
            self.needed = needed
        }
    }

    /// The fields of an object where the deciding one has this value.
    package struct Variant: Equatable, Sendable {
        /// The value of the deciding field.
        package let value: String
        /// All fields, the deciding one included.
        package let fields: [ParameterField]
    }

    /// A list of strings of one form.
    static func texts(_ form: TextForm, least: Int = 0) -> ParameterShape {
        .list(List(of: .text(form), least: least))
    }
}

/// A field that a reader was asked for: what it may hold, and what it held.
package struct ParameterField: Equatable, Sendable {
    /// Its name.
    package let name: String
    /// What it may hold.
    package internal(set) var shape: ParameterShape = .anything
    /// Whether it must be there.
    package internal(set) var isRequired = false
    /// What it is in one sentence, for people; empty where the name says it all.
    package internal(set) var summary = ""
    /// What holds where it is absent; nil where nothing does.
    package internal(set) var fallback: JSONValue?
    /// What the file says; nil where it is absent.
    package internal(set) var setting: JSONValue?

    init(name: String) { self.name = name }

    /// What holds: what the file says, or else the default.
    package var value: JSONValue { setting ?? fallback ?? .null }
}
