import Foundation
import Testing

/// What the documents name is there.
@Suite struct DocumentsTests {
    static let documents =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
        + Repository.names(in: "docs").sorted().map { "docs/\($0)" }

    @Test(arguments: documents)
    func everyPathThatIsNamedIsThere(document: String) throws {
        let text = try Repository.text(of: document)
        let path = /\b(Sources|Tests|Scripts|Benchmarks|Fuzz|deploy|policies)\/[\w.\/-]*[\w-]/
        let names =
            text.matches(of: path).map { String($0.output.0) }
            + text.matches(of: /\bdocs\/\w+\.md/).map { String($0.output) }
        for name in names {
            #expect(Repository.exists(name), "\(document) names \(name)")
        }
    }

    /// Links to files beside a document, and to headings in them or in itself.
    @Test(arguments: documents)
    func everyLinkLeadsSomewhere(document: String) throws {
        let text = try Repository.text(of: document)
        let folder = document.split(separator: "/").dropLast().joined(separator: "/")
        for match in text.matches(of: /\]\(([\w.\/-]*)(?:#([\w-]+))?\)/) {
            let link = String(match.output.1)
            let target = link.isEmpty ? document : folder.isEmpty ? link : "\(folder)/\(link)"
            #expect(Repository.exists(target), "\(document) links to \(link)")
            guard let heading = match.output.2, Repository.exists(target) else { continue }
            let headings = Self.headings(of: try Repository.text(of: target))
            #expect(headings.contains(String(heading)), "\(document): \(link)#\(heading)")
        }
    }

    /// The headings of a document below its title, as links name them.
    private static func headings(of text: String) -> [String] {
        text.matches(of: /\n##+ (.+)/).map { match in
            match.output.1.lowercased().replacing(" ", with: "-")
                .filter { $0.isLetter || $0.isNumber || $0 == "-" }
        }
    }

    /// Nobody looks up what nothing leads to.
    @Test func theReadmeLinksToEveryDocument() throws {
        let text = try Repository.text(of: "README.md")
        for document in Self.documents where document != "README.md" {
            #expect(text.contains("](\(document)"), "README.md does not link to \(document)")
        }
    }

    /// ARCHITECTURE.md has a line for each folder of Sources, and none for another.
    @Test func theArchitectureListsTheModules() throws {
        let text = try Repository.text(of: "ARCHITECTURE.md")
        let start = try #require(text.firstRange(of: "\nSources/\n")).upperBound
        let listing = text[start...].prefix { $0 != "`" }
        let folders = listing.matches(of: /\b(\w+\/)(?=\s)/).map { String($0.output.1) }
        #expect(Set(folders) == Set(Repository.names(in: "Sources").map { "\($0)/" }))
    }

    @Test(arguments: ["Makefile", "CONTRIBUTING.md"])
    func everyTargetIsAScript(document: String) throws {
        let text = try Repository.text(of: document)
        let targets =
            document == "Makefile"
            ? text.firstMatch(of: /\.PHONY: (.+)/)?.output.1.split(separator: " ").map(String.init)
            : text.matches(of: /\nmake (\w+)/).map { String($0.output.1) }
        for target in try #require(targets) {
            #expect(Repository.exists("Scripts/\(target)"), "\(document) names make \(target)")
        }
    }
}
