internal import Document

/// `no-host-mutation`: nothing changes the node under it.
///
/// A node is an instance, too: what a container writes to it outlives the container, is in no
/// manifest, and reaches every other container there. Sees hostPath volumes of every pod spec, and
/// PersistentVolumes with `hostPath` or `local`. Each mount needs `readOnly: true`
/// (`recursiveReadOnly` only widens that one); a volume that nothing mounts counts as writable,
/// since an ephemeral container could mount it. A path that is, contains or lies under the socket
/// of a container runtime violates even read-only: a socket is not opened for writing, it is
/// connected to. A PersistentVolume always counts as writable, whatever its `accessModes`:
/// Kubernetes does not enforce them.
/// https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
struct NoHostMutation: StateRule {
    static let id = "no-host-mutation"
    static let summary =
        "Nothing writes to its node's file system or reaches its container runtime's socket."
    static let scope = RuleScope(workloads: true, kinds: [.persistentVolume])

    /// A path of the node, and everything below it, that may be mounted.
    private struct AllowedPath {
        let path: NodePath
        /// Whether it may only be mounted read-only.
        let readOnly: Bool
    }

    private let runtimeSockets: [NodePath]
    private let allowedHostPaths: [AllowedPath]

    init(parameters: inout ParameterReader) {
        let sockets = parameters.strings(
            "runtimeSockets", as: .texts(.filled), default: Self.defaultSockets,
            doc:
                "Sockets of container runtimes, which nobody may mount; replaces the built-in list."
        )
        runtimeSockets =
            sockets?.compactMap { text, node in Self.path(text, at: node, &parameters) }
            ?? Self.defaultSockets.compactMap(NodePath.init)
        allowedHostPaths = parameters.objects(
            "allowedHostPaths",
            doc: "Paths of the node that may be mounted, with all that lies below them."
        ) { entry in
            let readOnly = entry.boolean("readOnly", doc: "Only a read-only mount is allowed.")
            let place = entry.value("path")
            guard let text = entry.string("path", .filled, isRequired: true) else { return nil }
            return Self.path(text, at: place, &entry).map {
                AllowedPath(path: $0, readOnly: readOnly)
            }
        }
    }

    private static let defaultSockets = [
        "/run/docker.sock", "/run/containerd/containerd.sock", "/run/crio/crio.sock",
        "/run/cri-dockerd.sock", "/run/k3s/containerd/containerd.sock",
    ]

    private static func path(
        _ text: String, at place: Node?, _ parameters: inout ParameterReader
    ) -> NodePath? {
        if !text.isEmpty, let path = NodePath(text) { return path }
        parameters.report(
            "\"\(text)\" is no path of a file or folder of a node; write one without \"..\"",
            at: place)
        return nil
    }

    func judge(
        _ object: ReviewedObject, into findings: inout Findings
    ) throws(UnreadableObject) {
        if object.kind == .persistentVolume {
            return try judgePersistentVolume(object.node, into: &findings)
        }
        var volumes = HostPathVolumes()
        for podSpec in object.workload.podSpecs { try volumes.add(of: podSpec) }
        if volumes.all.isEmpty { return }
        for container in object.workload.containers {
            try judgeMounts(of: container, volumes: &volumes, into: &findings)
        }
        for volume in volumes.all { judge(volume, into: &findings) }
    }

    /// Whether a path of the node may be mounted for writing.
    private func mayBeWritten(_ path: NodePath) -> Bool {
        allowedHostPaths.contains { !$0.readOnly && $0.path.contains(path) }
    }

    /// A socket of a container runtime that a path opens. An allowed path lets one through only
    /// where it names that very socket: whoever allows `/run` thinks of other things in it.
    private func openedSocket(by path: NodePath) -> NodePath? {
        runtimeSockets.first { socket in
            (path.contains(socket) || socket.contains(path))
                && !allowedHostPaths.contains { $0.path == socket }
        }
    }
}

// MARK: Volumes and mounts of Pods

extension NoHostMutation {
    /// A hostPath volume of a pod spec.
    private struct HostPathVolume {
        let name: String
        /// The pod spec's element and the volume's name.
        let element: String
        /// The path as it is written.
        let text: String
        /// The path, or nil where it goes upwards or is too long.
        let path: NodePath?
        /// The path as findings compare it; made once, since any number of mounts may share it.
        let value: String
        /// What is wrong with the path where there is none.
        let fault: NodePath.Fault
        let field: FieldPath
        var isMounted = false
    }

