internal import Document

/// A command that an argument vector starts: directly, through a wrapper such as `env` or `tini`,
/// or inside a shell's string.
///
/// Reads as much of a shell's grammar as tells where commands begin: quotes, separators, groups,
/// reserved words, assignments. A program's name anywhere else is only a word: `pkill sshd`.
struct StartedCommand {
    /// The program and the words after it, up to the next command's program.
    fileprivate(set) var words: ArraySlice<String>
    /// The index of the vector's word that it stands in.
    let index: Int

    /// The program without its folder.
    var program: Substring { Self.baseName(words.first ?? "") }

    /// Every command that the vector starts: at its first word, at `start` where it is given, and
    /// wherever one of these leads. The time is that of reading the words once a nesting.
    static func all(in words: [String], alsoAt start: Int? = nil) -> [StartedCommand] {
        var finder = CommandFinder(words, alsoAt: start, index: nil, nesting: 0)
        finder.run()
        return finder.commands
    }

    /// What stands in a shell's grammar before a command.
    static let reservedWords: Set<Substring> = [
        "if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "coproc",
    ]

    static func baseName(_ word: String) -> Substring {
        guard let slash = word.utf8.lastIndex(of: UInt8(ascii: "/")) else { return word[...] }
        return word[word.utf8.index(after: slash)...]
    }
}

/// A program that starts the command that stands after it.
private struct Wrapper {
    /// The words before the command that are no options: `timeout 5 sshd`.
    let operands: Int
    /// The options whose value may be the next word.
    private let options: Set<Substring>

    init(_ options: String = "", operands: Int = 0) {
        self.operands = operands
        self.options = Set(options.split(separator: " "))
    }

    /// Whether the value of an option is the word after it: `-u root`, `-nu root`, `--user root`.
    func takesValue(_ option: String) -> Bool {
        if option.hasPrefix("--") { return options.contains(option.dropFirst(2)) }
        let letters = option.dropFirst()
        let valued = letters.firstIndex { options.contains(Substring(String($0))) }
        return valued.map { letters.index(after: $0) == letters.endIndex } ?? false
    }

    static let all: [Substring: Wrapper] = [
        "--": Wrapper(), "exec": Wrapper("a"), "env": Wrapper("u C unset chdir"),
        "nohup": Wrapper(), "tini": Wrapper("p e"), "dumb-init": Wrapper("r rewrite"),
        "sudo": Wrapper(
            "u g h p C c r t T U R D user group host prompt close-from role type chroot chdir "
                + "command-timeout other-user"),
        "doas": Wrapper("u C"), "catatonit": Wrapper(), "setsid": Wrapper(),
        "nice": Wrapper("n adjustment"), "ionice": Wrapper("c n class classdata"),
        "stdbuf": Wrapper("i o e input output error"), "command": Wrapper(), "builtin": Wrapper(),
        "busybox": Wrapper(), "toybox": Wrapper(), "eval": Wrapper(),
        "xargs": Wrapper(
            "a d E I L n P s arg-file delimiter max-lines max-args max-procs max-chars"),
        "gosu": Wrapper(operands: 1), "su-exec": Wrapper(operands: 1),
        "timeout": Wrapper("k s kill-after signal", operands: 1),
        "chroot": Wrapper("userspec groups", operands: 1),
    ]
}

/// One walk over an argument vector or a simple command of a shell's string.
private struct CommandFinder {
    private(set) var commands: [StartedCommand] = []
    private let words: [String]
    private let start: Int?
    /// The index of the outermost vector's word that the words come from, or nil for that itself.
    private let index: Int?
    private let nesting: Int

    /// The wrapper whose options and operands are being read.
    private var wrapper: Wrapper?
    private var expectsCommand = true
    private var skipsValue = false
    private var operands = 0
    /// The last command of this walk, whose words end where the next one begins.
    private var last: Int?
    /// The words that were read as a shell's string: no word is read twice.
    private var readStrings: Set<Int> = []
    /// For each word, the string that a `-c` at or after it leads to.
    private var commandStrings: [Int?]?

    /// How deep shells may start shells before every word further in counts as a command: nobody
    /// needs that many but to hide something.
    private static let maximumNesting = 8
    private static let shells: Set<Substring> = [
        "sh", "bash", "ash", "dash", "zsh", "ksh", "mksh", "rbash", "su", "runuser",
    ]

    init(_ words: [String], alsoAt start: Int?, index: Int?, nesting: Int) {
        self.words = words
        self.start = start
        self.index = index
        self.nesting = nesting
    }

    mutating func run() {
        for (offset, word) in words.enumerated() {
            if offset == start, !expectsCommand { expect(after: nil) }
            if !expectsCommand {
                if let wrapper = Wrapper.all[StartedCommand.baseName(word)] {
                    expect(after: wrapper)
                }
            } else if !skip(word) {
                record(word, at: offset)
            }
        }
    }

