internal import ArgumentParser
internal import Posix

/// Values that an option, its environment twin or a default may give, in this order of precedence.
///
/// The twin of `--tls-certificate` is `CATTLEGUARD_TLS_CERTIFICATE`.
struct Settings {
    private static let prefix = "CATTLEGUARD_"
    private let environment: [String: String]
    private var known: Set<String> = []

    /// Settings over the environment that the process was started with.
    init() {
        // The C library's access to the environment is unsafe; the kernel's copy is a file.
        let bytes = (try? File.read("/proc/self/environ", byteLimit: 4 << 20)) ?? []
        self.init(
            environment: bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
    }

    /// Settings over lines of the form `NAME=value`.
    init(environment lines: [String]) {
        var environment: [String: String] = [:]
        for line in lines {
            guard let sign = line.firstIndex(of: "="), line.hasPrefix(Self.prefix) else { continue }
            environment[String(line[..<sign])] = String(line[line.index(after: sign)...])
        }
        self.environment = environment
    }

    /// The value of an option without a default.
    mutating func value<Value: ExpressibleByArgument>(
        _ option: Value?, _ name: String
    ) throws -> Value? {
        let variable = Self.variable(of: name)
        known.insert(variable)
        if let option { return option }
        guard let text = environment[variable] else { return nil }
        guard let value = Value(argument: text) else {
            throw ValidationError("The value '\(text)' is invalid for '\(variable)'")
        }
        return value
    }

    /// The value of an option with a default.
    mutating func value<Value: ExpressibleByArgument>(
        _ option: Value?, _ name: String, default fallback: Value
    ) throws -> Value {
        try value(option, name) ?? fallback
    }

    /// The value of a flag: set by the option, or by its twin being `true` or `1`.
    mutating func flag(_ option: Bool, _ name: String) throws -> Bool {
        let variable = Self.variable(of: name)
        known.insert(variable)
        if option { return true }
        switch environment[variable] {
        case nil, "", "false", "0": return false
        case "true", "1": return true
        case let text?:
            throw ValidationError("The value '\(text)' is invalid for '\(variable)'")
        }
    }

    /// Variables that look like ours and were not asked for: Kubernetes sets some itself for a
    /// Service of this name, so they are no error.
    var unknownVariables: [String] { environment.keys.filter { !known.contains($0) }.sorted() }

    private static func variable(of name: String) -> String {
        prefix + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }
}
