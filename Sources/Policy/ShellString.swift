/// Takes a shell's string apart into simple commands, as far as quoting and separators tell
/// (POSIX Shell Command Language, 2.2 Quoting, 2.3 Token Recognition, 2.9 Shell Commands).
/// Expansions are not made: what a variable holds is not known.
struct ShellString {
    private var commands: [[String]] = []
    private var words: [String] = []
    private var word: [UInt8] = []
    private var hasWord = false

    /// The words of each simple command, quotes removed.
    static func simpleCommands(of text: String) -> [[String]] {
        var reader = ShellString()
        reader.read(Array(text.utf8))
        return reader.commands
    }

    private mutating func read(_ bytes: [UInt8]) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\\"):
                index += 1
                // An escaped newline joins two lines; any other escaped byte is itself.
                if index < bytes.count, bytes[index] != 0x0A { append(bytes[index]) }
            case UInt8(ascii: "'"):
                index = readSingleQuoted(bytes, from: index + 1)
            case UInt8(ascii: "\""):
                index = readDoubleQuoted(bytes, from: index + 1)
            case 0x20, 0x09, 0x0D:
                endWord()
            case UInt8(ascii: "#") where !hasWord:
                while index + 1 < bytes.count, bytes[index + 1] != 0x0A { index += 1 }
            case UInt8(ascii: "&") where isRedirection(bytes, index):
                append(byte)
            case UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "("),
                UInt8(ascii: ")"), UInt8(ascii: "`"), 0x0A:
                endCommand()
            default:
                append(byte)
            }
            index += 1
        }
        endCommand()
    }

    /// `2>&1`, `&>log`: no end of a command.
    private func isRedirection(_ bytes: [UInt8], _ index: Int) -> Bool {
        let before = index > 0 ? bytes[index - 1] : 0
        let after = index + 1 < bytes.count ? bytes[index + 1] : 0
        return before == UInt8(ascii: ">") || before == UInt8(ascii: "<")
            || after == UInt8(ascii: ">")
    }

    private mutating func readSingleQuoted(_ bytes: [UInt8], from start: Int) -> Int {
        hasWord = true
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "'") {
            append(bytes[index])
            index += 1
        }
        return index
    }

    /// Inside double quotes a command substitution still starts commands.
    private mutating func readDoubleQuoted(_ bytes: [UInt8], from start: Int) -> Int {
        hasWord = true
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\"), index + 1 < bytes.count {
                index += 1
                append(bytes[index])
            } else if byte == UInt8(ascii: "`")
                || (byte == UInt8(ascii: "(") && index > start
                    && bytes[index - 1] == UInt8(ascii: "$"))
            {
                endCommand()
            } else {
                append(byte)
            }
            index += 1
        }
        return index
    }

    private mutating func append(_ byte: UInt8) {
        word.append(byte)
        hasWord = true
    }

    private mutating func endWord() {
        guard hasWord else { return }
        words.append(String(decoding: word, as: UTF8.self))
        word.removeAll(keepingCapacity: true)
        hasWord = false
    }

    private mutating func endCommand() {
        endWord()
        if !words.isEmpty { commands.append(words) }
        words = []
    }
}
