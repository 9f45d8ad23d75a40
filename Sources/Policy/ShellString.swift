/// Takes a shell's string apart into simple commands, as far as quoting and operators tell
/// (POSIX Shell Command Language, 2.2 Quoting, 2.3 Token Recognition, 2.7 Redirection, 2.9 Shell
/// Commands). Expansions are not made: what a variable holds is not known.
struct ShellString {
    /// How many substitutions and groups are followed into each other; deeper ones only end
    /// commands.
    static let maximumDepth = 256

    /// What goes on outside a substitution or group until that is closed.
    private struct Frame {
        let closing: UInt8
        let isQuoted: Bool
        let isTarget: Bool
        let hasWord: Bool
        let word: [UInt8]
        let words: [String]
        let openCases: Int
    }

    private var commands: [[String]] = []
    private var frames: [Frame] = []
    private var words: [String] = []
    private var word: [UInt8] = []
    private var hasWord = false
    /// Whether the text stands in double quotes.
    private var isQuoted = false
    /// Whether the next word is a redirection's: no part of the command.
    private var isTarget = false
    /// How many `case` clauses are open: a `)` of theirs closes nothing.
    private var openCases = 0

    /// The words of each simple command, quotes and redirections removed; in time of the text's
    /// length.
    static func simpleCommands(of text: String) -> [[String]] {
        var reader = ShellString()
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            index = reader.isQuoted ? reader.readQuoted(bytes, index) : reader.read(bytes, index)
        }
        while !reader.frames.isEmpty { reader.close() }
        reader.endCommand()
        return reader.commands
    }

    /// Reads what stands at `index` outside double quotes; returns the index after it.
    private mutating func read(_ bytes: [UInt8], _ index: Int) -> Int {
        let byte = bytes[index]
        let following = index + 1 < bytes.count ? bytes[index + 1] : 0
        switch byte {
        case UInt8(ascii: "\\"):
            return readEscaped(bytes, index)
        case UInt8(ascii: "'"):
            return readSingleQuoted(bytes, index + 1)
        case UInt8(ascii: "\""):
            (isQuoted, hasWord) = (true, true)
        case UInt8(ascii: "$") where following == UInt8(ascii: "("):
            open(closing: UInt8(ascii: ")"), isSubstitution: true)
            return index + 2
        case UInt8(ascii: "$") where following == UInt8(ascii: "'") || following == 0x22:
            break  // Bash's $'…' and $"…".
        case UInt8(ascii: "<"), UInt8(ascii: ">"):
            return readRedirection(bytes, index)
        case 0x20, 0x09, 0x0D:
            endWord()
        case UInt8(ascii: "#") where !hasWord:
            return bytes[index...].firstIndex(of: 0x0A) ?? bytes.count
        case UInt8(ascii: "("):
            open(closing: UInt8(ascii: ")"), isSubstitution: false)
        case UInt8(ascii: ")"):
            endWord()
            if openCases == 0, frames.last?.closing == byte { close() } else { endCommand() }
        case UInt8(ascii: "`"):
            if frames.last?.closing == byte {
                close()
            } else {
                open(closing: byte, isSubstitution: true)
            }
        case UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: "|"), 0x0A:
            endCommand()
        default:
            append(byte)
        }
        return index + 1
    }

    /// Inside double quotes only substitutions and some escapes mean anything.
    private mutating func readQuoted(_ bytes: [UInt8], _ index: Int) -> Int {
        let byte = bytes[index]
        let following = index + 1 < bytes.count ? bytes[index + 1] : 0
        switch byte {
        case UInt8(ascii: "\\"):
            return readEscaped(bytes, index)
        case UInt8(ascii: "\""):
            isQuoted = false
        case UInt8(ascii: "$") where following == UInt8(ascii: "("):
            open(closing: UInt8(ascii: ")"), isSubstitution: true)
            return index + 2
        case UInt8(ascii: "`"):
            open(closing: byte, isSubstitution: true)
        default:
            append(byte)
        }
        return index + 1
    }

    /// An escaped newline joins two lines; an escaped backtick begins or ends a substitution in a
    /// substitution; any other escaped byte is itself.
    private mutating func readEscaped(_ bytes: [UInt8], _ index: Int) -> Int {
        guard index + 1 < bytes.count else { return bytes.count }
        let byte = bytes[index + 1]
        if byte == UInt8(ascii: "`") {
            endCommand()
        } else if byte != 0x0A {
            append(byte)
        }
        return index + 2
    }

    private mutating func readSingleQuoted(_ bytes: [UInt8], _ start: Int) -> Int {
        hasWord = true
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "'") {
            append(bytes[index])
            index += 1
        }
        return index + 1
    }

    /// `2>&1`, `>>log`, `<<<word`: the operator, with the descriptor before it and the word after
    /// it, is no part of the command. `<(…)` is a substitution.
    private mutating func readRedirection(_ bytes: [UInt8], _ start: Int) -> Int {
        let isDescriptor = word.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        if isDescriptor {
            word.removeAll(keepingCapacity: true)
            hasWord = false
        }
        endWord()
        var index = start + 1
        while index < bytes.count, "<>&|".utf8.contains(bytes[index]) { index += 1 }
        isTarget = true
        guard index < bytes.count, bytes[index] == UInt8(ascii: "(") else { return index }
        open(closing: UInt8(ascii: ")"), isSubstitution: true)
        return index + 1
    }

    /// Begins a substitution, after which the command around it goes on, or a group.
    private mutating func open(closing: UInt8, isSubstitution: Bool) {
        guard isSubstitution, frames.count < Self.maximumDepth else {
            endCommand()
            if frames.count < Self.maximumDepth { saveFrame(closing, hasWord: false) }
            return
        }
        saveFrame(closing, hasWord: true)
    }

    private mutating func saveFrame(_ closing: UInt8, hasWord: Bool) {
        frames.append(
            Frame(
                closing: closing, isQuoted: isQuoted, isTarget: isTarget, hasWord: hasWord,
                word: word, words: words, openCases: openCases))
        (word, words, openCases) = ([], [], 0)
        (isQuoted, isTarget, self.hasWord) = (false, false, false)
    }

    private mutating func close() {
        endCommand()
        guard let frame = frames.popLast() else { return }
        (word, words, openCases) = (frame.word, frame.words, frame.openCases)
        (isQuoted, isTarget, hasWord) = (frame.isQuoted, frame.isTarget, frame.hasWord)
    }

    private mutating func append(_ byte: UInt8) {
        word.append(byte)
        hasWord = true
    }

    private mutating func endWord() {
        guard hasWord else { return }
        if !isTarget {
            words.append(String(decoding: word, as: UTF8.self))
            countCases()
        }
        word.removeAll(keepingCapacity: true)
        (hasWord, isTarget) = (false, false)
    }

    /// `case` and `esac` count where a command may begin: first, or after reserved words.
    private mutating func countCases() {
        guard words.count <= 4, words.last == "case" || words.last == "esac",
            words.dropLast().allSatisfy({ StartedCommand.reservedWords.contains($0[...]) })
        else { return }
        openCases = max(0, openCases + (words.last == "case" ? 1 : -1))
    }

    private mutating func endCommand() {
        endWord()
        isTarget = false
        if !words.isEmpty { commands.append(words) }
        words = []
    }
}
