/// The way from a document's root to a field, as Kubernetes writes it:
/// `spec.template.spec.containers[0].image`, `data["tls.key"]`.
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    /// The path's text; empty for the root.
    package private(set) var description: String

    /// The path of the root.
    package static let root = FieldPath("")

    /// Takes a path that is already written.
    package init(_ description: String) { self.description = description }

    /// The path of a member of this object.
    package func member(_ name: String) -> FieldPath {
        if !Self.isPlain(name) { return FieldPath("\(description)[\"\(name)\"]") }
        return FieldPath(description.isEmpty ? name : "\(description).\(name)")
    }

    /// The path of an element of this array.
    package func element(_ index: Int) -> FieldPath { FieldPath("\(description)[\(index)]") }

    /// Whether a key can stand after a dot without being taken for several.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
