/// Tells from a name whether what it names is a secret: `DB_PASSWORD`, `--api-key`, `auth.token`.
///
/// Names compare in lower case and without `_`, `-` and `.`. A name is read as bytes, in time of
/// its length; only the end of a suspicious one is copied.
struct SecretNames: Sendable {
    /// What a name says of its value, in the order of gravity.
    enum Meaning: Int, Comparable {
        /// Nothing, or something about a secret: its file, its age.
        case harmless
        /// The value may be a secret, or something about one: `AUTH_MODE`, `SIGNING_KEY`.
        case suspect
        /// The value is a secret.
        case secret

        static func < (left: Meaning, right: Meaning) -> Bool { left.rawValue < right.rawValue }
    }

    /// What a word within a name makes of the name.
    private enum Effect { case means(Meaning), isAnotherWord, namesObject, speaksOfPublicKey }

    private struct Word {
        let letters: [UInt8]
        let effect: Effect
    }

    /// The words by their first letter.
    private let words: [[Word]]

    /// Takes further words that make a name that of a secret.
    init(additional: [String] = []) {
        var words = [[Word]](repeating: [], count: 256)
        func add(_ list: [String], _ effect: Effect) {
            for letters in list.map(Self.normalised) {
                guard let first = letters.first else { continue }
                words[Int(first)].append(Word(letters: letters, effect: effect))
            }
        }
        add(Self.publicKeys, .speaksOfPublicKey)
        add(Self.otherWords, .isAnotherWord)
        add(Self.objects, .namesObject)
        add(Self.secretWords + additional, .means(.secret))
        add(Self.suspectWords, .means(.suspect))
        self.words = words
    }

    /// A word as names are compared: empty where it is only separators.
    static func normalised(_ word: String) -> [UInt8] {
        word.utf8.filter { !isSeparator($0) }.map(lowercased)
    }

    /// What the name says of its value.
    func meaning(of name: Span<UInt8>) -> Meaning {
        var meaning = Meaning.harmless
        var lastEnd = 0
        var index = 0
        next: while index < name.count {
            defer { index += 1 }
            for word in words[Int(Self.lowercased(name[index]))] {
                guard let end = Self.end(of: word.letters, at: index, in: name) else { continue }
                switch word.effect {
                case .speaksOfPublicKey: return .harmless
                case .isAnotherWord where end - index > word.letters.count:
                    // In two pieces it is two words: `MON_KEY`.
                    continue
                case .isAnotherWord, .namesObject:
                    index = end - 1
                    continue next
                case .means(let found):
                    meaning = max(meaning, found)
                    lastEnd = max(lastEnd, end)
                }
            }
        }
        if meaning < .secret, Self.ends(name, in: Self.password), !Self.isWorkingFolder(name) {
            meaning = .secret
        }
        if meaning == .harmless || Self.speaksAboutSecret(name, after: lastEnd) {
            return .harmless
        }
        return meaning == .suspect && Self.ends(name, in: Self.identifier) ? .harmless : meaning
    }

    /// Whether the name is that of a count, whose value may be a number: `MAX_TOKENS`.
    static func counts(_ name: Span<UInt8>) -> Bool {
        ends(name, in: tokens) || begins(name, withOneOf: countPrefixes)
    }

    /// Whether an option of this name takes no value: the word after `--no-password` is not its.
    static func isSwitch(_ name: Span<UInt8>) -> Bool {
        begins(name, withOneOf: switchPrefixes)
    }

    /// Whether the name is that of a file of configuration or code: `auth.yaml`. What it names is
    /// a text with names of its own, and no secret as a whole.
    static func isFile(_ name: Span<UInt8>) -> Bool {
        fileExtensions.contains { ends(name, in: $0, after: UInt8(ascii: ".")) }
    }
}

// MARK: Words

extension SecretNames {
    private static let secretWords = [
        "password", "passwd", "passphrase", "secret", "apikey", "accesskey", "privatekey", "token",
    ]

    private static let suspectWords = ["credential", "auth", "key", "cert"]

    /// Words that hold one of the others by chance.
    private static let otherWords = [
        "tokenize", "tokenizing", "tokenization", "tokenise", "tokenising", "tokenisation",
        "passwordless", "secretary", "keycloak", "keyboard", "keyword", "keyspace", "keystone",
        "keynote", "keyframe", "keymap", "monkey", "turkey", "donkey", "hockey", "jockey",
        "whiskey", "concert", "certain",
    ]

    /// Values of these names are the names of objects of Kubernetes.
    private static let objects = ["imagepullsecret", "existingsecret"]

    private static let publicKeys = ["publickey", "pubkey"]

    private static let password = normalised("pwd")
    private static let workingFolders = ["pwd", "oldpwd"].map(normalised)
    private static let tokens = normalised("tokens")
    /// An identifier need not be kept secret; but `SECRET_ID` is half of a login.
    private static let identifier = normalised("id")
    private static let countPrefixes = ["max", "min", "num"].map(normalised)
    private static let switchPrefixes = [
        "no", "skip", "without", "enable", "disable", "allow", "require", "show", "print",
        "generate", "random",
    ].map(normalised)

