import Testing

@testable import Policy

@Suite struct ImageReferenceTests {
    /// Domain, path, tag and digest of a sound reference, joined by spaces; `-` where absent.
    private func parts(_ text: String) -> String {
        do throws(ImageReference.Problem) {
            let reference = try ImageReference(text)
            let bytes = Array(text.utf8)
            return [reference.domain, reference.path, reference.tag, reference.digest]
                .map { $0.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "-" }
                .joined(separator: " ")
        } catch {
            return error.message
        }
    }

    @Test(arguments: [
        ("nginx", "- nginx - -"), ("nginx:1.27", "- nginx 1.27 -"),
        ("library/nginx", "library nginx - -"), ("a/b/c:d", "a b/c d -"),
        ("reg:5000/a", "reg:5000 a - -"), ("reg:5000/a:b", "reg:5000 a b -"),
        ("localhost/a", "localhost a - -"), ("Reg.Example/a", "Reg.Example a - -"),
        ("a_b/c", "- a_b/c - -"), ("a-b.c/d", "a-b.c d - -"),
        ("[2001:db8::1]/a", "[2001:db8::1] a - -"),
        ("[2001:db8::1]:5000/a", "[2001:db8::1]:5000 a - -"),
        ("a@\(digest)", "- a - \(digest)"), ("a:_T.-9@\(digest)", "- a _T.-9 \(digest)"),
        ("a__b", "- a__b - -"), ("a---b", "- a---b - -"), ("a.b", "- a.b - -"),
        ("sha256:abc", "- sha256 abc -"),
    ])
    func sound(text: String, expected: String) { #expect(parts(text) == expected) }

    private static let wrongCharacter =
        "has a character other than a-z, 0-9, '.', '_' and '-'"

    @Test(arguments: [
        ("", "it is blank"), (" \t\n", "it is blank"),
        ("/a", "it has an empty path component"), ("a/", "it has an empty path component"),
        ("a//b", "it has an empty path component"), (":b", "it has an empty path component"),
        ("@\(digest)", "it has an empty path component"),
        ("A", "its path component \"A\" is not lower case"),
        ("reg.io/A/b", "its path component \"A\" is not lower case"),
        ("a b", "its path component \"a b\" \(wrongCharacter)"),
        (" nginx", "its path component \" nginx\" \(wrongCharacter)"),
        ("ü/a", "its path component \"ü\" \(wrongCharacter)"),
        ("user:pw@host/a", "its digest \"host/a\" names no algorithm, as sha256: does"),
        ("-reg/a", "its path component \"-reg\" has misplaced separators"),
        ("reg-/a", "its path component \"reg-\" has misplaced separators"),
        ("reg./a", "its path component \"reg.\" has misplaced separators"),
        ("reg:/a", "its path component \"reg:\" \(wrongCharacter)"),
        ("reg:x/a", "its path component \"reg:x\" \(wrongCharacter)"),
        ("[::1/a", "its path component \"[::1\" \(wrongCharacter)"),
        ("[]/a", "its path component \"[]\" \(wrongCharacter)"),
        ("[::1]x/a", "its path component \"[::1]x\" \(wrongCharacter)"),
        ("[::g]/a", "its path component \"[::g]\" \(wrongCharacter)"),
        ("a..b", "its path component \"a..b\" has misplaced separators"),
        ("a___b", "its path component \"a___b\" has misplaced separators"),
        ("a._b", "its path component \"a._b\" has misplaced separators"),
        ("_a", "its path component \"_a\" has misplaced separators"),
        ("a:", "its tag is empty"),
        ("a:b:c", "its tag \"b:c\" is not made of letters, digits, '_', '.' and '-'"),
        ("a:.b", "its tag \".b\" is not made of letters, digits, '_', '.' and '-'"),
        ("a@", "its digest \"\" names no algorithm, as sha256: does"),
        ("a@foo", "its digest \"foo\" names no algorithm, as sha256: does"),
        ("a@:", "its digest algorithm \"\" is not sha256, sha384 or sha512"),
        ("a@md5:00", "its digest algorithm \"md5\" is not sha256, sha384 or sha512"),
        ("a@SHA256:00", "its digest algorithm \"SHA256\" is not sha256, sha384 or sha512"),
        ("a@sha256:", "its sha256 digest has 0 digits, not 64"),
        ("a@\(digest)0", "its sha256 digest has 65 digits, not 64"),
        ("a@\(digest.dropLast())", "its sha256 digest has 63 digits, not 64"),
        ("a@\(digest.dropLast())F", "its digest is not lower-case hexadecimal"),
        ("a@\(digest.dropLast())g", "its digest is not lower-case hexadecimal"),
        ("a@\(digest) ", "its digest is not lower-case hexadecimal"),
        ("a@\(digest)@\(digest)", "its digest is not lower-case hexadecimal"),
        ("a@sha384:00", "its sha384 digest has 2 digits, not 96"),
        ("a@sha512:00", "its sha512 digest has 2 digits, not 128"),
    ])
    func unsound(text: String, expected: String) { #expect(parts(text) == expected) }

    @Test func limits() {
        let name = String(repeating: "a", count: 255)
        #expect(parts(name) == "- \(name) - -")
        #expect(parts(name + "a") == "its name has 256 characters; at most 255 are allowed")
        let tag = String(repeating: "t", count: 128)
        #expect(parts("a:" + tag) == "- a \(tag) -")
        #expect(parts("a:t" + tag) == "its tag has 129 characters; at most 128 are allowed")
    }

    @Test func longPartsAreCutInMessages() {
        let digest = String(repeating: "x", count: 1000)
        #expect(
            parts("a@" + digest) == "its digest \"\(digest.prefix(80))…\" names no algorithm, "
                + "as sha256: does")
    }

    @Test(arguments: [
        ("nginx", "docker.io/library/nginx"), ("nginx:1@\(digest)", "docker.io/library/nginx"),
        ("library/nginx", "docker.io/library/nginx"), ("corp/app", "docker.io/corp/app"),
        ("docker.io/nginx", "docker.io/library/nginx"),
        ("index.docker.io/corp/app", "docker.io/corp/app"),
        ("localhost/app", "localhost/app"), ("Corp/app", "Corp/app"),
        ("reg:5000/a:1", "reg:5000/a"), ("registry.example.com/a/b", "registry.example.com/a/b"),
        ("[::1]/a", "[::1]/a"), ("a@latest", nil), ("", nil),
    ])
    func normalizedName(text: String, expected: String?) {
        #expect(ImageReference.normalizedName(of: text) == expected)
    }
}
