internal import ArgumentParser
internal import Server

/// How many connections each listener may hold: memory follows from it (docs/operation.md, Memory).
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

    /// Sets what the options, their twins and the defaults come to. One peer may have half of the
    /// service's.
    func apply(to configuration: inout Configuration, _ settings: inout Settings) throws {
        let admission = try settings.value(admissionConnections, "admission-connections")
        let service = try settings.value(serviceConnections, "service-connections")
        guard admission ?? 1 > 0, service ?? 1 > 0 else {
            throw ValidationError(
                "--admission-connections and --service-connections are at least 1")
        }
        if let admission { configuration.admission.connectionLimit = admission }
        if let service {
            configuration.service.connectionLimit = service
            configuration.service.connectionsPerPeer = max(1, service / 2)
        }
    }
}
