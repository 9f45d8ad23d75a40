/// A kind of document that policy files may hold, with the fields that its reader asks for.
package struct DocumentKind: Sendable {
    /// What `kind` says: `Policy`.
    package let name: String
    /// What it is for, in one sentence.
    package let summary: String
    /// The fields of the whole document.
    package let fields: [ParameterField]
}
