internal import ArgumentParser
internal import Server

/// How much of the service listener one peer may have.
struct PeerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Connections that one address may hold on the service listener (default: 32).",
            valueName: "number"))
    var peerConnections: Int?

    @Option(
        help: ArgumentHelp(
            "Checks of one address that may wait for a thread (default: 16).",
            valueName: "number"))
    var peerChecks: Int?

    /// Sets what the options, their twins and the defaults come to.
    func apply(to configuration: inout Configuration, _ settings: inout Settings) throws {
        let connections = try settings.value(peerConnections, "peer-connections")
        let checks = try settings.value(peerChecks, "peer-checks")
        guard connections ?? 1 > 0, checks ?? 1 > 0 else {
            throw ValidationError("--peer-connections and --peer-checks are at least 1")
        }
        if let connections { configuration.service.connectionsPerPeer = connections }
        if let checks { configuration.checksPerPeer = checks }
    }
}
