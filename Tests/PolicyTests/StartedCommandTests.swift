import Testing

@testable import Policy

@Suite struct StartedCommandTests {
    /// The programs that an argument vector starts, each with the index of its word.
    private func programs(_ words: [String], alsoAt start: Int? = nil) -> [String] {
        StartedCommand.all(in: words, alsoAt: start).map { "\($0.program)@\($0.index)" }
    }

    private func starts(_ program: String, _ words: [String], alsoAt start: Int? = nil) -> Bool {
        StartedCommand.all(in: words, alsoAt: start).contains { $0.program == program }
    }

    @Test(arguments: [
        ["sshd"], ["/usr/sbin/sshd", "-D"], ["exec", "sshd"], ["exec", "-a", "x", "sshd"],
        ["env", "A=b", "sshd"], ["env", "-i", "-u", "X", "--unset", "Y", "A=b", "sshd"],
        ["env", "--", "sshd"], ["env", "-S", "sshd -D"], ["nohup", "sshd"], ["sudo", "sshd"],
        ["sudo", "-nu", "root", "sshd"], ["sudo", "-uroot", "sshd"], ["sudo", "-E", "-H", "sshd"],
        ["tini", "sshd"], ["tini", "-s", "-p", "SIGTERM", "--", "sshd"], ["dumb-init", "sshd"],
        ["timeout", "5", "sshd"], ["timeout", "-k", "5", "10", "sshd"],
        ["timeout", "--preserve-status", "5", "sshd"], ["gosu", "root", "sshd"],
        ["chroot", "--userspec=a:b", "/root", "sshd"], ["nice", "-n", "10", "sshd"],
        ["busybox", "sh", "-c", "sshd"], ["/entrypoint.sh", "--", "sshd"],
        ["/init", "sudo", "sshd"], ["sh", "-c", "sshd"], ["bash", "-lc", "sshd"],
        ["bash", "-ceuo", "pipefail", "sshd"], ["bash", "-c", "-e", "sshd"],
        ["bash", "-c", "--", "true; sshd"], ["su", "root", "-c", "sshd"],
        ["su", "--command", "sshd"],
        ["sh", "-c", "A=b sshd"], ["sh", "-c", "true;sshd"], ["sh", "-c", "true&sshd"],
        ["sh", "-c", "true|sshd"], ["sh", "-c", "(sshd)"], ["sh", "-c", "{ sshd; }"],
        ["sh", "-c", "true\nsshd"], ["sh", "-c", "! sshd"], ["sh", "-c", "while sshd; do :; done"],
        ["sh", "-c", "time sshd"], ["sh", "-c", "f() { sshd; }; f"],
        ["sh", "-c", "eval 'sshd -D'"],
        ["sh", "-c", "eval \"exec sshd\""], ["sh", "-c", "x=$(sshd)"], ["sh", "-c", "ss\"h\"d"],
        ["sh", "-c", "\"/usr/sbin/sshd\" -D"], ["sh", "-c", "trap : 1; exec /usr/sbin/sshd -D"],
        ["sh", "-c", "sh -c \"sh -c 'sshd'\""],
        ["sh", "-c", "echo \"$(case a in a) sshd;; esac)\""],
        ["sh", "-c", "if :; then case a in a) sshd; esac; fi"], ["sh", "-c", "2>&1 sshd"],
    ])
    func startsIt(words: [String]) { #expect(starts("sshd", words)) }

    @Test(arguments: [
        ["pkill", "sshd"], ["sudo", "-n", "pkill", "sshd"], ["sudo", "-u", "sshd", "id"],
        ["env", "A=sshd", "id"], ["env", "-u", "sshd", "id"], ["timeout", "sshd", "5"],
        ["gosu", "sshd", "id"], ["ssh", "user@sshd"], ["git", "clone", "ssh://sshd/x"],
        ["grep", "sshd", "/etc/passwd"], ["sh", "-c", "pkill sshd"],
        ["sh", "-c", "echo 'a; sshd'"],
        ["sh", "-c", "echo \"a; sshd\""], ["sh", "-c", "cat >sshd"], ["sh", "-c", "cat < sshd"],
        ["sh", "-c", "# sshd\ntrue"], ["sh", "-c", "command -v sshd"], ["sh", "-c", "A=sshd id"],
        ["sh", "-c", "echo $(date) sshd"], ["sh", "-c", "echo \"$(date) sshd\""],
        ["sh", "-c", "echo if sshd"], ["command", "-V", "sshd"], ["sshd-keygen"], ["/sshd/run"], [],
    ])
    func doesNotStartIt(words: [String]) { #expect(!starts("sshd", words)) }

    @Test func argsBeginACommandOfTheirOwn() {
        #expect(programs(["-x", "sshd"], alsoAt: 1) == ["-x@0", "sshd@1"])
        #expect(programs(["sudo", "-u", "root", "sshd"], alsoAt: 1) == ["sudo@0", "sshd@3"])
        #expect(programs(["env", "A=b", "sshd"], alsoAt: 1) == ["env@0", "sshd@2"])
        #expect(programs(["sh", "-c", "sshd -D"], alsoAt: 2).contains("sshd@2"))
        #expect(starts("sshd", ["-c", "sshd -D"], alsoAt: 0))
        #expect(starts("sshd", ["sshd -D"], alsoAt: 0))
    }

    @Test func insideAStringThePlaceIsTheOutermostWord() {
        #expect(
            programs(["sh", "-c", "a; sh -c 'b; c'"]) == ["sh@0", "a@2", "sh@2", "b@2", "c@2"])
    }

    @Test func aCommandEndsWhereTheNextBegins() {
        let commands = StartedCommand.all(in: ["sudo", "-n", "service", "ssh", "--", "start"])
        #expect(commands.map(\.words) == [["sudo", "-n"], ["service", "ssh", "--"], ["start"]])
    }

    /// Past eight shells in each other, every word counts, in command position or not.
    @Test(arguments: [
        ("sshd", 8, true), ("sshd", 9, true), ("sshd", 12, true),
        ("pkill sshd", 8, false), ("pkill sshd", 9, true),
    ])
    func nesting(string: String, depth: Int, isFound: Bool) {
        var words = ["sh", "-c", string]
        for _ in 1..<depth {
            words = ["sh", "-c", "sh -c " + words[2].quotedForShell]
        }
        #expect(starts("sshd", words) == isFound)
    }

    @Test(arguments: [
        ("sshd", ["sshd", "-D"], true), ("/usr/sbin/sshd", ["/opt/sshd"], true),
        ("ssh-keygen -A", ["ssh-keygen", "-q", "-A"], true),
        ("ssh-keygen -A", ["ssh-keygen"], false),
        ("service ssh start", ["service", "start", "ssh"], false),
        ("service ssh start", ["service", "--full-restart", "ssh", "start"], true),
    ])
    func patterns(pattern: String, words: [String], isMatch: Bool) throws {
        let command = try #require(StartedCommand.all(in: words).first)
        #expect(ProgramPattern(pattern).matches(command) == isMatch)
    }

    /// Each of these took time of the square of its length, or worse.
    @Test(arguments: [
        ["--", "service"], ["--", "sh"], ["-o", "sh"], ["env"], ["sh", "-c"], ["eval", "a b"],
        ["sudo", "-u"], ["--", "ssh-keygen"], ["timeout"], ["then"],
    ])
    func hostileVectorsTakeLinearTime(unit: [String]) {
        let repeated = Array(repeatElement(unit, count: 20_000).joined())
        let words = ["env"] + repeated + ["-c", String(repeating: "a;", count: 10_000)]
        let patterns = ["service ssh start", "ssh-keygen -A"].map(ProgramPattern.init)
        let elapsed = processorTime {
            for command in StartedCommand.all(in: words) {
                for pattern in patterns { _ = pattern.matches(command) }
            }
        }
        #expect(elapsed < .seconds(10))
    }
}

extension String {
    /// The text in single quotes, as a shell would read it back.
    fileprivate var quotedForShell: String { "'" + replacing("'", with: "'\\''") + "'" }
}
