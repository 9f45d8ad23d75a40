import Policy
import Testing

@testable import Server

@Suite struct LoadedPoliciesTests {
    private func digest(_ files: (name: String, text: String)...) -> String {
        let files = files.map { PolicyFile(name: $0.name, bytes: Array($0.text.utf8)) }
        return LoadedPolicies(set: .empty, files: files).digest
    }

    @Test func theDigestIsThatOfNamesAndContents() {
        // Of nothing, the hash is its offset basis; of "a", with name and length, one made by hand.
        #expect(digest() == "cbf29ce484222325")
        #expect(digest(("a.yaml", "a")) == "06a8a5d81501d18d")
        #expect(digest(("/somewhere/a.yaml", "a")) == digest(("elsewhere/a.yaml", "a")))
        let others = [
            digest(("b.yaml", "a")), digest(("a.yaml", "b")),
            digest(("a.yaml", "a"), ("b.yaml", "")),
            digest(("a.yaml", "")), digest(("a.yaml", "a\u{0}b.yaml\u{0}0\u{0}")),
        ]
        #expect(Set(others + [digest(("a.yaml", "a"))]).count == 6)
    }
}
