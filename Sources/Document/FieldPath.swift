/// The way from a document's root to a field, as Kubernetes writes it:
/// `spec.template.spec.containers[0].image`, `data["tls.key"]`.
///
/// Kept in parts, so that the way to a field of a list's element, which most are, is put together
/// only where it is written: `spec.template.spec` `containers` `0` `image`.
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    /// What comes first, as it is written; empty for the root.
    private var start: String
    /// A field of that; empty for none, and then nothing follows.
    private var field = ""
    /// An element of that field; negative for none.
    private var index: Int32 = -1
    /// A field of all this; empty for none.
    private var last = ""

    /// The path of the root.
    package static let root = FieldPath("")

    /// Takes a path that is already written.
    package init(_ description: String) { start = description }

    /// The path's text; empty for the root.
    package var description: String {
        if field.isEmpty { return start }
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same path in one part: for one that many others begin with.
    package var joined: FieldPath { FieldPath(description) }

    /// Whether this is the path of the root.
    package var isRoot: Bool { start.isEmpty && field.isEmpty }

    /// Writes the path's text to the end of `bytes`.
    package func write(to bytes: inout [UInt8]) {
        let (start, field, last) = (start.utf8.span, field.utf8.span, last.utf8.span)
        let index = index
        let punctuation = ".[-2147483648].".utf8.count
        bytes.append(addingCapacity: start.count + field.count + last.count + punctuation) {
            output in
            output.append(copying: start)
            if field.isEmpty { return }
            if !start.isEmpty { output.append(UInt8(ascii: ".")) }
            output.append(copying: field)
            if index >= 0 {
                output.append(UInt8(ascii: "["))
                output.append(copying: String(index).utf8.span)
                output.append(UInt8(ascii: "]"))
            }
            if last.isEmpty { return }
            output.append(UInt8(ascii: "."))
            output.append(copying: last)
        }
    }

    /// Paths are equal where they are written alike, whatever their parts.
    package static func == (left: FieldPath, right: FieldPath) -> Bool {
        left.description == right.description
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(description) }

    /// The path of a member of this object.
    package func member(_ name: String) -> FieldPath {
        Self.isPlain(name) ? appending(name) : key(name)
    }

    /// The path of an entry of this map, whose keys are anybody's choice: `data["tls.key"]`.
    package func key(_ name: String) -> FieldPath {
        FieldPath("\(description)[\"\(Self.escaped(name))\"]")
    }

    /// The path of a field that is written in the program: `securityContext.runAsUser`. Names from
    /// a document go through `member`, which quotes what cannot stand after a dot.
    package consuming func field(_ names: String) -> FieldPath { appending(names) }

    /// The path of an element of this array.
    package consuming func element(_ index: Int) -> FieldPath {
        guard !field.isEmpty, self.index < 0, last.isEmpty, let index = Int32(exactly: index) else {
            return FieldPath("\(description)[\(index)]")
        }
        self.index = index
        return self
    }

    private consuming func appending(_ names: String) -> FieldPath {
        if field.isEmpty {
            field = names
        } else if last.isEmpty, index >= 0 {
            last = names
        } else {
            self = FieldPath(description)
            field = names
        }
        return self
    }

    /// A key is anybody's choice: as in JSON, no quote of its own ends it, and no line break of its
    /// own breaks a report's line.
    private static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else {
            return name
        }
        return name.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\0"..<" ":
                "\\u00\(scalar.value < 16 ? "0" : "")" + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }.joined()
    }

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

extension Node {
    /// The node at a path from here, or the nearest of its parents that is there: the place to
    /// mend.
    package func nearest(to path: FieldPath) -> Node {
        var node = self
        let text = Array(path.description.utf8)
        var index = 0
        while index < text.count, let step = FieldPath.Step(text, &index), let next = node[step] {
            node = next
        }
        return node
    }

    private subscript(_ step: FieldPath.Step) -> Node? {
        switch step {
        case .member(let name): return self[name]
        case .element(let position):
            guard position < count else { return nil }
            return elements.dropFirst(position).first { _ in true }
        }
    }
}

extension FieldPath {
    /// One step of a path, taken from its text.
    fileprivate enum Step {
        case member(String)
        case element(Int)

        /// Reads the step at `index` and moves past it; nil where none is written as it should be.
        init?(_ text: [UInt8], _ index: inout Int) {
            guard text[index] == UInt8(ascii: "[") else {
                if index > 0 {
                    guard text[index] == UInt8(ascii: ".") else { return nil }
                    index += 1
                }
                let name = text[index...].prefix {
                    $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "[")
                }
                guard !name.isEmpty else { return nil }
                index = name.endIndex
                self = .member(String(decoding: name, as: UTF8.self))
                return
            }
            index += 1
            guard index < text.count else { return nil }
            if text[index] == UInt8(ascii: "\"") {
                var scanner = JSONScanner(position: index)
                var hasEscapes = false
                guard let range = try? scanner.scanString(text.span, hasEscapes: &hasEscapes) else {
                    return nil
                }
                self = .member(JSONEscapes.decode(text.span, range))
                index = scanner.position
            } else {
                let digits = text[index...].prefix { $0 != UInt8(ascii: "]") }
                guard let position = Int(String(decoding: digits, as: UTF8.self)), position >= 0
                else { return nil }
                self = .element(position)
                index = digits.endIndex
            }
            guard index < text.count, text[index] == UInt8(ascii: "]") else { return nil }
            index += 1
        }
    }
}
