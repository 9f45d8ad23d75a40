internal import ArgumentParser

@main
struct Cattleguard: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "cattleguard")
}
