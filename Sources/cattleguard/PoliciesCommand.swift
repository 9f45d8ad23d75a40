internal import ArgumentParser
internal import Policy
internal import Report

/// `cattleguard policies`: looks at policy files without serving them.
struct PoliciesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policies",
        abstract: "List, show and validate policies.",
        subcommands: [List.self, Show.self, Validate.self])

    /// `cattleguard policies list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the policies of a folder.",
            discussion: """
                The environment twin of --format is CATTLEGUARD_POLICIES_FORMAT; \
                CATTLEGUARD_FORMAT is that of check, whose formats are others.
                """)

        @Option(
            help: ArgumentHelp(
                "The folder of the policies, or one file (default: ./policies).", valueName: "path")
        )
        var policies: String?

        @Option(help: "How the list is written (default: table).")
        var format: PolicyListing.Format?

        func run() throws {
            var settings = Settings()
            let format = try settings.value(format, "policies-format", default: .table)
            let folder = try Terminal.policyFolder(policies, &settings)
            try Terminal.write(PolicyListing(Terminal.readPolicies(folder)).text(format))
        }
    }

    /// `cattleguard policies show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one policy.")

        @Option(
            help: ArgumentHelp(
                "The folder of the policies, or one file (default: ./policies).", valueName: "path")
        )
        var policies: String?

        @Argument(help: ArgumentHelp("The policy's metadata.name.", valueName: "name"))
        var name: String

        func run() throws {
            var settings = Settings()
            let folder = try Terminal.policyFolder(policies, &settings)
            let set = try Terminal.readPolicies(folder)
            guard let policy = set.policies.first(where: { $0.name == name }) else {
                let hint = Nearest.hint(for: name, among: set.policies.map(\.name))
                throw ValidationError("There is no policy '\(name)' in \(folder)\(hint)")
            }
            let actions = policy.actions.map(\.rawValue).joined(separator: ", ")
            try Terminal.write(
                """
                policy               \(policy.name)
                file                 \(policy.file)
                rule                 \(policy.ruleID)
                asks for             \(PolicyListing.summary(ofRule: policy.ruleID))
                actions              \(actions)
                existing violations  \(policy.existingViolations.rawValue)
                """)
        }
    }

    /// `cattleguard policies validate`.
    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read policies as the server would, and say what is wrong.",
            discussion: "Exit codes: 0 all is well; 2 something is wrong.")

        @Argument(
            help: ArgumentHelp(
                "The folder, or one file (default: CATTLEGUARD_POLICIES, ./policies).",
                valueName: "path"))
        var path: String?

        func run() throws {
            var settings = Settings()
            let folder = try Terminal.policyFolder(path, &settings)
            let count = try Terminal.readPolicies(folder).policies.count
            try Terminal.write("\(folder): \(count == 1 ? "1 policy" : "\(count) policies"), valid")
        }
    }
}

extension PolicyListing.Format: ExpressibleByArgument {}
