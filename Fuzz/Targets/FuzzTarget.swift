import Policy

/// Something that reads what strangers write. Each target takes any bytes, and traps when an
/// invariant does not hold: a fuzzer looks for such bytes, a test repeats those that were found.
enum FuzzTarget: String, CaseIterable, Sendable {
    case json
    case yaml
    case http1
    case http2
    case tls
    case review
    case image
    case policy
    case check

    /// Gives the bytes to the target's reader.
    ///
    /// - Parameter policies: What reviews and manifests are judged by.
    func run(_ bytes: [UInt8], policies: PolicySet) {
        switch self {
        case .json: fuzzJSON(bytes)
        case .yaml: fuzzYAML(bytes)
        case .http1: fuzzHTTP1(bytes)
        case .http2: fuzzHTTP2(bytes)
        case .tls: fuzzTLS(bytes)
        case .review: fuzzReview(bytes, policies)
        case .image: fuzzImage(bytes)
        case .policy: fuzzPolicy(bytes)
        case .check: fuzzCheck(bytes, policies)
        }
    }
}

/// Traps with the message where an invariant does not hold; `precondition` says nothing in an
/// optimised build.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    guard condition else { fatalError(message()) }
}
