/// The kinds of secret that a text holds, told by the shapes that vendors give them so that they
/// can be found. Documentation's own examples (`AKIA…EXAMPLE`) count: where one stands in a
/// manifest, the real one is about to.
struct SecretShapes: OptionSet, Hashable, Sendable {
    let rawValue: UInt16

    /// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    static let aws = SecretShapes(rawValue: 1 << 0)
    /// https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
    static let gitHub = SecretShapes(rawValue: 1 << 1)
    /// https://docs.gitlab.com/security/tokens/#token-prefixes
    static let gitLab = SecretShapes(rawValue: 1 << 2)
    /// https://docs.slack.dev/authentication/tokens, and the address of an incoming webhook.
    static let slack = SecretShapes(rawValue: 1 << 3)
    /// https://docs.stripe.com/keys
    static let stripe = SecretShapes(rawValue: 1 << 4)
    /// https://cloud.google.com/docs/authentication/api-keys
    static let google = SecretShapes(rawValue: 1 << 5)
    /// RFC 7519, in the compact form of RFC 7515 §3.1: three parts, the first an object of JSON.
    static let jsonWebToken = SecretShapes(rawValue: 1 << 6)
    /// RFC 7468, and what OpenSSH, OpenPGP and old OpenSSL write in its manner; in base64, too.
    static let privateKey = SecretShapes(rawValue: 1 << 7)

    /// Each kind with what a message calls it.
    static let titles: [(shape: SecretShapes, title: String)] = [
        (.aws, "an AWS access key"), (.gitHub, "a GitHub token"), (.gitLab, "a GitLab token"),
        (.slack, "a Slack token or webhook address"), (.stripe, "a Stripe key"),
        (.google, "a Google API key"), (.jsonWebToken, "a JSON Web Token"),
        (.privateKey, "a private key"),
    ]

    /// What a message calls the first of the kinds; nil where there is none.
    var title: String? { Self.titles.first { contains($0.shape) }?.title }

