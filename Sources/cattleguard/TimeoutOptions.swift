internal import ArgumentParser
internal import Server

/// How patient the listeners are with their clients.
struct TimeoutOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "From the accept to the end of the TLS handshake (default: 10s).",
            valueName: "interval"))
    var handshakeTimeout: Interval?

    @Option(
        help: ArgumentHelp(
            "From a request's first byte to the end of its head (default: 10s).",
            valueName: "interval"))
    var headTimeout: Interval?

    @Option(
        help: ArgumentHelp(
            "From the end of a head to the end of the body (default: 30s).",
            valueName: "interval"))
    var bodyTimeout: Interval?

    @Option(
        help: ArgumentHelp(
            "For a client to take an answer (default: 30s).", valueName: "interval"))
    var writeTimeout: Interval?

    @Option(
        help: ArgumentHelp(
            "Between requests; the API server keeps connections for 90s (default: 120s).",
            valueName: "interval"))
    var idleTimeout: Interval?

    /// The durations that the options, their twins and the defaults come to.
    func durations(_ settings: inout Settings) throws -> DeadlineDurations {
        var durations = DeadlineDurations()
        if let value = try settings.value(handshakeTimeout, "handshake-timeout") {
            durations.handshake = value.nanoseconds
        }
        if let value = try settings.value(headTimeout, "head-timeout") {
            durations.head = value.nanoseconds
        }
        if let value = try settings.value(bodyTimeout, "body-timeout") {
            durations.body = value.nanoseconds
        }
        if let value = try settings.value(writeTimeout, "write-timeout") {
            durations.write = value.nanoseconds
        }
        if let value = try settings.value(idleTimeout, "idle-timeout") {
            durations.idle = value.nanoseconds
        }
        return durations
    }
}
