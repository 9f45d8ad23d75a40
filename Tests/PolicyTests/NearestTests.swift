import Testing

@testable import Policy

@Suite struct NearestTests {
    private static let names = ["image-digest", "no-exec", "no-ssh", "in"]

    @Test(arguments: [
        ("image-digests", "image-digest"), ("Image-Digest", "image-digest"),
        ("imagedigest", "image-digest"), ("no-shh", "no-ssh"), ("no-exce", "no-exec"),
        ("im", "in"),
    ])
    func near(text: String, name: String) {
        #expect(Nearest.name(to: text, among: Self.names) == name)
        #expect(Nearest.hint(for: text, among: Self.names) == " (did you mean \"\(name)\"?)")
    }

    @Test(arguments: ["", "helm", "privileged", String(repeating: "image-digest", count: 6)])
    func nothingNear(text: String) {
        #expect(Nearest.name(to: text, among: Self.names) == nil)
        #expect(Nearest.hint(for: text, among: Self.names) == "")
    }

    @Test func longestTextThatIsLookedAt() {
        let name = String(repeating: "n", count: 64)
        #expect(Nearest.name(to: name, among: [name]) == name)
        #expect(Nearest.name(to: name + "n", among: [name]) == nil)
    }
}
