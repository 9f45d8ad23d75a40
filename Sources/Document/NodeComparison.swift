/// Compares values of two documents by what they mean: the order of members is nobody's choice, and
/// an absent member and `null` are alike.
extension Node {
    /// How deep values are compared. What lies deeper counts as different, unless it is written
    /// alike: the comparison recurses, and no object of Kubernetes is half as deep.
    package static let comparedDepth = 128

    /// How deep texts are compared before values are: what differs at its end would be looked at
    /// once for each level.
    private static let textualDepth = 8

    /// Whether two values, either of them absent perhaps, are the same but for what lies at
    /// `ignored`: paths of members from here. In time of their size.
    package static func areSame(
        _ left: Node?, _ right: Node?, except ignored: [[String]] = []
    ) -> Bool {
        areSame(left, right, ignored.map { $0[...] }, depth: 0)
    }

    private static func areSame(
        _ left: Node?, _ right: Node?, _ ignored: [ArraySlice<String>], depth: Int
    ) -> Bool {
        guard depth <= comparedDepth else { return false }
        let left = left.flatMap { $0.isNull ? nil : $0 }
        let right = right.flatMap { $0.isNull ? nil : $0 }
        guard let some = left ?? right else { return true }
        if some.kind == .object {
            guard left?.kind ?? .object == right?.kind ?? .object else { return false }
            // An object that holds only what is ignored is as good as none.
            if left == nil || right == nil {
                return !ignored.isEmpty && holdsOnly(ignored, in: some, depth)
            }
        }
        guard let left, let right, left.kind == right.kind else { return false }
        if depth <= textualDepth, ignored.isEmpty, left.hasSameText(as: right) { return true }
        switch left.kind {
        case .object: return areSameMembers(left, right, ignored, depth)
        case .array: return areSameElements(left, right, depth)
        case .string: return left.hasSameCharacters(as: right)
        case .number: return left.numberText == right.numberText || left.isSameInteger(as: right)
        case .boolean: return left.boolean == right.boolean
        case .null: return true
        }
    }

    private static func areSameMembers(
        _ left: Node, _ right: Node, _ ignored: [ArraySlice<String>], _ depth: Int
    ) -> Bool {
        var others = MemberLookup(right)
        for (key, value) in left.members {
            guard let inner = rest(of: ignored, at: key) else {
                _ = others.take(key)
                continue
            }
            if !areSame(value, others.take(key), inner, depth: depth + 1) { return false }
        }
        return others.remaining().allSatisfy { key, value in
            guard let inner = rest(of: ignored, at: key) else { return true }
            return areSame(nil, value, inner, depth: depth + 1)
        }
    }

    private static func areSameElements(_ left: Node, _ right: Node, _ depth: Int) -> Bool {
        guard left.count == right.count else { return false }
        var others = right.elements
        return left.elements.allSatisfy { areSame($0, others.next(), [], depth: depth + 1) }
    }

    private static func holdsOnly(
        _ ignored: [ArraySlice<String>], in object: Node, _ depth: Int
    ) -> Bool {
        object.members.allSatisfy { key, value in
            guard let inner = rest(of: ignored, at: key) else { return true }
            return areSame(nil, value, inner, depth: depth + 1)
        }
    }

    /// What is to be ignored within a member, or nil where the member itself is.
    private static func rest(
        of ignored: [ArraySlice<String>], at key: Node
    ) -> [ArraySlice<String>]? {
        var inner: [ArraySlice<String>] = []
        for path in ignored {
            guard let first = path.first, key.equals(first) else { continue }
            if path.count == 1 { return nil }
            inner.append(path.dropFirst())
        }
        return inner
    }

    /// Whether two objects or arrays are written alike in JSON, byte for byte, and so the same:
    /// most of what an update leaves alone is, and to see that takes a hundredth of the time.
    ///
    /// Compared is the text up to the last value within; all that can follow it is what closes the
    /// containers that were opened before.
    private func hasSameText(as other: Node) -> Bool {
        guard let extent, let otherExtent = other.extent, extent.count == otherExtent.count,
            next(after: index) - index == other.next(after: other.index) - other.index
        else { return false }
        return withText(extent) { left in
            other.withText(otherExtent) { right in WordScan.areEqual(left, right) }
        }
    }

    /// Where an object or array of JSON lies, up to the end of the last value within.
    private var extent: Range<Int>? {
        let raw = raw
        guard isJSON, raw.kind == .object || raw.kind == .array else { return nil }
        let last = node(at: Int(raw.next) - 1).raw
        let isContainer = last.kind == .object || last.kind == .array
        return Int(raw.offset)..<Int(last.offset) + (isContainer ? 1 : Int(last.length))
    }

    /// Character for character, as bytes: `String` takes two spellings of an accent for one.
    fileprivate func hasSameCharacters(as other: Node) -> Bool {
        if hasEscapes || other.hasEscapes {
            guard let left = string, let right = other.string else { return false }
            return left.utf8.elementsEqual(right.utf8)
        }
        return withRawBytes { left in
            other.withRawBytes { right in
                WordScan.areEqual(left, right)
            }
        }
    }

    private func isSameInteger(as other: Node) -> Bool {
        guard let integer else { return false }
        return integer == other.integer
    }
}

/// The members of an object, taken one after another by name: without any search where they are
/// asked for in their own order, as the API server writes them, and never in quadratic time.
private struct MemberLookup {
    private let object: Node
    private var upcoming: Node.Members
    private var isInOrder = true
    private var rest: [[UInt8]: Node] = [:]

    init(_ object: Node) {
        self.object = object
        upcoming = object.members
    }

    /// Takes the member of this name, if there is one.
    mutating func take(_ key: Node) -> Node? {
        if isInOrder {
            let before = upcoming
            guard let (name, value) = upcoming.next() else { return nil }
            if name.hasSameCharacters(as: key) { return value }
            upcoming = before
            isInOrder = false
            for (name, value) in upcoming { rest[Self.bytes(of: name)] = value }
        }
        return rest.removeValue(forKey: Self.bytes(of: key))
    }

    /// What nobody has taken.
    func remaining() -> [(key: Node, value: Node)] {
        if isInOrder { return Array(upcoming) }
        return object.members.filter { key, _ in rest[Self.bytes(of: key)] != nil }
    }

    private static func bytes(of key: Node) -> [UInt8] { Array((key.string ?? "").utf8) }
}
