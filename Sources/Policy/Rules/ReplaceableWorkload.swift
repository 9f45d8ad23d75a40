internal import Document

/// `replaceable-workload`: every instance can be replaced, and every change taken back.
///
/// An instance that nobody replaces, that only one node or one name will do for, or whose
/// predecessor is forgotten, is kept alive by hand: a pet. Each check has a switch. A Pod is judged
/// as bare, or pinned to a node, only when it is created: later the scheduler's choice stands in
/// `nodeName`. Owner references are believed here: the garbage collector deletes a Pod whose owner
/// is not there. One that names an object of its author's passes, and harms only who made it:
/// nobody replaces it (SECURITY.md). A Pod that has a controller may have any `hostname`: it comes
/// from a template, which was judged, or from the controller itself, as with StatefulSets and
/// indexed Jobs.
/// https://kubernetes.io/docs/concepts/workloads/
struct ReplaceableWorkload: StateRule {
    static let id = "replaceable-workload"
    static let summary =
        "Every Pod has a controller that can replace it anywhere, and a revision to go back to."
    static let scope = RuleScope(workloads: true)

    private let barePods: Bool
    private let onDelete: Bool
    private let revisionHistory: Bool
    private let nodeName: Bool
    private let hostname: Bool

    init(parameters: inout ParameterReader) {
        barePods = parameters.boolean(
            "barePods", default: true,
            doc: "Refuses Pods that no controller owns, when they are created.")
        onDelete = parameters.boolean(
            "onDelete", default: true, doc: "Refuses the update strategy OnDelete.")
        revisionHistory = parameters.boolean(
            "revisionHistory", default: true, doc: "Refuses revisionHistoryLimit: 0.")
        nodeName = parameters.boolean(
            "nodeName", default: true,
            doc: "Refuses nodeName in templates, and in Pods when they are created.")
        hostname = parameters.boolean(
            "hostname", default: true,
            doc: "Refuses hostname but in StatefulSets and in Pods that a controller owns.")
    }

    func judge(
        _ object: ReviewedObject, into findings: inout Findings
    ) throws(UnreadableObject) {
        let isPod = object.kind == .pod
        let isNew = object.operation == .create
        let isControlled = isPod ? try object.node.hasController() : false
        if isPod {
            if barePods, isNew, !isControlled { addBarePod(to: &findings) }
        } else {
            try judgeStrategy(of: object, into: &findings)
        }
        let mayHaveHostname = isControlled || object.kind.kind == "StatefulSet"
        for podSpec in object.workload.podSpecs {
            if nodeName, !isPod || isNew {
                try judge(
                    "nodeName", of: podSpec, into: &findings,
                    message: { "the Pod can run on no other node than \"\($0)\"" },
                    fix: "leave nodeName to the scheduler; a nodeSelector or node affinity "
                        + "chooses among nodes")
            }
            if hostname, !mayHaveHostname {
                try judge(
                    "hostname", of: podSpec, into: &findings,
                    message: { "the Pod has the fixed host name \"\($0)\"" },
                    fix: "leave hostname out; a StatefulSet gives each of its Pods a name of "
                        + "its own, and a Service gives them one together")
            }
        }
    }

    private func addBarePod(to findings: inout Findings) {
        findings.append(
            check: "barePods", element: "", value: "",
            path: FieldPath.root.field("metadata.ownerReferences"),
            message: "the Pod has no controller: nothing replaces it when it or its node fails",
            fix: "create a Deployment, StatefulSet, DaemonSet or Job and let it make the Pod")
    }

    /// A field of a pod spec that is to be absent or empty.
    private func judge(
        _ name: String, of podSpec: Workload.PodSpec, into findings: inout Findings,
        message: (Text) -> Text, fix: @autoclosure () -> Text
    ) throws(UnreadableObject) {
        guard let value = try podSpec.node.string(name, in: podSpec.path), !value.isEmptyString
        else { return }
        let text = Text(name: value) ?? ""
        findings.append(
            check: name, element: Text(podSpec.element), value: text,
            path: podSpec.path.member(name), message: message(text), fix: fix())
    }

    private static let spec = FieldPath("spec")

    /// `OnDelete` and `revisionHistoryLimit: 0`, by the names that Kubernetes gave them and custom
    /// workloads took over.
    private func judgeStrategy(
        of object: ReviewedObject, into findings: inout Findings
    ) throws(UnreadableObject) {
        guard let spec = try object.node.member("spec", .object, in: .root) else { return }
        if onDelete, try strategy(in: spec, of: object.kind)?.equals("OnDelete") == true {
            findings.append(
                check: "onDelete", element: "", value: "",
                path: Self.spec.field("updateStrategy.type"),
                message: "with the update strategy OnDelete a change reaches a Pod only when "
                    + "somebody deletes it by hand",
                fix: "set spec.updateStrategy.type: RollingUpdate")
        }
        if revisionHistory, try revisionHistoryLimit(in: spec, of: object.kind) == 0 {
            findings.append(
                check: "revisionHistory", element: "", value: "",
                path: Self.spec.field("revisionHistoryLimit"),
                message: "no old revision is kept, so there is none to roll back to",
                fix: "leave revisionHistoryLimit out, which keeps 10 revisions, or set it to "
                    + "1 or more")
        }
    }

    private func strategy(in spec: Node, of kind: GroupKind) throws(UnreadableObject) -> Node? {
        // A custom kind may mean something else by the name.
        guard kind.isBuiltIn else { return spec["updateStrategy"]?["type"] }
        return try spec.member("updateStrategy", .object, in: Self.spec)?
            .string("type", in: Self.spec.field("updateStrategy"))
    }

    private func revisionHistoryLimit(
        in spec: Node, of kind: GroupKind
    ) throws(UnreadableObject) -> Int? {
        guard kind.isBuiltIn else { return spec["revisionHistoryLimit"]?.integer }
        return try spec.member("revisionHistoryLimit", .number, in: Self.spec)?.integer
    }
}
