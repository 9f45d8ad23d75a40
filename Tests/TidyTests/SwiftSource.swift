/// A Swift file as lines, and the same lines with only code or only comments left in them.
struct SwiftSource: Sendable, CustomStringConvertible {
    let path: String
    let lines: [Substring]
    /// The lines with comments and the contents of strings blanked.
    let code: [String]
    /// The lines with everything but comments blanked.
    let comments: [String]

    var description: String { path }
    /// `Sources/Policy/Rules/NoExec.swift` is in the module Policy.
    var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var lexer = Lexer(text: Array(text))
        lexer.run()
        code = String(lexer.code).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        comments = String(lexer.comments).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    /// The 1-based numbers of the lines whose code matches.
    func codeLines(matching pattern: some RegexComponent) -> [Int] {
        code.indices.filter { code[$0].contains(pattern) }.map { $0 + 1 }
    }

    /// A declaration with a body.
    struct Body: Sendable {
        /// The 1-based line of its first word.
        let line: Int
        let lineCount: Int
    }

    /// The functions, initializers, deinitializers, subscripts and computed properties.
    var bodies: [Body] {
        code.indices.compactMap { index in
            let line = code[index]
            let isFunction = line.contains(/\b(func|init|deinit|subscript)\b[^.]*$/)
            let isComputed = line.contains(/\bvar\b[^=]*\{\s*$/)
            guard isFunction || isComputed, let end = endOfBody(from: index) else { return nil }
            return Body(line: index + 1, lineCount: end - index + 1)
        }
    }

    /// The 0-based line on which the body of the declaration closes; nil if it has none.
    private func endOfBody(from start: Int) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<code.count {
            let line = code[index]
            let isAnother = line.contains(/\b(func|init|var|let|case)\b/)
            if index > start, braces == 0, parentheses == 0, isAnother { return nil }
            for character in line {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0 || braces > 0: braces += 1
                case "}" where parentheses == 0 || braces > 0:
                    braces -= 1
                    if braces <= 0 { return braces == 0 ? index : nil }
                default: break
                }
            }
        }
        return nil
    }
}

/// Tells code, comments and strings apart; knows nothing else of Swift.
private struct Lexer {
    let text: [Character]
    var code: [Character] = []
    var comments: [Character] = []
    private var position = 0

    init(text: [Character]) { self.text = text }

    mutating func run() {
        while position < text.count { code(until: nil) }
    }

    private func follows(_ token: String) -> Bool {
        text[position...].starts(with: token)
    }

    /// Takes characters: for the code, for the comments, or for neither. Newlines stay in both.
    private mutating func take(_ count: Int, code isCode: Bool, comment isComment: Bool) {
        for character in text[position..<min(position + count, text.count)] {
            code.append(isCode || character.isNewline ? character : " ")
            comments.append(isComment || character.isNewline ? character : " ")
        }
        position += count
    }

    /// Reads code up to the parenthesis that closes an interpolation, or to the end.
    private mutating func code(until end: Character?) {
        var depth = 0
        while position < text.count {
            if follows("//") {
                while position < text.count, !text[position].isNewline {
                    take(1, code: false, comment: true)
                }
            } else if follows("/*") {
                blockComment()
            } else if let hashes = openingQuote() {
                string(hashes: hashes)
            } else {
                if text[position] == "(" { depth += 1 }
                if text[position] == ")" {
                    if depth == 0, end != nil { return take(1, code: true, comment: false) }
                    depth -= 1
                }
                take(1, code: true, comment: false)
            }
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if follows("/*") {
                depth += 1
                take(2, code: false, comment: true)
            } else if follows("*/") {
                depth -= 1
                take(2, code: false, comment: true)
            } else {
                take(1, code: false, comment: true)
            }
        } while depth > 0 && position < text.count
    }

    /// The number of `#` before the quote that opens a string here; nil if none opens.
    private func openingQuote() -> Int? {
        let hashes = text[position...].prefix { $0 == "#" }.count
        let quote = position + hashes
        return quote < text.count && text[quote] == "\"" ? hashes : nil
    }

    private mutating func string(hashes: Int) {
        let pounds = String(repeating: "#", count: hashes)
        take(hashes, code: true, comment: false)
        let quote = follows("\"\"\"") ? "\"\"\"" : "\""
        take(quote.count, code: true, comment: false)
        while position < text.count {
            if follows("\\\(pounds)(") {
                take(2 + hashes, code: true, comment: false)
                code(until: ")")
            } else if follows("\\\(pounds)") {
                take(2 + hashes, code: false, comment: false)
            } else if follows(quote + pounds) {
                return take(quote.count + hashes, code: true, comment: false)
            } else {
                take(1, code: false, comment: false)
            }
        }
    }
}
