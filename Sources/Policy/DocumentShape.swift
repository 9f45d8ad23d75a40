/// A kind of document that policy files may hold, as its reader reads it.
package struct DocumentShape: Sendable {
    /// What `kind` says: `Policy`.
    package let name: String
    /// What it is for, in one sentence.
    package let summary: String
    /// The fields of the whole document.
    package let fields: [ParameterField]
}
