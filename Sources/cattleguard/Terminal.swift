internal import ArgumentParser
internal import Policy
internal import Posix
internal import Server

/// What the commands for people share: their two streams, their exit codes, their policies.
enum Terminal {
    /// Something was denied.
    static let denied = ExitCode(1)
    /// It could not be checked: unreadable input, a bad policy, bad usage, no place for a report.
    static let unchecked = ExitCode(2)

    /// The folder of policies that is looked for where none is named.
    static let defaultPolicies = "policies"

    /// Writes to standard output. An answer that nobody can read is none.
    static func write(_ bytes: [UInt8]) throws {
        do {
            try File.writeAll(bytes.span, to: File.standardOutput, subject: "standard output")
        } catch {
            complain(error.reason(at: "\(error.subject) cannot be written"))
            throw unchecked
        }
    }

    /// Writes a line to standard output.
    static func write(_ line: String) throws { try write(Array("\(line)\n".utf8)) }

    /// Writes a line to standard error. Where even that fails, the exit code still tells.
    static func complain(_ message: String) {
        let line = Array("\(message)\n".utf8)
        try? File.writeAll(line.span, to: File.standardError, subject: "standard error")
    }

    /// The folder of policies: the option, its twin, or `./policies` where that is there.
    static func policyFolder(_ option: String?, _ settings: inout Settings) throws -> String {
        if let folder = try settings.value(option, "policies") { return folder }
        if (try? File.isDirectory(defaultPolicies)) == true { return defaultPolicies }
        throw ValidationError(
            "Name the folder of the policies with --policies or CATTLEGUARD_POLICIES; "
                + "there is no ./\(defaultPolicies)")
    }

    /// Reads the policies of a folder, or one file. What is wrong with them goes to standard error,
    /// a line each.
    static func readPolicies(
        _ folder: String, enforcement: Enforcement = .declared, allowEmpty: Bool = false
    ) throws -> PolicySet {
        try load(
            PolicySource(path: folder, enforcement: enforcement, allowEmpty: allowEmpty)
        ).set
    }

    /// Reads the policies of a source likewise, with what tells them from others.
    static func load(_ source: PolicySource) throws -> LoadedPolicies {
        let files = try policyFiles([source.path], allowEmpty: source.allowEmpty)
        do throws(PolicyProblems) {
            return try source.load(files)
        } catch {
            complain(error.description)
            throw unchecked
        }
    }

    /// The policy files of folders, or files. What cannot be read goes to standard error.
    static func policyFiles(
        _ paths: [String], allowEmpty: Bool = false
    ) throws(ExitCode) -> [PolicyFile] {
        var all: [PolicyFile] = []
        for path in paths {
            let files: [PolicyFile]
            do throws(SystemError) {
                files = try PolicyFolder.read(path)
            } catch {
                complain("the policies cannot be read: \(error.reason(at: error.subject))")
                throw unchecked
            }
            if files.isEmpty, !allowEmpty {
                complain("\(path): holds no *.yaml, *.yml or *.json; write a policy into it")
                throw unchecked
            }
            all += files
        }
        return all
    }
}

extension SystemError {
    /// Why it failed, without the name of the call, which tells people nothing: `nope: No such file
    /// or directory`.
    func reason(at place: String) -> String {
        isIrregular ? "\(place): no regular file" : SystemError(call: place, code: code).description
    }
}
