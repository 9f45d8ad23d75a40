internal import Document

/// `metadata.ownerReferences` is written by whoever writes the object: a reason to judge one
/// otherwise only where a rule says why it may be believed.
extension Node {
    /// The object's owner references; nil where it has none.
    func ownerReferences() throws(UnreadableObject) -> Elements? {
        try member("metadata", .object, in: .root)?
            .list("ownerReferences", of: .object, in: .root.field("metadata"))
    }

    /// Whether one of the object's owners is its controller: what made it and replaces it.
    func hasController() throws(UnreadableObject) -> Bool {
        guard let owners = try ownerReferences() else { return false }
        let path = FieldPath.root.field("metadata.ownerReferences")
        for (index, owner) in owners.enumerated() {
            let controls = try owner.member("controller", .boolean, in: path.element(index))
            if controls?.boolean == true { return true }
        }
        return false
    }
}
