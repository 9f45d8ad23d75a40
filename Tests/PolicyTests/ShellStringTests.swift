import Testing

@testable import Policy

@Suite struct ShellStringTests {
    /// Simple commands as `[word|word][word]`.
    private func commands(_ text: String) -> String {
        ShellString.simpleCommands(of: text).map { "[\($0.joined(separator: "|"))]" }.joined()
    }

    @Test(arguments: [
        ("", ""), ("  \t\n", ""), ("a b", "[a|b]"), ("a;b&c|d", "[a][b][c][d]"),
        ("a && b || c", "[a][b][c]"), ("a\nb\r\nc", "[a][b][c]"), ("(a; b)", "[a][b]"),
        ("'a;b' \"c|d\" e\\;f", "[a;b|c|d|e;f]"),
        ("a''b\"\"c", "[abc]"), ("'' a", "[|a]"), ("a\\\nb", "[ab]"), ("\"a\\\nb\"", "[ab]"),
        ("\"a\\\"b\"", "[a\"b]"), ("a # b; c\nd", "[a][d]"), ("a#b", "[a#b]"),
        ("$'a' $\"b\"", "[a|b]"), ("a\\", "[a]"),
        ("'a", "[a]"), ("\"a", "[a]"),
    ])
    func words(text: String, expected: String) { #expect(commands(text) == expected) }

    @Test(arguments: [
        ("a>b", "[a]"), ("a >b c", "[a|c]"), ("a 2>&1 b", "[a|b]"), ("2>e a", "[a]"),
        ("</dev/null a", "[a]"), ("a>>b;c", "[a][c]"), ("a2>b", "[a2]"), ("a <<<b c", "[a|c]"),
        ("a &>b", "[a]"), ("a>b&c", "[a][c]"), ("a >", "[a]"), ("a <(b) c", "[b][a|c]"),
        ("a >|b c", "[a|c]"),
    ])
    func redirections(text: String, expected: String) { #expect(commands(text) == expected) }

    @Test(arguments: [
        ("a $(b c) d", "[b|c][a||d]"), ("a \"$(b \"c\")\" d", "[b|c][a||d]"),
        ("a \"x $(b) y; z\"", "[b][a|x  y; z]"), ("a `b` c", "[b][a||c]"),
        ("a \"`b`\" c", "[b][a||c]"), ("`a \\`b\\``", "[a][b][]"), ("$(a $(b))", "[b][a|][]"),
        ("a \"\\$(b)\"", "[a|$(b)]"), ("a '$(b)'", "[a|$(b)]"), ("$((1+2)) a", "[1+2][|a]"),
        ("$(a", "[a][]"), ("f() { a; }", "[f][{|a][}]"), ("a) b", "[a][b]"),
        ("case x in a) b;; c) d;; esac", "[case|x|in|a][b][c][d][esac]"),
        ("a \"$(case x in b) c;; esac)\" d", "[case|x|in|b][c][esac][a||d]"),
        ("\"$(echo case)\"; a", "[echo|case][][a]"),
    ])
    func substitutions(text: String, expected: String) { #expect(commands(text) == expected) }

    @Test(arguments: [ShellString.maximumDepth, ShellString.maximumDepth + 1])
    func depth(depth: Int) {
        let text = String(repeating: "$(", count: depth) + "a b"
        #expect(ShellString.simpleCommands(of: text).contains(["a", "b"]))
    }

    @Test(arguments: ["(", "$(", "`", "\"$(", "a ", "'", "case ", "then ", ">", "\\", ";", "\"`"])
    func hostileTextTakesLinearTime(unit: String) {
        let text = String(repeating: unit, count: 200_000 / unit.utf8.count)
        let elapsed = processorTime { _ = ShellString.simpleCommands(of: text) }
        #expect(elapsed < .seconds(10))
    }
}