    /// The kinds that occur in the text: in time of its length.
    static func found(in text: Span<UInt8>) -> SecretShapes {
        var shapes: SecretShapes = []
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "A"), UInt8(ascii: "g"), UInt8(ascii: "x"), UInt8(ascii: "h"),
                UInt8(ascii: "s"), UInt8(ascii: "r"), UInt8(ascii: "e"), UInt8(ascii: "L"):
                // A shape begins where a word begins.
                if index > 0, isWord(text[index - 1]) { continue }
            case UInt8(ascii: "-"): break
            default: continue
            }
            if let shape = shape(at: index, in: text) { shapes.insert(shape) }
        }
        return shapes
    }

    private static func shape(at start: Int, in text: Span<UInt8>) -> SecretShapes? {
        switch text[start] {
        case UInt8(ascii: "A"):
            if text.holds("AKIA", 16, isUppercase, at: start, atMost: 16) { return .aws }
            if text.holds("ASIA", 16, isUppercase, at: start, atMost: 16) { return .aws }
            return text.holds("AIza", 35, isBase64URL, at: start, atMost: 35) ? .google : nil
        case UInt8(ascii: "g"):
            if text.holds("glpat-", 20, isBase64URL, at: start) { return .gitLab }
            if text.holds("github_pat_", 22, isWord, at: start) { return .gitHub }
            return gitHubTokens.contains { text.holds($0, 36, isWord, at: start) } ? .gitHub : nil
        case UInt8(ascii: "x"):
            return slackTokens.contains { text.holds($0, 10, isBase64URL, at: start) }
                ? .slack : nil
        case UInt8(ascii: "h"): return isSlackWebhook(at: start, in: text) ? .slack : nil
        case UInt8(ascii: "s"), UInt8(ascii: "r"):
            return stripeKeys.contains { text.holds($0, 16, isWord, at: start) } ? .stripe : nil
        case UInt8(ascii: "e"): return isJSONWebToken(at: start, in: text) ? .jsonWebToken : nil
        case UInt8(ascii: "L"):
            return isEncodedPrivateKey(at: start, in: text) ? .privateKey : nil
        default: return isPrivateKey(at: start, in: text) ? .privateKey : nil
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "_")
    }

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        isWord(byte) || byte == UInt8(ascii: "-")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isUppercase(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    /// An upper-case letter or a digit.
    private static func isUppercase(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

// MARK: Shapes

extension SecretShapes {
    /// One letter for each kind of token.
    private static let gitHubTokens = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]
    private static let slackTokens = ["xoxa-", "xoxb-", "xoxp-", "xoxs-", "xoxr-"]
    private static let stripeKeys = ["sk_live_", "rk_live_"]

    /// `hooks.slack.com/services/T…/B…/…`: whoever knows the address may post.
    private static func isSlackWebhook(at start: Int, in text: Span<UInt8>) -> Bool {
        guard var index = text.end(of: "hooks.slack.com/services/", at: start) else { return false }
        for _ in ["team", "webhook"] {
            let end = text.endOfRun(from: index, atMost: 32, isUppercase)
            guard end - index >= 8, text.has("/", at: end) else { return false }
            index = end + 1
        }
        return text.endOfRun(from: index, atMost: 16, isWord) == index + 16
    }

    /// Three parts of base64url between dots; `eyJ` is how an object of JSON begins. A text of
    /// many dots is read three times at most.
    private static func isJSONWebToken(at start: Int, in text: Span<UInt8>) -> Bool {
        guard text.has("eyJ", at: start), start == 0 || !isBase64URL(text[start - 1]) else {
            return false
        }
        let header = text.endOfRun(from: start, isBase64URL)
        guard header - start >= 10, text.has(".", at: header) else { return false }
        let claims = text.endOfRun(from: header + 1, isBase64URL)
        guard claims - header > 3, text.has(".", at: claims) else { return false }
        return text.endOfRun(from: claims + 1, atMost: 8, isBase64URL) == claims + 9
    }

    /// `-----BEGIN PRIVATE KEY-----`, perhaps with words before or behind the two.
    private static func isPrivateKey(at start: Int, in text: Span<UInt8>) -> Bool {
        guard let label = text.end(of: "-----BEGIN ", at: start) else { return false }
        let end = text.endOfRun(from: label, atMost: longestLabel) {
            isUppercase($0) || $0 == UInt8(ascii: " ")
        }
        guard text.has("-----", at: end) else { return false }
        return (label..<end).contains { text.has("PRIVATE KEY", at: $0) }
    }

    /// No label of a private key is as long.
    private static let longestLabel = 64

    /// The same in base64, as whoever cannot write a line break writes it.
    private static func isEncodedPrivateKey(at start: Int, in text: Span<UInt8>) -> Bool {
        guard let label = text.end(of: "LS0tLS1CRUdJTi", at: start) else { return false }
        return encodedLabels.contains { text.has($0, at: label) }
    }

    /// ` PRIVATE KEY` with nothing, RSA, EC, DSA, OPENSSH, ENCRYPTED or PGP before it, as far as
    /// whole letters of base64 go.
    private static let encodedLabels = [
        "BQUklWQVRFIEtFWS",
        "BSU0EgUFJJVkFURSBLRVkt",
        "BFQyBQUklWQVRFIEtFWS",
        "BEU0EgUFJJVkFURSBLRVkt",
        "BPUEVOU1NIIFBSSVZBVEUgS0VZL",
        "BFTkNSWVBURUQgUFJJVkFURSBLRVkt",
        "BQR1AgUFJJVkFURSBLRVkg",
    ]
}

extension Span<UInt8> {
    /// Where the word that begins at `start` ends, or nil where another begins there.
    fileprivate func end(of word: String, at start: Int) -> Int? {
        let word = word.utf8.span
        guard start + word.count <= count else { return nil }
        for index in word.indices where self[start + index] != word[index] { return nil }
        return start + word.count
    }

    fileprivate func has(_ word: String, at start: Int) -> Bool { end(of: word, at: start) != nil }

    /// Whether a prefix stands there and at least so many bytes of a sort after it.
    fileprivate func holds(
        _ prefix: String, _ length: Int, _ isMember: (UInt8) -> Bool, at start: Int,
        atMost limit: Int = .max
    ) -> Bool {
        guard let body = end(of: prefix, at: start) else { return false }
        // One past what is wanted tells all that is asked.
        let found = endOfRun(from: body, atMost: length + 1, isMember) - body
        return found >= length && found <= limit
    }

    /// The end of the bytes of a sort, of `limit` of them at most.
    fileprivate func endOfRun(
        from start: Int, atMost limit: Int = .max, _ isMember: (UInt8) -> Bool
    ) -> Int {
        var index = start
        while index < count, index - start < limit, isMember(self[index]) { index += 1 }
        return index
    }
}
