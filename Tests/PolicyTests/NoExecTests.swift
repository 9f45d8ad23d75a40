import Testing

@testable import Policy

@Suite struct NoExecTests {
    private func isAllowed(_ commands: String, _ options: String) throws -> Bool {
        try policySet("no-exec", "parameters: {allowedCommands: [\(commands)]}")
            .evaluate(exec(options)).isAllowed
    }

    @Test(arguments: [
        ("{command: [ls]}", "{command: [ls]}", true),
        ("{command: [ls]}", "{command: [ls, -l]}", false),
        ("{command: [ls, -l]}", "{command: [ls]}", false),
        ("{command: [ls]}", "{command: [/bin/ls]}", false),
        ("{command: [ls]}", "{command: []}", false),
        ("{command: [ls]}", "{}", false),
        ("{command: [ls], prefix: true}", "{command: [ls, -l, /]}", true),
        ("{command: [ls, -l], prefix: true}", "{command: [ls]}", false),
        ("{command: [ls], prefix: true}", "{command: [lsof]}", false),
        ("{command: [ls]}", "{command: [ls], stdin: true}", false),
        ("{command: [ls]}", "{command: [ls], tty: true}", false),
        ("{command: [ls], stdin: true}", "{command: [ls], stdin: true}", true),
        ("{command: [ls], stdin: true}", "{command: [ls], stdin: true, tty: true}", false),
        ("{command: [ls], stdin: true, tty: true}", "{command: [ls]}", true),
        ("{command: [id]}, {command: [ls]}", "{command: [ls]}", true),
        ("{command: ['']}", "{command: ['']}", true),
    ])
    func allowedCommands(commands: String, options: String, allowed: Bool) throws {
        #expect(try isAllowed(commands, options) == allowed)
    }

    @Test(arguments: ["{command: ls}", "{command: [5]}", "{stdin: 'true'}", "{tty: 1}"])
    func unreadableOptionsAreDenied(options: String) throws {
        let verdict = try policySet("no-exec").evaluate(exec(options))
        #expect(verdict.violations.map(\.rule) == ["unreadable-object"])
    }

    @Test func attachNeedsNoCommand() throws {
        let set = try policySet(
            "no-exec", "parameters: {allowedCommands: [{command: [sh], prefix: true, stdin: true}]}"
        )
        let attach = try exec("{stdin: true}", subresource: "attach")
        #expect(set.evaluate(attach).lines == ["nobody may attach to the running Pod \"web\""])
    }

    @Test func bothReviewsOfOneCommandAreAnsweredAlike() throws {
        let set = try policySet("no-exec")
        let review = try exec("{command: [sh], container: web}")
        #expect(set.evaluate(review).violations == set.evaluate(review).violations)
    }

    @Test(arguments: [
        (
            "allowedUsers: ['alice@*']",
            "user \"alice@example.com\" may run \"sh\" in the running Pod \"web\""
        ),
        (
            "allowedGroups: [ops, dev*]",
            "user \"alice@example.com\" of group \"developers\" may run \"sh\" in the running "
                + "Pod \"web\""
        ),
    ])
    func breakGlassIsNoticed(parameters: String, message: String) throws {
        let verdict = try policySet("no-exec", "parameters: {\(parameters)}")
            .evaluate(exec("{command: [sh]}"))
        #expect(verdict.isAllowed)
        #expect(verdict.violations == [])
        #expect(verdict.notices.map(\.kind) == ["break-glass"])
        #expect(verdict.notices.map(\.message) == [message])
        #expect(verdict.notices.map(\.policy) == ["under-test"])
        #expect(verdict.notices.map(\.isWarned) == [true])
    }

    @Test func anAuditedPolicysNoticeWarnsNobody() throws {
        let set = try policySet(
            "no-exec", "parameters: {allowedUsers: ['*']}", enforcement: .audit)
        #expect(set.evaluate(try exec("{command: [sh]}")).notices.map(\.isWarned) == [false])
    }

    /// What everybody may run is no broken glass.
    @Test func anAllowedCommandIsNotNoticed() throws {
        let set = try policySet(
            "no-exec", "parameters: {allowedUsers: ['*'], allowedCommands: [{command: [ls]}]}")
        #expect(try set.evaluate(exec("{command: [ls]}")).notices.isEmpty)
        #expect(try set.evaluate(exec("{command: [ls], tty: true}")).notices.count == 1)
    }

    @Test(arguments: ["allowedUsers: [bob]", "allowedGroups: [break-glass]", "allowedUsers: []"])
    func othersBreakNothing(parameters: String) throws {
        let verdict = try policySet("no-exec", "parameters: {\(parameters)}")
            .evaluate(exec("{command: [sh]}"))
        #expect(!verdict.isAllowed)
        #expect(verdict.notices.isEmpty)
    }

    @Test(arguments: [
        ("mysql -psecret", "mysql…"), ("PASSWORD=secret", "PASSWORD…"),
        (String(repeating: "x", count: 65), String(repeating: "x", count: 64) + "…"),
        (String(repeating: "x", count: 64), String(repeating: "x", count: 64)),
    ])
    func onlyTheProgramIsNamed(word: String, shown: String) throws {
        let verdict = try policySet("no-exec").evaluate(exec("{command: ['\(word)', secret]}"))
        #expect(verdict.lines == ["nobody may run \"\(shown)\" in the running Pod \"web\""])
    }
}
