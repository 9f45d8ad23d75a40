internal import Document

/// What an update does to one container of a Pod. Containers are paired by name within their list:
/// their order is no part of what they are.
enum ContainerChange {
    /// A container that the stored Pod does not have.
    case added(Workload.Container)
    /// A container of which anything differs, and how it is stored now.
    case changed(Workload.Container, from: Workload.Container)
    /// A container of the stored Pod that is gone.
    case removed(Workload.Container)

    /// The changes of one list: what is added or changed in the order of the object, then what is
    /// removed in the order of the stored one. All containers of a new Pod are added.
    ///
    /// The API knows no two containers of one name; where a name stands twice all the same, its
    /// bearers are paired in their order, so that none hides another.
    static func changes(
        in list: Workload.Container.List, of subject: Subject
    ) throws(UnreadableObject) -> [ContainerChange] {
        let spec = try subject.object?.podSpec()
        let oldSpec = try subject.oldObject?.podSpec()
        // Nearly every update leaves the containers alone, and then nothing is allocated.
        if Node.areSame(spec?[list.rawValue], oldSpec?[list.rawValue]) { return [] }
        var stored: [[UInt8]: [Workload.Container]] = [:]
        for container in try containers(list, of: oldSpec).reversed() {
            stored[try key(of: container), default: []].append(container)
        }
        var changes: [ContainerChange] = []
        for container in try containers(list, of: spec) {
            if let old = stored[try key(of: container)]?.popLast() {
                if Node.areSame(container.node, old.node) { continue }
                changes.append(.changed(container, from: old))
            } else {
                changes.append(.added(container))
            }
        }
        let removed = stored.values.joined().sorted { $0.index < $1.index }
        return changes + removed.map { .removed($0) }
    }

    private static func containers(
        _ list: Workload.Container.List, of spec: Node?
    ) throws(UnreadableObject) -> [Workload.Container] {
        guard let spec, let nodes = try spec.list(list.rawValue, of: .object, in: .podSpec) else {
            return []
        }
        let podSpec = Workload.PodSpec(node: spec, path: .podSpec)
        return nodes.enumerated().map { index, node in
            Workload.Container(node: node, list: list, index: index, podSpec: podSpec)
        }
    }

    /// The name as bytes: `String` takes two spellings of an accent for one.
    private static func key(
        of container: Workload.Container
    ) throws(UnreadableObject) -> [UInt8] {
        let name = try container.node.string("name", in: container.path)
        return Array((name?.string ?? "").utf8)
    }
}

extension Node {
    /// The spec of a Pod, or nil where this is `null` or has none.
    func podSpec() throws(UnreadableObject) -> Node? {
        if isNull { return nil }
        guard kind == .object else {
            throw UnreadableObject(.root, "expected an object, found \(kind.phrase)")
        }
        return try member("spec", .object, in: .root)
    }
}

extension FieldPath {
    /// The place of a Pod's spec.
    static let podSpec = FieldPath("spec")
}
