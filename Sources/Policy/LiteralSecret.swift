internal import Document

/// A secret that a value writes out: what there is to say of it but the value.
struct LiteralSecret {
    /// What the name of the value says.
    private let meaning: SecretNames.Meaning
    /// The vendors' secrets in the value.
    let shapes: SecretShapes
    /// Tells the value from others, as long as this process lives; nothing leads back from it.
    private let fingerprint: Int

    /// Looks at a value under a name of this meaning; nil where it writes no secret out. What
    /// `counts` may be a number.
    init?(_ value: Span<UInt8>, _ meaning: SecretNames.Meaning, counts: Bool = false) {
        let shapes = SecretShapes.found(in: value)
        var meaning = meaning
        switch meaning {
        case .harmless: break
        case .suspect:
            if shapes.isEmpty, SecretValue.isPublic(value) || !SecretValue.looksRandom(value) {
                meaning = .harmless
            }
        case .secret:
            if SecretValue.isEmptyOrReference(value) || SecretValue.isSwitch(value)
                || SecretValue.isPath(value) || counts && SecretValue.isNumber(value)
                || shapes.isEmpty && SecretValue.isPublic(value)
            {
                meaning = .harmless
            }
        }
        if meaning == .harmless, shapes.isEmpty { return nil }
        self.meaning = meaning
        self.shapes = shapes
        var hasher = Hasher()
        for index in value.indices { hasher.combine(value[index]) }
        fingerprint = hasher.finalize()
    }

    /// The secrets of some shapes, in a text that as a whole is none.
    init(_ shapes: SecretShapes) {
        meaning = .harmless
        self.shapes = shapes
        fingerprint = 0
    }

    /// Adds one finding where the value as a whole is the secret: another in its place is a change.
    /// A text that only holds secrets has one for each kind, since the rest of it may change.
    func add(
        check: String, element: Text, path: FieldPath, subject: Text, fix: Text,
        to findings: inout Findings
    ) {
        func add(_ value: Text, _ title: String) {
            findings.append(
                check: check, element: element, value: value, path: path,
                message: "\(subject) holds \(title) in plain text", fix: fix)
        }
        if meaning != .harmless {
            let title = meaning == .secret ? "a secret" : "what looks like a secret"
            return add("\(fingerprint)", shapes.title ?? title)
        }
        for (shape, title) in SecretShapes.titles where shapes.contains(shape) {
            add(Text(title), title)
        }
    }
}

/// Finds secrets in the words of a command: `--NAME=VALUE`, `--NAME VALUE`, with one dash too,
/// `NAME=VALUE`, and all of these inside a shell's string. In time of the words' length.
struct CommandLineSecrets {
    /// What was found in the word that was read last, each with its option's or variable's name;
    /// the name is empty for what a word holds anywhere.
    private(set) var found: [(name: String, secret: LiteralSecret)] = []

    private let names: SecretNames
    private var foundNames: Set<String> = []
    /// The option whose value is the next word.
    private var option: Name?

    private struct Name {
        let text: String
        let meaning: SecretNames.Meaning
        let counts: Bool
    }

    init(names: SecretNames) { self.names = names }

    /// Reads the next word.
    mutating func read(_ word: Span<UInt8>) {
        if !found.isEmpty {
            found = []
            foundNames = []
        }
        let range = word.indices
        if let option, !word.isEmpty {
            self.option = nil
            // `--token --verbose`: the option had no value after all.
            if word[0] != UInt8(ascii: "-") { judge(word, range, option) }
        }
        if found.isEmpty {
            if Self.isScript(word) {
                readScript(word)
                option = nil
            } else {
                readWord(word, range, inScript: false)
            }
        }
        var shapes = SecretShapes.found(in: word)
        for (_, secret) in found { shapes.subtract(secret.shapes) }
        if !shapes.isEmpty { found.append(("", LiteralSecret(shapes))) }
    }

    private static func isScript(_ word: Span<UInt8>) -> Bool {
        for index in word.indices where word[index] <= 0x20 { return true }
        return false
    }

