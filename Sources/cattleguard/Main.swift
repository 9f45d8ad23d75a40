internal import ArgumentParser

/// The command: parses its arguments and hands over to one of its subcommands.
@main
struct Cattleguard: ParsableCommand {
    /// The program's version, as metrics and `--version` tell it.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "cattleguard",
        abstract: "Keeps running containers as they were deployed.",
        version: version,
        subcommands: [
            ServeCommand.self, CheckCommand.self, PoliciesCommand.self, TestCommand.self,
            CertificateCommand.self, VersionCommand.self,
        ])

    /// Runs the command. Bad usage ends it with 2, as `check` promises and other tools do.
    static func main() {
        do {
            run(try parseAsRoot())
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            Terminal.complain(fullMessage(for: error))
            exit(withError: Terminal.unchecked)
        }
    }

    /// What a command finds wrong with its usage only while it runs, it says as the parser would.
    private static func run(_ command: any ParsableCommand) {
        var command = command
        do {
            try command.run()
        } catch let error as ValidationError {
            let usage = usageString(for: type(of: command))
            Terminal.complain("Error: \(error.message)\nUsage: \(usage)")
            exit(withError: Terminal.unchecked)
        } catch {
            exit(withError: error)
        }
    }
}
