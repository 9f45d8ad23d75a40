internal import Document

/// Who may do what a rule about acts denies to everybody else: it is allowed, warned of, and always
/// in the audit annotations and the log.
struct Grantees: Sendable {
    private let users: [Glob]
    private let groups: [Glob]

    /// Reads the two lists of a rule's parameters, `allowedUsers` and `allowedGroups`.
    init(_ parameters: inout ParameterReader) {
        users = parameters.globs("allowedUsers")
        groups = parameters.globs("allowedGroups")
    }

    /// Makes grants of lists that a rule reads under names of its own.
    init(users: [Glob], groups: [Glob]) {
        self.users = users
        self.groups = groups
    }

    /// By what the asker may, in words that begin a notice: `user "a" of group "b"`; nil for
    /// everybody else.
    func grant(to subject: Subject) -> String? {
        let user = subject.user?.string
        if let user, users.anyMatches(user) { return "user \"\(Self.shown(user))\"" }
        guard !groups.isEmpty else { return nil }
        for group in subject.groups?.elements.compactMap(\.string) ?? []
        where groups.anyMatches(group) {
            return "user \"\(Self.shown(user ?? ""))\" of group \"\(Self.shown(group))\""
        }
        return nil
    }

    /// A name as a notice shows it, which may be repeated for each thing that is let through.
    private static func shown(_ name: String) -> String { name.readable(limit: 253) }
}
