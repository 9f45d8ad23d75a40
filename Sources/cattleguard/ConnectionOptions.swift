internal import ArgumentParser
internal import Server

/// How many connections each listener may hold, for memory follows from it (docs/operation.md,
/// Memory), and how much of the service listener one peer may have.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Connections that the admission listener may hold (default: 256).",
            valueName: "number"))
    var admissionConnections: Int?

    @Option(
        help: ArgumentHelp(
            "Connections that the service listener may hold (default: 64).",
            valueName: "number"))
    var serviceConnections: Int?

    @Option(
        help: ArgumentHelp(
            "Connections that one address may hold on the service listener (default: half of all).",
            valueName: "number"))
    var peerConnections: Int?

    @Option(
        help: ArgumentHelp(
            "Checks of one address that may wait for a thread (default: 16).",
            valueName: "number"))
    var peerChecks: Int?

    /// Sets what the options, their twins and the defaults come to.
    func apply(to configuration: inout Configuration, _ settings: inout Settings) throws {
        func count(_ option: Int?, _ name: String) throws -> Int? {
            let count = try settings.value(option, name)
            guard count ?? 1 > 0 else { throw ValidationError("--\(name) is at least 1") }
            return count
        }
        if let count = try count(admissionConnections, "admission-connections") {
            configuration.admission.connectionLimit = count
        }
        if let count = try count(serviceConnections, "service-connections") {
            configuration.service.connectionLimit = count
            configuration.service.connectionsPerPeer = max(1, count / 2)
        }
        if let count = try count(peerConnections, "peer-connections") {
            configuration.service.connectionsPerPeer = count
        }
        if let count = try count(peerChecks, "peer-checks") { configuration.checksPerPeer = count }
    }
}
