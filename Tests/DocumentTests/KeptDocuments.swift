import Document
import Foundation

/// Documents whose nodes a test looks at: a node is valid only while its document lives.
/// Other modules' tests have links to this file.
///
/// Sound as `Sendable`: the lock lets one test at a time at the list.
private final class KeptDocuments: @unchecked Sendable {
    static let all = KeptDocuments()
    private let lock = NSLock()
    private var documents: [Document] = []

    func keep(_ document: Document) -> Document {
        lock.withLock { documents.append(document) }
        return document
    }
}

extension Document {
    /// A document that lives as long as the tests do.
    static func kept() -> Document { KeptDocuments.all.keep(Document()) }
}
