import Foundation
import Testing

/// What the documents name is there.
@Suite struct DocumentsTests {
    static let documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]

    @Test(arguments: documents)
    func everyPathThatIsNamedIsThere(document: String) throws {
        let text = try Repository.text(of: document)
        let path = /\b(Sources|Tests|Scripts|Benchmarks|Fuzz|deploy|policies)\/[\w.\/-]*[\w-]/
        let link = /\]\(([\w.]+)\)/
        let names =
            text.matches(of: path).map { String($0.output.0) }
            + text.matches(of: link).map { String($0.output.1) }
        for name in names {
            #expect(Repository.exists(name), "\(document) names \(name)")
        }
    }

    @Test(arguments: documents)
    func everyLinkInsideADocumentLeadsToAHeading(document: String) throws {
        let text = try Repository.text(of: document)
        let headings = text.matches(of: /\n##+ (.+)/).map { match in
            match.output.1.lowercased().replacing(" ", with: "-")
                .filter { $0.isLetter || $0.isNumber || $0 == "-" }
        }
        for match in text.matches(of: /\]\(#([\w-]+)\)/) {
            #expect(headings.contains(String(match.output.1)), "\(document): #\(match.output.1)")
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
