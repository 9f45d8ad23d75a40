internal import ArgumentParser
internal import Policy
internal import Posix
internal import Report
internal import Server

/// `cattleguard check`: judges manifests as the webhook would judge their creation.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Judge manifests outside a cluster.",
        discussion: """
            Each object is judged as the webhook would judge its creation. Folders are searched \
            for *.yaml, *.yml and *.json, hidden names and linked folders left out; - is standard \
            input. YAML may hold several documents; what has items is taken apart, as kubectl \
            does.

            Exit codes: 0 nothing is denied; 1 something is; 2 something could not be checked, or \
            the report not be written, whatever the rest came to. A policy that only warns denies \
            nothing: to fail on warnings too, --fail-on warn.

            Every option has an environment twin: CATTLEGUARD_FAIL_ON for --fail-on. An option \
            comes before its twin, the twin before the default.
            """)

    @Option(
        help: ArgumentHelp(
            "The folder of the policies, or one file (default: ./policies).", valueName: "path"))
    var policies: String?

    @Option(help: "How the report is written (default: text).")
    var format: FormatName?

    @Option(
        help: ArgumentHelp(
            "What makes the exit code 1: deny alone, or warn too (default: deny).",
            valueName: "action"))
    var failOn: Severity?

    @Option(
        help: ArgumentHelp(
            "Where objects lie that name no namespace (default: default).", valueName: "name"))
    var namespace: String?

    @Flag(help: "Judge even if there is no policy.")
    var allowEmpty = false

    @Argument(help: ArgumentHelp("Files, folders, or - for standard input.", valueName: "path"))
    var paths: [String]

    /// The least grave action that counts as a failure.
    enum Severity: String, CaseIterable, ExpressibleByArgument {
        case deny, warn
    }

    /// A format by its name.
    struct FormatName: ExpressibleByArgument {
        let format: any ReportFormat.Type

        init?(argument: String) {
            guard let format = ReportFormats.named(argument) else { return nil }
            self.format = format
        }

        static var allValueStrings: [String] { ReportFormats.all.map { $0.name } }
    }

    func run() throws {
        var settings = Settings()
        let format = try settings.value(format, "format")?.format ?? TextFormat.self
        let failOn = try settings.value(failOn, "fail-on", default: .deny)
        let namespace = try settings.value(namespace, "namespace", default: "default")
        guard NamespaceName.isValid(namespace) else {
            throw ValidationError("--namespace is \(NamespaceName.expectation)")
        }
        let folder = try Terminal.policyFolder(policies, &settings)

        let allowEmpty = try settings.flag(allowEmpty, "allow-empty")
        let set = try Terminal.readPolicies(folder, allowEmpty: allowEmpty)

        var check = Check(policies: set, at: .now(), namespace: namespace)
        for path in paths { Manifests.judge(path, by: &check) }
        let report = check.finish()
        try Terminal.write(format.write(report))
        switch report.outcome {
        case .unchecked: throw Terminal.unchecked
        case .denied: throw Terminal.denied
        case .warned where failOn == .warn: throw Terminal.denied
        case .warned, .passed: break
        }
    }
}

/// Finds manifests below the paths of a command line.
enum Manifests {
    /// The most bytes that one file, or standard input, may have.
    static let fileBytes = 64 << 20
    /// What standard input is called in reports.
    static let standardInput = "<stdin>"

    /// Hands every manifest of a path to a check; what cannot be read becomes a problem.
    static func judge(_ path: String, by check: inout Check) {
        do throws(SystemError) {
            if path == "-" {
                let bytes = try File.readStandardInput(byteLimit: fileBytes)
                check.judge(CheckSource(name: standardInput, bytes: bytes, format: .yaml))
            } else if try !File.isDirectory(path) {
                // A named pipe is one: `check <(helm template …)`.
                let bytes = try File.read(path, byteLimit: fileBytes)
                judge(bytes, of: path, by: &check)
            } else if !judge(folder: path, by: &check) {
                let message = "the folder holds no *.yaml, *.yml or *.json"
                check.add(CheckProblem(source: path, message: message))
            }
        } catch {
            add(error, at: path, to: &check)
        }
    }

    /// The path is the problem's place; its message need not repeat it.
    private static func add(_ error: SystemError, at path: String, to check: inout Check) {
        check.add(CheckProblem(source: path, message: error.reason(at: "cannot be read")))
    }

    private static func judge(_ bytes: [UInt8], of path: String, by check: inout Check) {
        check.judge(
            CheckSource(name: path, bytes: bytes, format: path.hasSuffix(".json") ? .json : .yaml))
    }

    /// Walks a folder in the order of its names; returns whether a manifest was found.
    private static func judge(folder: String, by check: inout Check) -> Bool {
        var found = false
        // What is to be visited, the next one last.
        var pending = [folder]
        while let path = pending.popLast() {
            do throws(SystemError) {
                if try File.isDirectory(path) {
                    pending += try children(of: path).reversed()
                } else {
                    found = true
                    // What lies in a folder may be a stranger's: a link to a terminal, a pipe that
                    // nobody writes to.
                    let bytes = try File.readRegular(path, byteLimit: fileBytes)
                    judge(bytes, of: path, by: &check)
                }
            } catch {
                found = true
                add(error, at: path, to: &check)
            }
        }
        return found
    }

    /// The manifests and folders directly in a folder.
    private static func children(of folder: String) throws(SystemError) -> [String] {
        var children: [String] = []
        for name in try File.list(folder) where !name.hasPrefix(".") {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            // A link that leads nowhere is worth a word only where it is called a manifest.
            let isFolder = (try? File.isDirectory(path)) ?? false
            let isManifest = [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
            if isFolder ? try !File.isSymbolicLink(path) : isManifest { children.append(path) }
        }
        return children
    }
}
