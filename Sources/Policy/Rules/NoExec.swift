internal import Document

/// `no-exec`: nobody runs a command inside a running container.
///
/// What is changed through a shell is in no repository and gone with the instance. Sees every
/// CONNECT to `pods/exec` and `pods/attach`; `kubectl cp` is an exec of `tar`. An attach has no
/// command, an exec may name no container
/// (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/).
struct NoExec: ActRule {
    static let id = "no-exec"
    static let summary = "Nobody runs a command in, or attaches to, a running container."
    static let scope = RuleScope(connections: ["pods/exec", "pods/attach"])

    /// A command that may be run.
    private struct AllowedCommand {
        let words: [String]
        let isPrefix: Bool
        let stdin: Bool
        let tty: Bool
    }

    private let allowedCommands: [AllowedCommand]
    private let grantees: Grantees

    init(parameters: inout ParameterReader) {
        allowedCommands = parameters.objects(
            "allowedCommands", doc: "Harmless commands, which anybody may run."
        ) { entry in
            let hadCommand = entry.value("command") != nil
            let words =
                entry.strings(
                    "command", as: .texts(.any, least: 1), isRequired: true,
                    doc: "The words, all of which must be equal."
                )?.map(\.text) ?? []
            if words.isEmpty, hadCommand || entry.place?.kind == .object {
                entry.report(
                    "an allowed command needs \"command\", a list of at least one word", at: nil)
            }
            return AllowedCommand(
                words: words,
                isPrefix: entry.boolean("prefix", doc: "Whether more words may follow."),
                stdin: entry.boolean("stdin"), tty: entry.boolean("tty"))
        }
        grantees = Grantees(&parameters)
    }

    func judge(
        _ subject: Subject, into findings: inout Findings, notices: inout [Notice]
    ) throws(UnreadableObject) {
        let options = subject.object
        let command = try options?.list("command", of: .string, in: .root).map {
            $0.compactMap(\.string)
        }
        let stdin = try options?.member("stdin", .boolean, in: .root)?.boolean ?? false
        let tty = try options?.member("tty", .boolean, in: .root)?.boolean ?? false
        if let command, isAllowed(command, stdin: stdin, tty: tty) { return }
        let act = describe(subject, program: command?.first)
        if let grant = grantees.grant(to: subject) {
            notices.append(Notice(kind: "break-glass", message: "\(grant) may \(act)"))
            return
        }
        findings.append(
            check: subject.subresource, element: "", value: "", path: .root,
            message: "nobody may \(act)",
            fix: "change the image or its configuration and roll it out; "
                + "kubectl logs shows what it does")
    }

    /// What is done, in words. Only the program is named: its arguments may hold a secret.
    private func describe(_ subject: Subject, program: String?) -> String {
        var act = subject.subresource == "attach" ? "attach" : "run"
        if let program { act += " \"\(Self.programName(program))\"" }
        act += subject.subresource == "attach" ? " to" : " in"
        if let container = subject.object?["container"]?.string {
            act += " container \"\(container)\" of"
        }
        return act + " the running Pod \"\(subject.name)\""
    }

    /// The first word up to what can no longer be a program's name: a whole command line that
    /// somebody quoted as one word, or an assignment, may hold a secret.
    private static func programName(_ word: String) -> String {
        let name = word.utf8.prefix(64).prefix { $0 > 0x20 && $0 != UInt8(ascii: "=") }
        return String(Substring(name)) + (name.count < word.utf8.count ? "…" : "")
    }

    private func isAllowed(_ command: [String], stdin: Bool, tty: Bool) -> Bool {
        allowedCommands.contains { allowed in
            guard allowed.stdin || !stdin, allowed.tty || !tty, !allowed.words.isEmpty else {
                return false
            }
            return allowed.isPrefix
                ? command.starts(with: allowed.words) : command == allowed.words
        }
    }
}