    /// Ends of names that speak about a secret and do not name one, written backwards.
    private static let aboutSecrets = [
        // Where it lies.
        "file", "files", "path", "paths", "dir", "directory", "folder", "name", "names",
        "namespace", "url", "urls", "uri", "ref", "host", "port", "endpoint", "address", "addr",
        "server", "service", "domain", "region", "location", "bucket", "store", "storage", "mount",
        "volume", "source", "env", "variable", "stdin", "arn",
        // How long it lasts.
        "ttl", "timeout", "expiry", "expires", "expiresin", "expiration", "lifetime", "duration",
        "lifespan", "validity", "age", "interval", "period", "second", "seconds", "minute",
        "minutes", "hour", "hours", "day", "days", "rotation",
        // What it is like.
        "type", "kind", "class", "format", "encoding", "algorithm", "alg", "length", "size",
        "count",
        "limit", "min", "max", "version", "strength", "complexity", "iterations", "rounds",
        "history", "policy", "pattern", "regex", "prefix", "suffix", "template", "index", "number",
        // How it is used.
        "enabled", "disabled", "enable", "disable", "required", "mode", "method", "provider",
        "backend", "manager", "engine", "driver", "encoder", "hasher", "header", "headers", "field",
        "claim", "claims", "label", "labels",
        "annotation", "annotations", "selector", "scope",
        "scopes", "audience", "issuer", "realm", "user", "email", "prompt", "description", "status",
        "image", "resource",
    ].map { Array(normalised($0).reversed()) }

    private static let fileExtensions = [
        "yaml", "yml", "json", "toml", "ini", "conf", "config", "cfg", "cnf", "properties", "xml",
        "env", "hcl", "tf", "tpl", "tmpl", "rules", "rego", "cue", "sh", "bash", "py", "rb", "js",
        "ts", "lua", "sql", "go", "php", "html", "css", "md", "groovy", "vcl", "j2",
    ].map(normalised)
}

// MARK: Comparing

extension SecretNames {
    /// Whether the name ends in such a word, which begins where a word begins: `PASSWORD_PORT`,
    /// not `PASSWORD_EXPORT`. `secretEnd` is where the last word that means a secret ends, after
    /// which another may begin without a sign: `tokenttl`.
    private static func speaksAboutSecret(_ name: Span<UInt8>, after secretEnd: Int) -> Bool {
        // The last letters, backwards, are taken out of the separators once: a name may have
        // megabytes of them.
        var letters: [UInt8] = []
        var places: [Int] = []
        var index = name.count
        while index > 0, letters.count < longestCompound * longestAboutSecret {
            index -= 1
            if isSeparator(name[index]) { continue }
            letters.append(lowercased(name[index]))
            places.append(index)
        }
        var taken = 0
        // `passwordfilename` ends in two of them.
        for _ in 0..<longestCompound {
            var longest = 0
            for word in aboutSecrets where letters[taken...].starts(with: word) {
                let start = places[taken + word.count - 1]
                if start <= secretEnd || beginsWord(at: start, in: name) { return true }
                longest = max(longest, word.count)
            }
            if longest == 0 { return false }
            taken += longest
        }
        return false
    }

    /// How many words that speak about a secret stand together at most.
    private static let longestCompound = 3

    /// Whether a separator, or a change from a small letter to a capital, says that a word begins.
    private static func beginsWord(at index: Int, in name: Span<UInt8>) -> Bool {
        guard index > 0, index < name.count else { return true }
        if isSeparator(name[index - 1]) || isSeparator(name[index]) { return true }
        return isCapital(name[index]) && !isCapital(name[index - 1])
    }

    private static func begins(_ name: Span<UInt8>, withOneOf words: [[UInt8]]) -> Bool {
        words.contains { word in
            end(of: word, at: 0, in: name).map { beginsWord(at: $0, in: name) } ?? false
        }
    }

    private static let longestAboutSecret = aboutSecrets.map(\.count).max() ?? 0

    /// The shell's own variables, which every dump of an environment holds.
    private static func isWorkingFolder(_ name: Span<UInt8>) -> Bool {
        workingFolders.contains { end(of: $0, at: 0, in: name) == name.count }
    }

    /// Where the word that begins at `start` ends, or nil where another begins there. The name's
    /// separators are passed over, each by no more starts than a word has letters.
    private static func end(of word: [UInt8], at start: Int, in name: Span<UInt8>) -> Int? {
        var index = start
        for letter in word {
            if index > start {
                while index < name.count, isSeparator(name[index]) { index += 1 }
            }
            guard index < name.count, lowercased(name[index]) == letter else { return nil }
            index += 1
        }
        return index
    }

    /// Whether the name ends in the word, with `before` right in front of it where that is given.
    private static func ends(
        _ name: Span<UInt8>, in word: [UInt8], after before: UInt8? = nil
    ) -> Bool {
        guard
            let start = start(
                of: word, endingAt: name.count, in: name, passingSeparators: before == nil)
        else { return false }
        guard let before else { return true }
        return start > 0 && name[start - 1] == before
    }

    /// Where the word that ends at `end` begins, or nil where another ends there.
    private static func start(
        of word: [UInt8], endingAt end: Int, in name: Span<UInt8>, passingSeparators: Bool = true
    ) -> Int? {
        var index = end
        for letter in word.reversed() {
            if passingSeparators {
                while index > 0, isSeparator(name[index - 1]) { index -= 1 }
            }
            guard index > 0, lowercased(name[index - 1]) == letter else { return nil }
            index -= 1
        }
        return index
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        isCapital(byte) ? byte | 0x20 : byte
    }

    private static func isCapital(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