    private mutating func expect(after wrapper: Wrapper?) {
        expectsCommand = true
        self.wrapper = wrapper
        operands = wrapper?.operands ?? 0
    }

    /// Whether the word stands between a wrapper, or a simple command's beginning, and its program.
    private mutating func skip(_ word: String) -> Bool {
        if skipsValue {
            skipsValue = false
            return true
        }
        if let wrapper, word.hasPrefix("-") {
            skipsValue = wrapper.takesValue(word)
            return true
        }
        if wrapper != nil || index != nil, Self.isAssignment(word) { return true }
        guard operands > 0 else { return false }
        operands -= 1
        return true
    }

    private mutating func record(_ word: String, at offset: Int) {
        if let last { commands[last].words = words[commands[last].words.startIndex..<offset] }
        last = commands.count
        commands.append(StartedCommand(words: words[offset...], index: index ?? offset))
        let name = StartedCommand.baseName(word)
        // An image's own entry point may be a shell: then `args` begin with its `-c`.
        if Self.shells.contains(name) || offset == start && Self.isCommandOption(word) {
            readShell(at: offset)
        }
        // `eval 'sshd -D'`, or `args` of an entry point that is a shell with `-c`.
        if word.utf8.contains(where: Self.isSpecial) { readString(at: offset) }
        if let wrapper = Wrapper.all[name], !isQuery(name, at: offset) {
            expect(after: wrapper)
        } else if index != nil, StartedCommand.reservedWords.contains(name) {
            expect(after: nil)
        } else {
            expectsCommand = false
        }
    }

    /// `command -v sshd` only asks where the program is.
    private func isQuery(_ name: Substring, at offset: Int) -> Bool {
        name == "command" && offset + 1 < words.count
            && (words[offset + 1] == "-v" || words[offset + 1] == "-V")
    }

    /// Looks into the string of `sh -c '…'`.
    private mutating func readShell(at offset: Int) {
        let strings = commandStrings ?? Self.commandStrings(in: words)
        commandStrings = strings
        if let string = strings[offset] { readString(at: string) }
    }

    private mutating func readString(at offset: Int) {
        guard readStrings.insert(offset).inserted else { return }
        guard nesting < Self.maximumNesting else { return recordEveryWord(of: words[offset]) }
        for words in ShellString.simpleCommands(of: words[offset]) {
            var finder = CommandFinder(
                words, alsoAt: nil, index: index ?? offset, nesting: nesting + 1)
            finder.run()
            commands += finder.commands
        }
    }

    private mutating func recordEveryWord(of string: String) {
        let place = index ?? 0
        for word in string.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "-" }) {
            commands.append(StartedCommand(words: [String(word)], index: place))
        }
    }

    /// Found for all words at once, from the last to the first: in time of their number.
    private static func commandStrings(in words: [String]) -> [Int?] {
        /// Where the options that begin at a word end.
        var ends = Array(repeating: words.count, count: words.count + 2)
        var strings = [Int?](repeating: nil, count: words.count + 1)
        for (offset, word) in words.enumerated().reversed() {
            let isOption = word.hasPrefix("-") || word.hasPrefix("+")
            // `-eo pipefail`: the option's name is the next word.
            let takesValue = isOption && !word.hasPrefix("--") && word.hasSuffix("o")
            ends[offset] = isOption ? ends[offset + (takesValue ? 2 : 1)] : offset
            strings[offset] = strings[offset + 1]
            if isCommandOption(word) {
                strings[offset] = ends[offset] < words.count ? ends[offset] : nil
            }
        }
        return strings
    }

    /// `-c`, `-ec`, `-lc`.
    private static func isCommandOption(_ word: String) -> Bool {
        word.hasPrefix("-") && !word.hasPrefix("--") && word.utf8.contains(UInt8(ascii: "c"))
            || word == "--command"
    }

    /// Whether only a shell would make more than one word of it.
    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte <= 0x20 || "'\"\\;&|()<>`".utf8.contains(byte)
    }

    private static func isAssignment(_ word: String) -> Bool {
        guard let equals = word.utf8.firstIndex(of: UInt8(ascii: "=")) else { return false }
        return equals > word.startIndex
            && word[..<equals].utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }
}

/// A program to look for, with words that must follow it: `service ssh start`.
struct ProgramPattern: Sendable {
    /// The pattern as it was written.
    let text: String
    /// The program's base name.
    let program: String
    private let arguments: [String]

    init(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        self.text = text
        program = String(StartedCommand.baseName(words.first ?? text))
        arguments = Array(words.dropFirst())
    }

    /// Whether the command is the program and has the pattern's words in their order.
    func matches(_ command: StartedCommand) -> Bool {
        guard command.program == program else { return false }
        var rest = command.words.dropFirst()
        for argument in arguments {
            guard let found = rest.firstIndex(of: argument) else { return false }
            rest = rest[(found + 1)...]
        }
        return true
    }
}