    /// Reads a shell's string as far as words go: what is computed in it is nobody's secret.
    private mutating func readScript(_ text: Span<UInt8>) {
        var start = 0
        for index in 0...text.count {
            let byte = index < text.count ? text[index] : 0x0A
            let endsCommand = ";|&\n".utf8.contains(byte)
            guard byte <= 0x20 || endsCommand else { continue }
            let word = Self.unquoted(text, start..<index)
            start = index + 1
            // A backslash before the end of the line carries the command on.
            if word.count == 1, text[word.lowerBound] == UInt8(ascii: "\\") { continue }
            if !word.isEmpty {
                if let option {
                    self.option = nil
                    if text[word.lowerBound] != UInt8(ascii: "-") {
                        judge(text, word, option, inScript: true)
                    }
                }
                readWord(text, word, inScript: true)
            }
            if endsCommand { option = nil }
        }
    }

    private static func unquoted(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, "'\"".utf8.contains(text[start]) { start += 1 }
        while end > start, "'\"".utf8.contains(text[end - 1]) { end -= 1 }
        return start..<end
    }

    private mutating func readWord(_ text: Span<UInt8>, _ word: Range<Int>, inScript: Bool) {
        var start = word.lowerBound
        while start < word.upperBound, text[start] == UInt8(ascii: "-") { start += 1 }
        let dashes = start - word.lowerBound
        guard dashes <= 2 else { return }
        guard let equals = Self.endOfName(text, start..<word.upperBound) else { return }
        let name = start..<equals
        guard equals < word.upperBound else {
            // One letter is no name: `-p`.
            if dashes > 0, name.count > 1, !SecretNames.isSwitch(text.extracting(name)) {
                option = self.name(text, name)
            }
            return
        }
        let value = equals + 1..<word.upperBound
        if let name = self.name(text, name) {
            judge(text, value, name, inScript: inScript)
        } else if let inner = Self.endOfName(text, value), inner < value.upperBound,
            // `--set auth.password=…`, `--env=PASSWORD=…`.
            let name = self.name(text, value.lowerBound..<inner)
        {
            judge(text, inner + 1..<value.upperBound, name, inScript: inScript)
        }
    }

    /// Where a name ends: at a `=` or at the range's end; nil where no name stands there.
    private static func endOfName(_ text: Span<UInt8>, _ range: Range<Int>) -> Int? {
        for index in range {
            switch text[index] {
            case UInt8(ascii: "="): return index > range.lowerBound ? index : nil
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "."):
                continue
            default: return nil
            }
        }
        return range.isEmpty ? nil : range.upperBound
    }

    /// A name that says that its value is or may be a secret; any other is nil.
    private func name(_ text: Span<UInt8>, _ range: Range<Int>) -> Name? {
        let name = text.extracting(range)
        let meaning = names.meaning(of: name)
        guard meaning > .harmless else { return nil }
        return Name(
            text: text.shortString(range), meaning: meaning, counts: SecretNames.counts(name))
    }

    private mutating func judge(
        _ text: Span<UInt8>, _ range: Range<Int>, _ name: Name, inScript: Bool = false
    ) {
        let range = inScript ? Self.unquoted(text, range) : range
        let value = text.extracting(range)
        if inScript, SecretValue.isComputed(value) { return }
        guard let secret = LiteralSecret(value, name.meaning, counts: name.counts) else { return }
        // One name is one thing to mend, however often a script repeats it.
        if foundNames.insert(name.text).inserted { found.append((name.text, secret)) }
    }
}

extension Node {
    /// Calls `body` with the bytes of a string as they are meant: a copy is made only where the
    /// text has escapes.
    func withCharacters<R>(_ body: (Span<UInt8>) -> R) -> R {
        if hasEscapes { return body((string ?? "").utf8.span) }
        return withRawBytes(body)
    }
}

extension Span<UInt8> {
    /// The bytes as a string, cut where they are longer than a name of Kubernetes can be.
    fileprivate func shortString(_ range: Range<Int>) -> String {
        var bytes: [UInt8] = []
        for index in range.prefix(253) { bytes.append(self[index]) }
        return String(decoding: bytes, as: UTF8.self) + (range.count > 253 ? "…" : "")
    }
}
