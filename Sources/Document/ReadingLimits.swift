/// What a reader accepts before it stops: every limit is exact, one past it is an error.
package struct ReadingLimits: Equatable, Sendable {
    /// How many containers may lie inside each other.
    package var depth: Int
    /// How many values and keys one document may hold, aliases expanded.
    package var nodes: Int

    /// Makes limits.
    package init(depth: Int, nodes: Int) {
        self.depth = depth
        self.nodes = nodes
    }

    /// For AdmissionReviews: Kubernetes itself accepts JSON of depth 10,000; a stored object of
    /// 1.5 MiB cannot hold half a million values and keys that matter.
    package static let admission = ReadingLimits(depth: 10_000, nodes: 500_000)

    /// For manifests in JSON sent by people and pipelines.
    package static let manifestJSON = ReadingLimits(depth: 10_000, nodes: 1_000_000)

    /// For manifests in YAML: libyaml's time is quadratic in the flow depth, so it is small.
    package static let manifestYAML = ReadingLimits(depth: 512, nodes: 1_000_000)
}
