import Testing

@testable import Policy

@Suite struct GlobTests {
    @Test(arguments: [
        ("*", "", true), ("*", "a/b:c", true), ("web", "web", true), ("web", "Web", false),
        ("web", "web-1", false), ("web", "my-web", false), ("web-*", "web-", true),
        ("web-*", "web", false), ("*-web", "my-web", true), ("a*b*c", "a1b2b3c", true),
        ("a*b*c", "a1c2b", false), ("?", "a", true), ("?", "", false), ("?", "ab", false),
        ("?", "é", true), ("??", "é", false), ("*?é", "éé", true), ("*???cd", "éXcd", false),
        ("a?c", "a/c", true), ("docker.io/*", "docker.io/library/nginx", true),
        ("docker.io/*", "docker.iox/a", false), ("**", "ab", true), ("a**", "a", true),
        ("[a]", "a", false), ("a.c", "abc", false), ("\u{E9}", "e\u{301}", false),
    ])
    func matches(pattern: String, text: String, isMatch: Bool) throws {
        let glob = try #require(Glob(pattern))
        #expect(glob.matches(text) == isMatch)
        #expect(glob.description == pattern)
    }

    @Test func emptyPatternIsNone() { #expect(Glob("") == nil) }

    @Test func emptyListMatchesEverything() {
        let none: [Glob] = []
        #expect(none.isEmptyOrMatches("a"))
        #expect(!none.anyMatches("a"))
    }

    /// A recursive matcher would need longer than the universe lasts.
    @Test func manyStarsTakeNoExponentialTime() throws {
        let glob = try #require(Glob(String(repeating: "*a", count: 30) + "b"))
        #expect(!glob.matches(String(repeating: "a", count: 3000)))
    }
}
