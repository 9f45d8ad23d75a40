internal import Document

/// `no-debug-containers`: nobody adds a container to a running Pod, nor opens a shell on a Node.
///
/// `kubectl debug` has three forms. It adds an ephemeral container to a Pod: an UPDATE of
/// `pods/ephemeralcontainers`, whose entries can never be removed again, so that only added ones
/// count and a Pod that has one stays updatable. It makes a Pod on a Node, with the Node's files
/// and processes. And it copies a Pod and adds a container to the copy. The last two are plain
/// CREATEs, known by what kubectl writes:
///
/// - a node shell is a Pod without a controller with `nodeName` set and a name of the form
///   `node-debugger-<nodeName>-xxxxx`, or with the label
///   `app.kubernetes.io/managed-by: kubectl-debug`, or with a hostPath `/` and `hostPID: true`;
/// - a copy is a Pod without a controller with a container of the name `debugger-xxxxx`.
///
/// Both forms are kubectl's habit, not the API's: who avoids them is stopped by other rules.
/// https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/,
/// https://kubernetes.io/docs/tasks/debug/debug-cluster/kubectl-node-debug/
struct NoDebugContainers: ActRule {
    static let id = "no-debug-containers"
    static let summary =
        "Nobody adds a debug container to a running Pod, copies a Pod to debug it, or opens a "
        + "shell on a Node."
    static let scope = RuleScope(kinds: [.pod])

    private let allowedImages: [Glob]
    private let grantees: Grantees

    init(parameters: inout ParameterReader) {
        allowedImages = parameters.globs(
            "allowedImages",
            doc: "Globs of normalised names of images that anybody may debug with.")
        grantees = Grantees(&parameters)
    }

    /// Something done, in words that follow "nobody may".
    private struct Act {
        let check: String
        let path: FieldPath
        let description: Text
        let fix: Text
        var image: Node?
    }

    func judge(
        _ subject: Subject, into findings: inout Findings, notices: inout [Notice]
    ) throws(UnreadableObject) {
        guard subject.kind == .pod, let pod = subject.object, !pod.isNull else { return }
        var acts: [Act] = []
        if subject.operation == .create {
            try judge(created: pod, of: subject, into: &acts)
        }
        try judgeEphemeralContainers(of: subject, into: &acts)
        if acts.isEmpty { return }
        let grant = grantees.grant(to: subject)
        for act in acts {
            if let grant {
                let message = "\(grant) may \(act.description.string)"
                notices.append(Notice(kind: "break-glass", message: message))
                continue
            }
            findings.append(
                check: act.check, element: "", value: "", path: act.path,
                message: "nobody may \(act.description)", fix: act.fix, image: act.image)
        }
    }
}

// MARK: Ephemeral containers

extension NoDebugContainers {
    /// Whatever way they come: a CREATE with some, and any subresource that changes a Pod.
    private func judgeEphemeralContainers(
        of subject: Subject, into acts: inout [Act]
    ) throws(UnreadableObject) {
        for change in try ContainerChange.changes(in: .ephemeralContainers, of: subject) {
            let title = "the running Pod \"\(subject.readableName)\""
            switch change {
            case .added(let container):
                let image = try container.image()
                if allowedImages.matches(image: image) { continue }
                acts.append(
                    Act(
                        check: "added", path: container.path,
                        description: "add the debug container \"\(container.name)\" "
                            + "\(Self.describe(image)) to \(title)",
                        fix: Self.fix, image: image))
            case .changed(let container, let old):
                // The API forbids it today.
                let image = try container.image()
                if try Node.areSame(image, old.image()) || allowedImages.matches(image: image) {
                    continue
                }
                acts.append(
                    Act(
                        check: "changed", path: container.path.field("image"),
                        description: "change the image of the debug container "
                            + "\"\(container.name)\" of \(title) to \"\(image?.string ?? "")\"",
                        fix: Self.fix, image: image))
            case .removed: continue
            }
        }
    }

    private static func describe(_ image: Node?) -> Text {
        image.map { "with the image \"\($0)\"" } ?? "without an image"
    }

    private static var fix: Text {
        "kubectl logs, metrics and traces show what it does; reproduce the fault outside "
            + "production and roll out what mends it"
    }
}

// MARK: Pods that are made for debugging

