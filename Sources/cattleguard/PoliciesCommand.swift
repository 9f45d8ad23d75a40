internal import ArgumentParser
internal import Document
internal import Policy
internal import Report
internal import Server

/// `cattleguard policies`: looks at policy files without serving them.
struct PoliciesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policies",
        abstract: "List, show and validate policies; print their schema and the workloads.",
        subcommands: [
            List.self, Show.self, Validate.self, Workloads.self, Schema.self,
        ])

    /// Which policies are looked at, and how what is found is written.
    struct Options: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The folder of the policies, or one file (default: ./policies).", valueName: "path")
        )
        var policies: String?

        @Option(
            help: ArgumentHelp(
                "The most that any policy may do: what it declares, warn, or audit "
                    + "(default: declared).", valueName: "cap"))
        var enforcement: Enforcement?

        @Option(help: "How it is written (default: table).")
        var format: PolicyListing.Format?

        /// What is meant, by these options and their twins.
        func resolve() throws -> (folder: String, set: PolicySet, format: PolicyListing.Format) {
            var settings = Settings()
            let format = try settings.value(format, "policies-format", default: .table)
            let cap = try settings.value(enforcement, "enforcement", default: .declared)
            let folder = try Terminal.policyFolder(policies, &settings)
            return (folder, try Terminal.readPolicies(folder, enforcement: cap), format)
        }

        static let discussion = """
            The environment twin of --format is CATTLEGUARD_POLICIES_FORMAT; \
            CATTLEGUARD_FORMAT is that of check, whose formats are others.
            """
    }

    /// `cattleguard policies list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the policies of a folder, and the exceptions from them.",
            discussion: Options.discussion)

        @OptionGroup var options: Options

        func run() throws {
            let (_, set, format) = try options.resolve()
            try Terminal.write(PolicyListing(set, at: .now()).text(format))
        }
    }

    /// `cattleguard policies show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show all of one policy: its match, its actions, its parameters.",
            discussion: Options.discussion)

        @OptionGroup var options: Options

        @Argument(help: ArgumentHelp("The policy's metadata.name.", valueName: "name"))
        var name: String

        func run() throws {
            let (folder, set, format) = try options.resolve()
            guard let policy = set.policies.first(where: { $0.name == name }) else {
                let hint = Nearest.hint(for: name, among: set.policies.map(\.name))
                throw ValidationError("There is no policy '\(name)' in \(folder)\(hint)")
            }
            try Terminal.write(PolicyDetail(policy).text(format))
        }
    }

    /// `cattleguard policies validate`.
    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read policies as the server would, and say all that is wrong.",
            discussion: """
                What is found goes to standard output, a line each: file, line, column, message. A \
                warning is about what can be read and cannot be meant.

                The environment twin of --format is CATTLEGUARD_VALIDATION_FORMAT.

                Exit codes: 0 all is well, or there are warnings; 2 something is wrong.
                """)

        @Option(help: "How the report is written (default: table).")
        var format: ValidationReport.Format?

        @Argument(
            help: ArgumentHelp(
                "Folders and files, read as one set (default: CATTLEGUARD_POLICIES, ./policies).",
                valueName: "path"))
        var paths: [String] = []

        func run() throws {
            var settings = Settings()
            let format = try settings.value(format, "validation-format", default: .table)
            let places =
                paths.isEmpty ? [try Terminal.policyFolder(nil, &settings)] : paths
            let files = try Terminal.policyFiles(places)
            let report: ValidationReport
            let title = places.joined(separator: ", ")
            do throws(PolicyProblems) {
                let set = try PolicyReader.read(files, folder: title)
                report = ValidationReport(set, title: title, at: .now())
            } catch {
                report = ValidationReport(error)
            }
            try Terminal.write(report.text(format))
            if !report.isValid { throw Terminal.unchecked }
        }
    }

    /// `cattleguard policies workloads`.
    struct Workloads: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the kinds that carry Pods, and where: what rules see.",
            discussion: """
                With --format yaml as WorkloadKind documents: a custom kind that is not among them \
                is described by one, in a file beside the policies.

                The environment twin of --format is CATTLEGUARD_WORKLOADS_FORMAT.
                """)

        @Option(
            help: ArgumentHelp(
                "The folder of the policies, or one file (default: ./policies).", valueName: "path")
        )
        var policies: String?

        @Option(help: "How it is written (default: table).")
        var format: WorkloadListing.Format?

        func run() throws {
            var settings = Settings()
            let format = try settings.value(format, "workloads-format", default: .table)
            let folder = try Terminal.policyFolder(policies, &settings)
            let set = try Terminal.readPolicies(folder, allowEmpty: true)
            try Terminal.write(WorkloadListing(set).text(format))
        }
    }

    /// `cattleguard policies schema`.
    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the JSON Schema of policy files, for editors and pipelines.",
            discussion: "The schemas are also in deploy/schema.")

        @Option(
            help: ArgumentHelp(
                "The schema of one kind of document alone: "
                    + PolicyReader.shapes.map(\.name).joined(separator: ", ") + ".",
                valueName: "kind"))
        var kind: String?

        func run() throws {
            let shapes = PolicyReader.shapes
            guard let kind else {
                return try Terminal.write(PolicySchema.schema(ofAnyOf: shapes).indented())
            }
            guard let shape = shapes.first(where: { $0.name == kind }) else {
                let names = shapes.map(\.name)
                throw ValidationError(
                    "There is no kind '\(kind)'\(Nearest.hint(for: kind, among: names)); "
                        + "expected \(names.joined(separator: ", "))")
            }
            try Terminal.write(PolicySchema.schema(of: shape).indented())
        }
    }
}

extension PolicyListing.Format: ExpressibleByArgument {}
extension WorkloadListing.Format: ExpressibleByArgument {}
extension ValidationReport.Format: ExpressibleByArgument {}
