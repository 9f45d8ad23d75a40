internal import ArgumentParser
internal import Document
internal import Policy
internal import Posix
internal import Server
internal import Telemetry

/// `cattleguard serve`: the webhook and the check service.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the admission webhook and the check service.",
        discussion: """
            Every option has an environment twin: CATTLEGUARD_TLS_CERTIFICATE for \
            --tls-certificate. An option comes before its twin, the twin before the default. \
            An interval is a whole number and a unit: 500ms, 5s, 2m, 1h.

            Logs are JSON lines on standard error. SIGTERM and SIGINT end it in order, a second \
            one at once.

            Policies that change are read again, all of them, and put into force at once, without \
            a restart; so are the certificate, its key and the client authorities. SIGHUP has all \
            of them read in any case. If anything is wrong with them the old ones stay in force, \
            and /readyz, the log and the metrics say what.

            Exit codes: 0 ended in order; 1 could not start, or was ended at once; 2 bad usage \
            or a bad policy.
            """)

    @Option(
        help: ArgumentHelp("The folder of the policies, or one file; required.", valueName: "path"))
    var policies: String?

    @Option(
        help: ArgumentHelp(
            "Where the API server calls: POST /validate (default: https://0.0.0.0:8443).",
            valueName: "url"))
    var admissionAddress: ListenerAddress?

    @Option(
        help: ArgumentHelp(
            "Where people and monitoring call (default: http://0.0.0.0:8080).", valueName: "url"))
    var serviceAddress: ListenerAddress?

    @Option(help: ArgumentHelp("The certificate and its chain, in PEM.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's private key, in PEM.", valueName: "file"))
    var tlsPrivateKey: String?

    @Option(
        help: ArgumentHelp(
            "The authorities of client certificates, in PEM; with it, clients must show one.",
            valueName: "file"))
    var tlsClientCa: String?

    @Option(
        help: ArgumentHelp(
            "Admission loops, a thread each (default: the processors).", valueName: "number"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Threads that judge manifests for the check service (default: 1).",
            valueName: "number"))
    var checkThreads: Int?

    @OptionGroup var connections: ConnectionOptions

    @Option(
        help: ArgumentHelp(
            "The most that any policy may do: what it declares, warn, or audit "
                + "(default: declared).", valueName: "cap"))
    var enforcement: Enforcement?

    @Flag(help: "Start even if there is no policy.")
    var allowEmpty = false

    @Option(
        help: ArgumentHelp(
            "How long changed policies or certificates must rest before they are read "
                + "(default: 100ms).",
            valueName: "interval"))
    var reloadDelay: Interval?

    @Option(
        help: ArgumentHelp(
            "How long requests are still taken after SIGTERM (default: 5s).",
            valueName: "interval"))
    var drainDelay: Interval?

    @Option(
        help: ArgumentHelp(
            "How long work in flight may take after that (default: 20s).",
            valueName: "interval"))
    var finishTime: Interval?

    @OptionGroup var timeouts: TimeoutOptions

    func run() throws {
        // Signals first: threads inherit what is blocked when they are started.
        let signals = try SignalSource.make(for: [.terminate, .interrupt, .hangUp])
        SignalSource.ignoreBrokenPipe()
        Memory.returnLargeBlocks()
        _ = Resources.raiseDescriptorLimit()

        var settings = Settings()
        let configuration = try serverConfiguration(&settings)
        let source = try policySource(&settings, configuration.enforcement)
        let policies = try Terminal.load(source)
        let log = try LogWriter.start(to: File.standardError)
        defer { log.stop() }
        for variable in settings.unknownVariables {
            log.write(.warning, "unknown environment variable") { $0.member("name", variable) }
        }
        let server = try Server.start(
            configuration, policies: policies, version: Cattleguard.version, log: log)
        let ending = try server.run(until: signals, reloadingFrom: source) {
            log.write(.info, "ready") { writer in
                writer.member("admission", server.admissionAddress.description)
                writer.member("service", server.serviceAddress.description)
                writer.member("policies", policies.set.policies.count)
                writer.member("digest", policies.digest)
                writer.member("version", Cattleguard.version)
            }
        }
        log.write(.info, "ended")
        guard case .drained = ending else { throw ExitCode.failure }
    }

    private func serverConfiguration(_ settings: inout Settings) throws -> Configuration {
        let admission = try settings.value(
            admissionAddress, "admission-address",
            default: ListenerAddress(isSecure: true, host: "0.0.0.0", port: 8443))
        let service = try settings.value(
            serviceAddress, "service-address",
            default: ListenerAddress(isSecure: false, host: "0.0.0.0", port: 8080))
        let threads = try settings.value(
            threads, "threads", default: Resources.processorCount())
        let checkThreads = try settings.value(checkThreads, "check-threads", default: 1)
        guard (1...256).contains(threads), (1...256).contains(checkThreads) else {
            throw ValidationError("--threads and --check-threads are from 1 to 256")
        }
        var configuration = Configuration(
            admission: .admission(admission, threads: threads), service: .service(service))
        let certificate = try settings.value(tlsCertificate, "tls-certificate")
        let privateKey = try settings.value(tlsPrivateKey, "tls-private-key")
        let clientCA = try settings.value(tlsClientCa, "tls-client-ca")
        if let certificate, let privateKey {
            configuration.tls = TLSFiles(
                certificate: certificate, privateKey: privateKey, clientCA: clientCA)
        } else if certificate != nil || privateKey != nil || clientCA != nil {
            throw ValidationError("--tls-certificate and --tls-private-key belong together")
        } else if admission.isSecure || service.isSecure {
            throw ValidationError(
                "An https address needs --tls-certificate and --tls-private-key; "
                    + "`cattleguard certificate` makes a pair to try with")
        }
        configuration.enforcement = try settings.value(
            enforcement, "enforcement", default: .declared)
        let deadlines = try timeouts.durations(&settings)
        configuration.admission.deadlines = deadlines
        configuration.service.deadlines = deadlines
        configuration.checkThreads = checkThreads
        try connections.apply(to: &configuration, &settings)
        if let delay = try settings.value(reloadDelay, "reload-delay") {
            configuration.reload.quiet = delay.nanoseconds
        }
        configuration.drainDelay = try settings.value(
            drainDelay, "drain-delay", default: Interval(seconds: 5)
        ).nanoseconds
        configuration.finishTime = try settings.value(
            finishTime, "finish-time", default: Interval(seconds: 20)
        ).nanoseconds
        return configuration
    }

    private func policySource(
        _ settings: inout Settings, _ enforcement: Enforcement
    ) throws -> PolicySource {
        guard let folder = try settings.value(policies, "policies") else {
            throw ValidationError(
                "Name the folder of the policies with --policies or CATTLEGUARD_POLICIES")
        }
        return try PolicySource(
            path: folder, enforcement: enforcement,
            allowEmpty: settings.flag(allowEmpty, "allow-empty"))
    }
}

extension ListenerAddress: ExpressibleByArgument {
    /// Reads the value of an option.
    package init?(argument: String) { self.init(argument) }
}

extension Enforcement: ExpressibleByArgument {}
