internal import Document

/// A command that an argument vector starts: directly, through a wrapper such as `env` or `tini`,
/// or inside a shell's string.
///
/// Reads as much of a shell's grammar as tells where commands begin: quotes, separators, groups,
/// reserved words, assignments. A program's name anywhere else is only a word: `pkill sshd`.
struct StartedCommand {
    /// The program and the words after it, up to the end of the simple command.
    let words: ArraySlice<String>
    /// The index of the vector's word that it stands in.
    let index: Int

    /// The program without its folder.
    var program: Substring { Self.baseName(words.first ?? "") }

    /// How deep shells may start shells before the rest is no longer looked into.
    private static let maximumNesting = 8

    /// Every command that the vector starts: at its first word, at `start` where it is given, and
    /// wherever one of these leads.
    static func all(in words: [String], alsoAt start: Int? = nil) -> [StartedCommand] {
        var commands: [StartedCommand] = []
        collect(words, alsoAt: start, index: nil, nesting: 0, into: &commands)
        return commands
    }

    /// What stands before a command and starts it. Options and assignments may come between.
    private static let wrappers: Set<Substring> = [
        "exec", "env", "nohup", "sudo", "doas", "tini", "dumb-init", "catatonit", "setsid", "nice",
        "command", "busybox", "eval", "xargs", "--",
    ]
    /// The same, with one operand before the command: `gosu root sshd`.
    private static let wrappersWithOperand: Set<Substring> = [
        "gosu", "su-exec", "timeout", "chroot",
    ]
    private static let shells: Set<Substring> = ["sh", "bash", "ash", "dash", "zsh", "ksh"]
    private static let reservedWords: Set<Substring> = [
        "if", "then", "elif", "else", "while", "until", "do", "!", "{", "time",
    ]

    private static func collect(
        _ words: [String], alsoAt start: Int?, index: Int?, nesting: Int,
        into commands: inout [StartedCommand]
    ) {
        let isInShell = index != nil
        var expectsCommand = true
        var isWrapped = false
        var operands = 0
        var followsOption = false
        for (offset, word) in words.enumerated() {
            let name = baseName(word)
            if offset == start { (expectsCommand, isWrapped, operands) = (true, false, 0) }
            if expectsCommand, operands > 0 {
                operands -= 1
            } else if expectsCommand, isWrapped && word.hasPrefix("-") {
                followsOption = word != "--"
            } else if expectsCommand, (isWrapped || isInShell) && isAssignment(word) {
                followsOption = false
            } else {
                if expectsCommand {
                    let command = StartedCommand(words: words[offset...], index: index ?? offset)
                    commands.append(command)
                    if shells.contains(name), nesting < maximumNesting {
                        collectShell(command, nesting: nesting, into: &commands)
                    }
                }
                // After `sudo -u` the word may be the option's value: the next one counts too.
                expectsCommand = (expectsCommand && followsOption) || isPrefix(name)
                isWrapped = expectsCommand
                followsOption = false
                operands = wrappersWithOperand.contains(name) ? 1 : 0
            }
        }
    }

    private static func isPrefix(_ name: Substring) -> Bool {
        wrappers.contains(name) || wrappersWithOperand.contains(name)
            || reservedWords.contains(name)
    }

    /// Looks into the string of `sh -c '…'`.
    private static func collectShell(
        _ shell: StartedCommand, nesting: Int, into commands: inout [StartedCommand]
    ) {
        let arguments = shell.words.dropFirst()
        guard let option = arguments.firstIndex(where: isCommandOption),
            let string = arguments[(option + 1)...].firstIndex(where: { !$0.hasPrefix("-") })
        else { return }
        // Inside another shell's string, the place stays that string's.
        let place = nesting == 0 ? string : shell.index
        for words in ShellString.simpleCommands(of: arguments[string]) {
            collect(words, alsoAt: nil, index: place, nesting: nesting + 1, into: &commands)
        }
    }

    /// `-c`, `-ec`, `-lc`.
    private static func isCommandOption(_ word: String) -> Bool {
        word.hasPrefix("-") && !word.hasPrefix("--") && word.utf8.contains(UInt8(ascii: "c"))
    }

    private static func isAssignment(_ word: String) -> Bool {
        guard let equals = word.utf8.firstIndex(of: UInt8(ascii: "=")) else { return false }
        return equals > word.startIndex
            && word[..<equals].utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }

    static func baseName(_ word: String) -> Substring {
        guard let slash = word.utf8.lastIndex(of: UInt8(ascii: "/")) else { return word[...] }
        return word[word.utf8.index(after: slash)...]
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

extension Node {
    /// Whether a string holds the characters. Allocates nothing unless the string has escapes.
    func contains(_ text: String) -> Bool {
        if hasEscapes { return string?.utf8Contains(text) ?? false }
        return withRawBytes { bytes in
            let wanted = text.utf8.span
            guard wanted.count <= bytes.count else { return false }
            for start in 0...(bytes.count - wanted.count) {
                var index = 0
                while index < wanted.count, bytes[start + index] == wanted[index] { index += 1 }
                if index == wanted.count { return true }
            }
            return false
        }
    }
}

extension String {
    fileprivate func utf8Contains(_ text: String) -> Bool {
        var rest = utf8[...]
        while rest.count >= text.utf8.count {
            if rest.starts(with: text.utf8) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
