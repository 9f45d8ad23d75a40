internal import ArgumentParser

/// `cattleguard version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    func run() throws { try Terminal.write("cattleguard \(Cattleguard.version)") }
}