extension NoDebugContainers {
    private func judge(
        created pod: Node, of subject: Subject, into acts: inout [Act]
    ) throws(UnreadableObject) {
        guard let spec = try pod.podSpec() else { return }
        let metadata = try pod.member("metadata", .object, in: .root)
        var made: [Act] = []
        if let shell = try Self.nodeShell(of: subject, metadata: metadata, spec: spec) {
            made.append(shell)
        }
        if let containers = try spec.list("containers", of: .object, in: .podSpec) {
            for (index, container) in containers.enumerated() {
                if let copy = try self.copy(of: subject, container, index) { made.append(copy) }
            }
        }
        if made.isEmpty { return }
        if try !pod.hasController() { acts += made }
    }

    private static func nodeShell(
        of subject: Subject, metadata: Node?, spec: Node
    ) throws(UnreadableObject) -> Act? {
        func act(_ path: FieldPath, _ description: Text) -> Act {
            Act(
                check: "node", path: path,
                description: "start the Pod \"\(subject.readableName)\", \(description)",
                fix: "the Node's logs and metrics show what it does; where something is wrong with "
                    + "it, replace it")
        }
        if let node = try spec.string("nodeName", in: .podSpec)?.string, !node.isEmpty {
            let (name, prefix) = (subject.name, "node-debugger-\(node)-")
            if name.hasPrefix(prefix), isSuffix(name.utf8.dropFirst(prefix.utf8.count)) {
                return act(
                    .root.field("metadata.name"),
                    "a shell on the Node \"\(node)\" as kubectl debug makes it")
            }
        }
        let labels = try metadata?.member("labels", .object, in: .root.field("metadata"))
        if labels?[managedBy]?.equals("kubectl-debug") ?? false {
            return act(
                .root.field("metadata.labels").member(managedBy),
                "which kubectl debug makes, as its label says")
        }
        if try spec.member("hostPID", .boolean, in: .podSpec)?.boolean == true, try mountsRoot(spec)
        {
            return act(
                .podSpec.field("hostPID"),
                "a shell on its Node: it has all files (hostPath \"/\") and processes (hostPID)")
        }
        return nil
    }

    private static let managedBy = "app.kubernetes.io/managed-by"

    /// Whether a volume is the whole file system of the Node.
    private static func mountsRoot(_ spec: Node) throws(UnreadableObject) -> Bool {
        guard let volumes = try spec.list("volumes", of: .object, in: .podSpec) else {
            return false
        }
        for (index, volume) in volumes.enumerated() {
            let path = FieldPath.podSpec.field("volumes").element(index)
            guard let hostPath = try volume.member("hostPath", .object, in: path) else { continue }
            let field = try hostPath.string("path", in: path.field("hostPath"))
            if let text = field?.string, isRoot(text) { return true }
        }
        return false
    }

    /// `/` by any spelling: `//`, `/.`. The API forbids `..`.
    private static func isRoot(_ path: String) -> Bool {
        path.hasPrefix("/")
            && path.utf8.split(separator: UInt8(ascii: "/")).allSatisfy {
                $0.elementsEqual(".".utf8)
            }
    }

    private func copy(
        of subject: Subject, _ container: Node, _ index: Int
    ) throws(UnreadableObject) -> Act? {
        guard let field = try container.string("name", in: Self.path(ofContainer: index)),
            // Most names are told apart by their length alone, without a String made of them.
            field.hasEscapes || field.withRawBytes({ $0.count }) == "debugger-xxxxx".utf8.count,
            let name = field.string, name.hasPrefix("debugger-"),
            Self.isSuffix(name.utf8.dropFirst("debugger-".utf8.count))
        else { return nil }
        let path = Self.path(ofContainer: index)
        let image = try container.string("image", in: path)
        if allowedImages.matches(image: image) { return nil }
        return Act(
            check: "copy", path: path,
            description: "start the Pod \"\(subject.readableName)\", a copy for debugging as "
                + "kubectl debug makes it, with the container \"\(name)\"", fix: Self.fix,
            image: image)
    }

    private static func path(ofContainer index: Int) -> FieldPath {
        .podSpec.field("containers").element(index)
    }

    /// What kubectl ends the names with: five lower-case letters or digits.
    private static func isSuffix(_ text: Substring.UTF8View) -> Bool {
        text.count == 5
            && text.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }
}
