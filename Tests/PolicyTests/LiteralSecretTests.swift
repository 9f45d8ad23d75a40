import Testing

@testable import Policy

@Suite struct CommandLineSecretsTests {
    /// The names of what was found in the words, each after its word's index.
    private func found(_ words: [String]) -> [String] {
        var reader = CommandLineSecrets(names: SecretNames())
        return words.enumerated().flatMap { index, word in
            reader.read(word.utf8.span)
            return reader.found.map { "\(index) \($0.name)" }
        }
    }

    @Test(arguments: [
        (["--password=x"], ["0 password"]), (["-password=x"], ["0 password"]),
        (["--password", "x"], ["1 password"]), (["--password", "x", "y"], ["1 password"]),
        (["--password", "--token=x"], ["1 token"]), (["PASSWORD=x"], ["0 PASSWORD"]),
        (["--set", "db.password=x"], ["1 db.password"]), (["--token", ""], []),
        (["--env=PASSWORD=x"], ["0 PASSWORD"]), (["--password="], []), (["--password"], []),
        (["---password=x"], []), (["password", "x"], []), (["-p", "x"], []), (["-", "x"], []),
        (["--no-password", "db"], []), (["--show-secrets", "all"], []),
        (["--token-ttl", "5m"], []),
        (["--token=/run/secrets/token"], []), (["--token", "/run/secrets/token"], []),
        (["--enable-token=true"], []), (["--max-tokens", "4096"], []),
        (["https://example.com/?token=x"], []), (["{password=x}"], []), (["=x"], []),
        (["--authorization-mode=Node,RBAC"], []), (["--tls-cipher-suites=TLS_AES_128"], []),
        (["--default-ssl-certificate=default/wildcard-example-tls"], []),
    ])
    func words(words: [String], expected: [String]) { #expect(found(words) == expected) }

    @Test(arguments: [
        ("app --password=x", ["0 password"]), ("app --password x", ["0 password"]),
        ("app --password 'x y'", ["0 password"]), ("export PASSWORD=\"x\" && app", ["0 PASSWORD"]),
        ("a=1;PASSWORD=x", []), ("a=1; PASSWORD=x;app", ["0 PASSWORD"]),
        ("PASSWORD=x TOKEN=y app", ["0 PASSWORD", "0 TOKEN"]),
        ("PASSWORD=x; PASSWORD=y", ["0 PASSWORD"]), ("app --token \\\n  x", ["0 token"]),
        ("app --token\nother", []), ("app --token | other", []), ("app --token --other x", []),
        ("PASSWORD=$(cat /x) app", []), ("PASSWORD=`cat /x` app", []), ("PASSWORD=$1 app", []),
        ("PASSWORD=\"${X}y\" app", []), ("PASSWORD= app", []), ("PASSWORD='' app", []),
        ("app --token \"$TOKEN\"", []), ("if token == \"x\"; then", []),
        ("if token==\"x\" ; then", []), ("connect(password=x, y)", []),
        ("x = f(a, password=b)", []), ("app --password > /dev/null", []),
        ("docker login --password-stdin example.com", []), ("[ -z \"$PASSWORD\" ]", []),
    ])
    func scripts(script: String, expected: [String]) { #expect(found([script]) == expected) }

    @Test func anOptionDoesNotOutliveItsScript() {
        #expect(found(["app --token", "x"]) == [])
    }

    @Test func aShapeIsFoundOnce() {
        let token = "ghp_" + String(repeating: "FAKE", count: 9)
        #expect(found(["--token", token]) == ["1 token"])
        #expect(found(["login --password=x \(token)"]) == ["0 password", "0 "])
        #expect(found([token, token]) == ["0 ", "1 "])
    }

    @Test func aNameIsCut() {
        let name = String(repeating: "x", count: 300) + "token"
        #expect(found(["--\(name)=x"]) == ["0 " + name.prefix(253) + "…"])
    }

    @Test func manyNamesTakeNoTime() {
        let script = (0..<10_000).map { "PASSWORD_\($0)x=y" }.joined(separator: " ")
        let time = processorTime { #expect(found([script]).count == 10_000) }
        #expect(time < .seconds(5))
    }
}
