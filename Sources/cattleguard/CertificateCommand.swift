internal import ArgumentParser
internal import Posix
internal import TLS

/// `cattleguard certificate`: a certificate that vouches for itself, for a first try and for a
/// cluster without cert-manager.
struct CertificateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate",
        abstract: "Make a self-signed certificate.",
        discussion: """
            Writes tls.crt and tls.key (P-256, readable by its owner only), and ca.crt, which is \
            the certificate again: what a client, or the webhook configuration's caBundle, is to \
            trust.

            Every option has an environment twin: CATTLEGUARD_HOST (hosts separated by commas), \
            CATTLEGUARD_OUT, CATTLEGUARD_DAYS, CATTLEGUARD_FORCE.
            """)

    @Option(
        name: .customLong("host"),
        help: ArgumentHelp(
            "A DNS name or IP address of the server; may be repeated. In a cluster: "
                + "SERVICE.NAMESPACE.svc.", valueName: "name"))
    var hosts: [String] = []

    @Option(help: ArgumentHelp("The folder to write into (default: .).", valueName: "folder"))
    var out: String?

    @Option(help: ArgumentHelp("How long it is valid (default: 365).", valueName: "days"))
    var days: Int?

    @Flag(help: "Write over files that are there.")
    var force = false

    func run() throws {
        var settings = Settings()
        let twin = try settings.value(hosts.isEmpty ? nil : hosts.joined(separator: ","), "host")
        let hosts = (twin ?? "").split(separator: ",").map(String.init)
        let folder = try settings.value(out, "out", default: ".")
        let days = try settings.value(days, "days", default: 365)
        guard !hosts.isEmpty else { throw ValidationError("Name at least one --host") }
        guard (1...36_500).contains(days) else {
            throw ValidationError("--days is from 1 to 36500")
        }
        let paths = ["tls.crt", "tls.key", "ca.crt"].map { "\(folder)/\($0)" }
        let there = paths.filter { (try? File.isSymbolicLink($0)) != nil }
        guard try there.isEmpty || settings.flag(force, "force") else {
            throw ValidationError(
                "\(there.joined(separator: ", ")) is there already; --force writes over it")
        }
        let (certificate, key) = try SelfSignedCertificate.make(
            hosts: hosts, days: days, unixSeconds: Int64(Clock.wallNanoseconds() / 1_000_000_000))
        try File.write(certificate, to: paths[0], permissions: 0o644)
        try File.write(key, to: paths[1], permissions: 0o600)
        try File.write(certificate, to: paths[2], permissions: 0o644)
        try Terminal.write("wrote \(paths.joined(separator: ", "))")
    }
}