    /// The hostPath volumes of all pod specs, found by name in the time of one lookup.
    private struct HostPathVolumes {
        private struct Key: Hashable {
            let podSpec: ObjectIdentifier
            let name: String
        }

        var all: [HostPathVolume] = []
        private var indices: [Key: Int] = [:]

        mutating func add(of podSpec: Workload.PodSpec) throws(UnreadableObject) {
            guard let nodes = try podSpec.node.list("volumes", of: .object, in: podSpec.path)
            else { return }
            for (index, node) in nodes.enumerated() where node.present("hostPath") != nil {
                let field = podSpec.path.field("volumes").element(index)
                guard let source = try node.member("hostPath", .object, in: field) else { continue }
                let text = try source.string("path", in: field.field("hostPath"))
                let path = NodePath(text?.string ?? "")
                let shortText = text?.shortString ?? ""
                let name = try node.string("name", in: field)?.string ?? "[\(index)]"
                let title = node["name"]?.shortString ?? name
                let key = Key(podSpec: ObjectIdentifier(podSpec), name: name)
                if indices[key] == nil { indices[key] = all.count }
                all.append(
                    HostPathVolume(
                        name: title, element: "\(podSpec.element)/\(title)",
                        text: shortText, path: path, value: path?.description ?? shortText,
                        fault: NodePath.fault(of: text?.string ?? ""),
                        field: field.field("hostPath.path")))
            }
        }

        func index(of name: Node, in podSpec: Workload.PodSpec) -> Int? {
            indices[Key(podSpec: ObjectIdentifier(podSpec), name: name.string ?? "")]
        }
    }

    private func judgeMounts(
        of container: Workload.Container, volumes: inout HostPathVolumes,
        into findings: inout Findings
    ) throws(UnreadableObject) {
        let node = container.node
        guard let mounts = try node.list("volumeMounts", of: .object, in: container.path) else {
            return
        }
        for (index, mount) in mounts.enumerated() {
            func path() -> FieldPath { container.path.field("volumeMounts").element(index) }
            guard let name = try mount.string("name", in: path()),
                let volume = volumes.index(of: name, in: container.podSpec)
            else { continue }
            volumes.all[volume].isMounted = true
            if try mount.member("readOnly", .boolean, in: path())?.boolean == true { continue }
            let source = volumes.all[volume]
            // Paths that go upwards and sockets are wrong however they are mounted: that is said
            // of the volume.
            guard let hostPath = source.path, !mayBeWritten(hostPath),
                openedSocket(by: hostPath)?.contains(hostPath) != true
            else { continue }
            let mountPath = Text(name: mount["mountPath"]) ?? ""
            let image = try container.image()
            findings.append(
                check: "mount", element: "\(container.element)/\(source.name)/\(mountPath)",
                value: Text(source.value), path: path().field("readOnly"),
                message: "\(container.title) may write to \"\(source.text)\" of its node, "
                    + "through volume \"\(source.name)\"",
                fix: "set readOnly: true on the mount; what must be written goes to an "
                    + "emptyDir or a PersistentVolumeClaim",
                image: image)
        }
    }

    /// What is wrong with a volume itself, however it is mounted.
    private func judge(_ volume: HostPathVolume, into findings: inout Findings) {
        func add(_ check: String, _ message: Text, _ fix: Text) {
            findings.append(
                check: check, element: Text(volume.element), value: Text(volume.value),
                path: volume.field,
                message: message, fix: fix)
        }
        guard let path = volume.path else {
            add(
                volume.fault.rawValue,
                "volume \"\(volume.name)\" has the host path \"\(volume.text)\", which "
                    + "\(volume.fault.words) on the node",
                volume.fault.fix)
            return
        }
        if let socket = openedSocket(by: path) {
            add(
                "socket",
                "volume \"\(volume.name)\" has the host path \"\(volume.text)\" and so opens the "
                    + "container runtime's socket \"\(socket.description)\"",
                Self.socketFix)
        } else if !volume.isMounted, !mayBeWritten(path) {
            add(
                "unmounted",
                "volume \"\(volume.name)\" has the host path \"\(volume.text)\" and no container "
                    + "mounts it: one that is added later may write to the node",
                "remove the volume")
        }
    }

