internal import Document

/// `read-only-root-filesystem`: no container can write to its own root filesystem.
///
/// A file written into a running container is a change that no manifest shows and no rollback
/// undoes; an intruder's tools need a place to be written to. Sees
/// `securityContext.readOnlyRootFilesystem` of every container, which must be literally `true`:
/// there is no pod-level field. The API forbids the field on Pods with `spec.os.name: windows`,
/// which are exempt.
/// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
struct ReadOnlyRootFilesystem: StateRule {
    static let id = "read-only-root-filesystem"
    static let summary =
        "No container can write to its root filesystem; what it must write goes to a volume."
    static let scope = RuleScope(workloads: true)

    private let exemptEphemeralContainers: Bool
    private let exemptImages: [Glob]

    init(parameters: inout ParameterReader) {
        exemptEphemeralContainers = parameters.boolean(
            "exemptEphemeralContainers",
            doc: "Whether the containers that kubectl debug adds may write.")
        exemptImages = parameters.globs("exemptImages")
    }

    func judge(
        _ object: ReviewedObject, into findings: inout Findings
    ) throws(UnreadableObject) {
        for container in object.workload.containers {
            if container.list == .ephemeralContainers, exemptEphemeralContainers { continue }
            let context = try container.node.member(
                "securityContext", .object, in: container.path)
            let field = try context?.member(
                "readOnlyRootFilesystem", .boolean, in: container.path.field("securityContext"))
            if field?.boolean == true { continue }
            if try isWindows(container.podSpec) { continue }
            let image = try container.image()
            if exemptImages.matches(image: image) { continue }
            findings.append(
                check: "field", element: container.element, value: "false",
                path: container.path.field("securityContext.readOnlyRootFilesystem"),
                message: "\(container.title) may write to its root filesystem",
                fix: "set securityContext.readOnlyRootFilesystem: true "
                    + "and mount a volume (emptyDir) where it must write",
                image: image)
        }
    }

    private func isWindows(_ podSpec: Workload.PodSpec) throws(UnreadableObject) -> Bool {
        let system = try podSpec.node.member("os", .object, in: podSpec.path)
        return system?["name"]?.equals("windows") ?? false
    }
}
