import Testing

@testable import Policy

@Suite struct SecretValueTests {
    @Test(arguments: [
        "", " ", " \n\t", "$(NAME)", "$(a.b-c_D1)", " $(NAME)\n", "\"$(NAME)\"", "$NAME", "${NAME}",
        "${spring.name}", "$(A):$(B)", "$$(NAME)",
    ])
    func references(value: String) {
        let result = SecretValue.isEmptyOrReference(value.utf8.span)
        #expect(result)
    }

    @Test(arguments: [
        "x", "-", "...", "$", "$$", "$()", "${}", "$(NAME", "${NAME", "${NAME:-x}", "$(cat /x)",
        "x$(NAME)", "$(NAME)x", "Bearer $(NAME)", "é", "!",
    ])
    func literals(value: String) {
        let result = SecretValue.isEmptyOrReference(value.utf8.span)
        #expect(!result)
    }

    @Test(arguments: [
        ("true", true), ("True", true), ("OFF", true), ("no", true), ("none", false), ("1", false),
        ("", false),
    ])
    func switches(value: String, expected: Bool) {
        let result = SecretValue.isSwitch(value.utf8.span)
        #expect(result == expected)
    }

    @Test(arguments: [
        ("/a/b", true), ("/etc/tls/tls.key", true), ("/a", false), ("a/b/c", false), ("", false),
        ("//", true), ("/a/b+c=", false), ("/a/b c", false),
    ])
    func paths(value: String, expected: Bool) {
        let result = SecretValue.isPath(value.utf8.span)
        #expect(result == expected)
    }

    @Test(arguments: [
        ("-----BEGIN CERTIFICATE-----\nA", true), ("\n-----BEGIN PUBLIC KEY-----", true),
        ("-----BEGIN RSA PUBLIC KEY-----", true), ("-----BEGIN CERTIFICATE REQUEST-----", true),
        ("-----BEGIN RSA PRIVATE KEY-----\nCERTIFICATE", false), ("ssh-rsa AAAA", true),
        ("ssh-ed25519 AAAA me", true), ("ecdsa-sha2-nistp256 AAAA", true), ("ssh-rsaAAAA", false),
        ("CERTIFICATE", false), ("", false),
    ])
    func publicValues(value: String, expected: Bool) {
        let result = SecretValue.isPublic(value.utf8.span)
        #expect(result == expected)
    }

    @Test(arguments: [
        ("aaaa", 0.0), ("ab", 1), ("abcd", 2), ("aabbccddefghijkl", 3.5), ("abcdefghijklmnop", 4),
    ])
    func entropyIsExact(value: String, expected: Double) {
        let bytes = value.utf8.span
        let bits = SecretValue.bitsPerByte(of: bytes, bytes.indices)
        #expect(bits == expected)
    }

    @Test func entropyOfOtherCounts() {
        let bytes = "aab".utf8.span
        let bits = SecretValue.bitsPerByte(of: bytes, bytes.indices)
        #expect(abs(bits - 0.918_295_834_054_489_5) < 1e-8)
    }

    @Test(arguments: [
        "abcdefghijklmnop", "aabbccddefghijkl", " abcdefghijklmnop\n", "Basic abcdefghijklmnop",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479", "9f86d081884c7d659a2feaa0c55ad015",
        "Zk3v9QxT7mLp2WsB", "https://user:q1w2e3r4t5@example.com", "Zk3v/QxT7+mLp2WsB==",
        "ñandúabcdefghijkl",
    ])
    func random(value: String) {
        let result = SecretValue.looksRandom(value.utf8.span)
        #expect(result)
    }

    @Test(arguments: [
        "", "abcdefghijklmno", "aabbccddeefghijk", "aaaaaaaaaaaaaaaaaaaa", "ñandúñandúñan",
        "a sentence of many different words", "https://login.example.com/realms/shop?a=b",
        "/etc/ssl/certs/ca-certificates.crt", "auth-service.shop.svc.cluster.local:8080",
        "com.example.security.JwtAuthenticationFilter", "letsencrypt-production-issuer",
        "10.0.12.1:8080,10.0.13.2:8443", "oauth2-proxy-configuration", "k8s-auth-service-v1beta1",
        "TLS_ECDHE_RSA_WITH_CHACHA20", "arn:aws:kms:eu-west-1:111122223333:key/12ab34cd-56ef",
        "alice,bob,charlie,dave@example.com", "a: b\nc: d\ne: f0123456789\n",
    ])
    func notRandom(value: String) {
        let result = SecretValue.looksRandom(value.utf8.span)
        #expect(!result)
    }
}