    private static var socketFix: Text {
        "remove the volume: whoever reaches the socket, read-only or not, can change every "
            + "container of the node; ask the Kubernetes API instead, and build images without it"
    }
}

// MARK: PersistentVolumes

extension NoHostMutation {
    private func judgePersistentVolume(
        _ volume: Node, into findings: inout Findings
    ) throws(UnreadableObject) {
        let root = FieldPath.root.field("spec")
        guard let spec = try volume.member("spec", .object, in: .root) else { return }
        for source in ["hostPath", "local"] {
            guard let node = try spec.member(source, .object, in: root) else { continue }
            let field = root.member(source)
            let written = try node.string("path", in: field)
            let path = NodePath(written?.string ?? "")
            let text = written?.shortString ?? ""
            let check: String
            var message: Text = "the PersistentVolume has the path \"\(text)\" of the node"
            var fix: Text =
                "provision storage through a StorageClass whose driver serves it from outside "
                + "the node"
            if let path, let socket = openedSocket(by: path) {
                check = "socket"
                message += " and so opens the container runtime's socket \"\(socket.description)\""
                fix = Self.socketFix
            } else if let path {
                if mayBeWritten(path) { continue }
                check = "persistentVolume"
                message += ", and Pods that claim it may write there"
            } else {
                let fault = NodePath.fault(of: written?.string ?? "")
                check = fault.rawValue
                message += ", which \(fault.words)"
                fix = fault.fix
            }
            findings.append(
                check: check, element: Text(source), value: Text(path?.description ?? text),
                path: field.field("path"), message: message, fix: fix)
        }
    }
}

// MARK: Paths

/// A path of a node, by its segments: repeated, trailing and `.` segments mean nothing, `/var/run`
/// is a link to `/run`, and the kubelet takes a path without a `/` at its start as if it had one.
private struct NodePath: Equatable, Sendable, CustomStringConvertible {
    private let segments: [[UInt8]]

    /// The most bytes that Linux takes for a path (PATH_MAX, without the zero at its end). Whoever
    /// writes an object could otherwise have each mount of one volume compare and tell megabytes.
    static let maximumLength = 4095

    /// Takes a path; nil where it has a segment `..`, which the API server refuses, or is too long.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        var segments = text.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        segments.removeAll { $0 == Array(".".utf8) }
        if segments.contains(Array("..".utf8)) { return nil }
        while let end = Self.endOfProcessLink(segments) { segments.removeFirst(end) }
        if segments.starts(with: [Array("var".utf8), Array("run".utf8)]) { segments.removeFirst() }
        self.segments = segments
    }

    /// What is wrong with a text that is no path.
    enum Fault: String {
        case upwards, length

        /// Words that follow "which".
        var words: String {
            switch self {
            case .upwards: "goes upwards and may lead anywhere"
            case .length: "is longer than any path"
            }
        }

        /// How to mend it.
        var fix: Text {
            switch self {
            case .upwards: "write the path without \"..\""
            case .length: "write a path of at most \(maximumLength) bytes"
            }
        }
    }

    static func fault(of text: String) -> Fault {
        text.utf8.count > maximumLength ? .length : .upwards
    }

    /// How many segments lead by way of a process's link out of `/proc`: `/proc/1/root` is `/`, and
    /// its working folder and open files may be any; these are read as `/`, too (proc(5)).
    private static func endOfProcessLink(_ segments: [[UInt8]]) -> Int? {
        guard segments.count > 2, segments[0] == Array("proc".utf8), isProcess(segments[1]) else {
            return nil
        }
        var index = 2
        if segments[index] == Array("task".utf8) { index = 4 }
        guard index < segments.count else { return nil }
        switch String(decoding: segments[index], as: UTF8.self) {
        case "root", "cwd": return index + 1
        case "fd": return index + 1 < segments.count ? index + 2 : nil
        default: return nil
        }
    }

    private static func isProcess(_ name: [UInt8]) -> Bool {
        name == Array("self".utf8) || name == Array("thread-self".utf8)
            || name.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
    }

    /// Whether the other path is this one or lies under it.
    func contains(_ other: NodePath) -> Bool { other.segments.starts(with: segments) }

    /// `/run/docker.sock`.
    var description: String {
        segments.isEmpty
            ? "/" : segments.map { "/" + String(decoding: $0, as: UTF8.self) }.joined()
    }
}
