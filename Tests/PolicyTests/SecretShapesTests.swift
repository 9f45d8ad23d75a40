import Testing

@testable import Policy

@Suite struct SecretShapesTests {
    /// Texts in which `<8>` stands for eight letters that look like nothing real.
    private func found(_ text: String) -> SecretShapes {
        let text = text.replacing(/<(\d+)>/) { length in
            String(String(repeating: "FAKE", count: 32).prefix(Int(length.1) ?? 0))
        }
        return .found(in: text.utf8.span)
    }

    private static let secretTexts: [(String, SecretShapes)] = [
        ("AKIA<16>", .aws), ("ASIA<16>", .aws),
        ("AKIAIOSFODNN7EXAMPLE", .aws), ("key=AKIA<16>,", .aws),
        ("\"AKIA<16>\"", .aws), ("ghp_<36>", .gitHub), ("gho_<36>", .gitHub),
        ("ghu_<36>", .gitHub), ("ghs_<36>", .gitHub), ("ghr_<40>", .gitHub),
        ("github_pat_<22>", .gitHub), ("https://x:ghp_<36>@github.com", .gitHub),
        ("glpat-<20>", .gitLab), ("xoxa-<10>", .slack), ("xoxb-<10>", .slack),
        ("xoxp-<10>", .slack), ("xoxs-<10>", .slack), ("xoxr-<10>", .slack),
        ("https://hooks.slack.com/services/TFAKEFAKE/BFAKEFAKE/<16>", .slack),
        ("sk_live_<16>", .stripe),
        ("rk_live_<16>", .stripe), ("AIza<35>", .google),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJmYWtlIn0.ZmFrZWZha2VmYWtl", .jsonWebToken),
        ("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJmYWtlIn0.ZmFrZWZha2VmYWtl", .jsonWebToken),
        ("-----BEGIN PRIVATE KEY-----", .privateKey),
        ("-----BEGIN RSA PRIVATE KEY-----", .privateKey),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----", .privateKey),
        ("x-----BEGIN ENCRYPTED PRIVATE KEY-----", .privateKey),
        ("------BEGIN EC PRIVATE KEY------", .privateKey),
        ("LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCg==", .privateKey),
        ("LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0tCg==", .privateKey),
        ("LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZLS0tLS0K", .privateKey),
        (
            "AKIA<16> ghp_<36> eyJhbGciOiJub25lIn0.eyJzdWIiOiJmYWtlIn0.ZmFrZWZha2VmYWtl",
            [.aws, .gitHub, .jsonWebToken]
        ),
    ]

    @Test(arguments: secretTexts)
    func secrets(text: String, expected: SecretShapes) { #expect(found(text) == expected) }

    private static let otherTexts: [String] = [
        "", "A", "-", "AKIA", "AKIA<15>", "AKIA<17>", "akia<16>",
        "AKIA<15>a", "XAKIA<16>", "ABIA<16>", "ghp_<35>",
        "ghx_<36>", "xghp_<36>", "ghp_<20>-<20>",
        "github_pat_<21>", "glpat-<19>", "xoxb-<9>", "xoxc-<20>",
        "https://hooks.slack.com/services/TFAKEFAKE/BFAKEFAKE/<15>",
        "https://hooks.slack.com/services/", "sk_test_<24>",
        "pk_live_<24>", "sk_live_<15>", "AIza<34>", "AIza<36>",
        "eyJhbGciOiJub25lIn0", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJmYWtlIn0",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJmYWtlIn0.",
        "xeyJhbGciOiJub25lIn0.eyJzdWIiOiJmYWtlIn0.ZmFrZWZha2VmYWtl", "eyJ.eyJ.eyJ",
        "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "BEGIN PRIVATE KEY",
        "-----BEGIN PRIVATE KEY", "-----BEGIN private key-----",
        "-----BEGIN <64> PRIVATE KEY-----", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==",
        "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0K",
    ]

    @Test(arguments: otherTexts)
    func others(text: String) { #expect(found(text) == []) }

    @Test func everyShapeHasATitle() {
        let titles = SecretShapes.titles
        #expect(titles.count == 8)
        #expect(Set(titles.map(\.title)).count == 8)
        #expect(titles.allSatisfy { $0.shape.title == $0.title })
        #expect(SecretShapes().title == nil)
    }

    /// Each is the beginning of a shape over and over.
    @Test(arguments: [
        "eyJaaaaaaa.", "eyJ.", "-", "-----BEGIN ", "-----BEGIN PRIVATE KEY ", "AKIA ", "xoxb-",
        "ghp_", "glpat-", "hooks.slack.com/services/TFAKEFAKE/", "LS0tLS1CRUdJTi ",
    ])
    func hostileTextsTakeNoTime(part: String) {
        let text = String(repeating: part, count: 150_000 / part.utf8.count)
        let time = processorTime { _ = SecretShapes.found(in: text.utf8.span) }
        #expect(time < .seconds(5))
    }
}
