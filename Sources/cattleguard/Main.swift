internal import ArgumentParser
internal import Posix

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
            ServeCommand.self, CheckCommand.self, PoliciesCommand.self, CertificateCommand.self,
            VersionCommand.self,
        ])

    /// Runs the command. Bad usage ends it with 2, as `check` promises and other tools do.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            Terminal.complain(fullMessage(for: error))
            exit(withError: Terminal.unchecked)
        }
    }
}
