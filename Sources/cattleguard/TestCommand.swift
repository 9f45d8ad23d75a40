internal import Admission
internal import ArgumentParser
internal import Policy
internal import Posix
internal import Report
internal import Server

/// `cattleguard test`: runs tests of policies.
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run the tests of policies.",
        discussion: """
            Folders are searched for suites: files called cattleguard-test.yaml or \
            NAME.cattleguard-test.yaml (.yml, too), hidden names and linked folders left out. A \
            file that is named is taken as it is. The last lines say which policies no test sees \
            violated, and which exceptions none sees used.

            Exit codes: 0 all is as expected; 1 something is not; 2 something could not be run, \
            or the report not be written, whatever the rest came to.

            Every option has an environment twin: CATTLEGUARD_TEST_FORMAT for --format, which \
            has other values than that of check, CATTLEGUARD_RUN, CATTLEGUARD_REQUIRE_COVERAGE.
            """)

    @Option(help: "How the report is written (default: table).")
    var format: SuiteFormat?

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp(
            "Run only the tests whose names fit; * and ? are wildcards.", valueName: "glob"))
    var selection: Selection?

    @Flag(help: "Fail where no test sees a policy violated.")
    var requireCoverage = false

    @Argument(help: ArgumentHelp("Suites, or folders of them (default: .).", valueName: "path"))
    var paths: [String] = []

    /// Which tests are run.
    struct Selection: ExpressibleByArgument {
        let glob: Glob

        init?(argument: String) {
            guard let glob = Glob(argument) else { return nil }
            self.glob = glob
        }
    }

    func run() throws {
        var settings = Settings()
        let format = try settings.value(format, "test-format", default: .table)
        let selection = try settings.value(selection, "run")?.glob
        let requireCoverage = try settings.flag(requireCoverage, "require-coverage")
        guard selection == nil || !requireCoverage else {
            throw ValidationError("--require-coverage asks about all tests; leave out --run")
        }
        var runner = SuiteRunner(SuiteFiles(), at: .now(), selection: selection)
        for path in paths.isEmpty ? ["."] : paths { SuiteFiles.run(path, by: &runner) }
        let report = runner.finish()
        if let selection, report.suites.isEmpty {
            Terminal.complain("no test is called \"\(selection)\"")
            throw Terminal.unchecked
        }
        try Terminal.write(format.write(report))
        switch report.outcome {
        case .unchecked: throw Terminal.unchecked
        case .failed: throw Terminal.denied
        case .passed: break
        }
        guard requireCoverage, !report.uncovered.isEmpty else { return }
        if format != .table {
            let names = report.uncovered.map(\.policy).joined(separator: ", ")
            Terminal.complain("no test sees these policies violated: \(names)")
        }
        throw Terminal.denied
    }
}

extension SuiteFormat: ExpressibleByArgument {}

/// The files of suites and of what they name, and the webhook's reviewer.
struct SuiteFiles: SuiteSurroundings {
    /// The most bytes that a suite may have.
    static let suiteBytes = 4 << 20
    /// The most bytes that a manifest or review may have.
    static let fileBytes = Manifests.fileBytes

    private static let names = ["cattleguard-test.yaml", "cattleguard-test.yml"]

    func file(_ path: String) throws(SuiteFault) -> [UInt8] {
        do throws(SystemError) {
            // A suite may be a stranger's, and name what never ends or never begins.
            return try File.readRegular(path, byteLimit: Self.fileBytes)
        } catch {
            throw SuiteFault(Self.reason(error))
        }
    }

    func policies(_ path: String) throws(SuiteFault) -> [PolicyFile] {
        do throws(SystemError) {
            return try PolicyFolder.readAgain(path)
        } catch {
            throw SuiteFault(Self.reason(error))
        }
    }

    /// Why something was not read. A suite may name anything; for a pipe nobody waits.
    private static func reason(_ error: SystemError) -> String {
        error.isIrregular ? "is no regular file" : error.reason(at: "cannot be read")
    }

    func review(
        _ body: [UInt8], by policies: PolicySet, at moment: Moment
    ) throws(SuiteFault) -> ReviewedRequest {
        do throws(InvalidReview) {
            let reviewer = Reviewer(policies: policies)
            return try reviewer.review(body, body.indices, at: moment) { decision in
                ReviewedRequest(of: decision.subject, decision.verdict)
            }
        } catch {
            throw SuiteFault(error.description)
        }
    }

    /// Runs every suite of a path; what cannot be read, or holds none, becomes a problem.
    static func run(_ path: String, by runner: inout SuiteRunner) {
        var found = false
        // What is to be visited, the next one last.
        var pending = [path]
        while let next = pending.popLast() {
            do throws(SystemError) {
                if try File.isDirectory(next) {
                    pending += try children(of: next).reversed()
                } else {
                    found = true
                    let bytes = try File.readRegular(next, byteLimit: suiteBytes)
                    runner.run(PolicyFile(name: next, bytes: bytes))
                }
            } catch {
                found = true
                runner.add(reason(error), of: next)
            }
        }
        if !found {
            runner.add(
                "the folder holds no cattleguard-test.yaml and no *.cattleguard-test.yaml",
                of: path)
        }
    }

    /// The suites and folders directly in a folder.
    private static func children(of folder: String) throws(SystemError) -> [String] {
        var children: [String] = []
        for name in try File.list(folder) where !name.hasPrefix(".") {
            let path =
                folder == "." ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            let isFolder = (try? File.isDirectory(path)) ?? false
            let isSuite = names.contains { name == $0 || name.hasSuffix(".\($0)") }
            if isFolder ? try !File.isSymbolicLink(path) : isSuite { children.append(path) }
        }
        return children
    }
}
