internal import ArgumentParser

@main
struct Cattleguard: ParsableCommand {
    /// The program's version, as metrics and `--version` tell it.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "cattleguard",
        abstract: "Keeps running containers as they were deployed.",
        version: version,
        subcommands: [ServeCommand.self])
}
