package import Document

/// Every pod spec of an object, and every container of those: one walk, shared by all rules.
package struct Workload {
    /// A pod spec and where it lies.
    package final class PodSpec {
        /// The spec itself.
        let node: Node
        /// The way to it: `spec.template.spec`.
        let path: FieldPath
        /// The names of the list elements and map members on the way: `tasks` of a Volcano Job.
        /// Empty for nearly every kind.
        let element: String

        init(node: Node, path: FieldPath, element: String = "") {
            self.node = node
            self.path = path.joined
            self.element = element
        }
    }

    /// A container of any of the three lists.
    package struct Container {
        /// The lists of a pod spec that hold containers.
        enum List: String, CaseIterable {
            case initContainers, containers, ephemeralContainers
        }

        let node: Node
        let list: List
        let index: Int
        let podSpec: PodSpec

        /// The container's place: `spec.containers[0]`.
        var path: FieldPath { podSpec.path.field(list.rawValue).element(index) }

        /// What a message calls it: `container "web"`.
        var title: Text {
            switch list {
            case .initContainers: "init container \"\(name)\""
            case .containers: "container \"\(name)\""
            case .ephemeralContainers: "ephemeral container \"\(name)\""
            }
        }

        /// What tells it apart from the object's other containers, wherever it stands in its list.
        var element: Text {
            if list == .containers, podSpec.element.isEmpty { return name }
            return "\(podSpec.element)/\(list.rawValue)/\(name)"
        }

        /// Its name, cut where it is longer than any name can be; its place where it has none.
        var name: Text { Text(name: node["name"]) ?? "[\(index)]" }

        /// Its image, or nil where a template leaves it out.
        func image() throws(UnreadableObject) -> Node? { try node.string("image", in: path) }
    }

    /// The pod specs, in the object's order.
    package private(set) var podSpecs: [PodSpec] = []
    /// The containers, in the order of their pod specs: init, main, ephemeral.
    package private(set) var containers: [Container] = []

    /// Walks an object to its pod specs, which lie at these places; one that is no workload has
    /// none.
    package init(_ object: Node, at places: [WorkloadTable.Place]) throws(UnreadableObject) {
        for place in places { try find(place, in: object) }
        for podSpec in podSpecs {
            for list in Container.List.allCases {
                guard
                    let nodes = try podSpec.node.list(
                        list.rawValue, of: .object, in: podSpec.path)
                else { continue }
                for (index, node) in nodes.enumerated() {
                    containers.append(
                        Container(node: node, list: list, index: index, podSpec: podSpec))
                }
            }
        }
    }

    private mutating func find(
        _ place: WorkloadTable.Place, in object: Node
    ) throws(UnreadableObject) {
        if let path = place.plainPath {
            var node = object
            for (depth, step) in place.steps.enumerated() {
                guard case .member(let name) = step else { return }
                guard
                    let next = try node.member(
                        name, .object, in: place.path(ofFirst: depth))
                else { return }
                node = next
            }
            podSpecs.append(PodSpec(node: node, path: path))
        } else {
            try descend(place.steps[...], node: object, path: .root, element: "")
        }
    }

    private mutating func descend(
        _ steps: ArraySlice<WorkloadTable.Step>, node: Node, path: FieldPath, element: String
    ) throws(UnreadableObject) {
        guard let step = steps.first else {
            podSpecs.append(PodSpec(node: node, path: path, element: element))
            return
        }
        let rest = steps.dropFirst()
        switch step {
        case .member(let name):
            let kind: Node.Kind = rest.first == .everyElement ? .array : .object
            guard let next = try node.member(name, kind, in: path) else { return }
            try descend(rest, node: next, path: path.member(name), element: element)
        case .everyElement:
            for (index, next) in node.elements.enumerated() where !next.isNull {
                let path = path.element(index)
                guard next.kind == .object else {
                    throw UnreadableObject(
                        path, "expected an object, found \(next.kind.phrase)")
                }
                let name = next["name"]?.shortString ?? "[\(index)]"
                try descend(rest, node: next, path: path, element: "\(element)/\(name)")
            }
        case .everyMember:
            for (key, value) in node.members where !value.isNull {
                // Cut alike: the path of every container below begins with it.
                let name = key.shortString ?? ""
                let path = path.member(name)
                guard value.kind == .object else {
                    throw UnreadableObject(
                        path, "expected an object, found \(value.kind.phrase)")
                }
                try descend(rest, node: value, path: path, element: "\(element)/\(name)")
            }
        }
    }
}

extension Node {
    /// The longest name that Kubernetes accepts, in bytes (RFC 1123 subdomain).
    private static let maximumNameLength = 253

    /// Whether the text is longer than six bytes for each of a name's.
    var isLongerThanNames: Bool {
        withRawBytes { $0.count > 6 * Self.maximumNameLength }
    }

    /// The string, cut where its text is longer than six bytes for each of a name's: a name is
    /// repeated in every message about its bearer, and custom kinds may be of any length.
    var shortString: String? {
        guard kind == .string else { return nil }
        let cut = withRawBytes { bytes -> String? in
            guard bytes.count > 6 * Self.maximumNameLength else { return nil }
            var start: [UInt8] = []
            for index in 0..<Self.maximumNameLength { start.append(bytes[index]) }
            return String(decoding: start, as: UTF8.self) + "…"
        }
        return cut ?? string
    }
}

extension Text {
    /// A name of the document, cut as `shortString` is; nil where it is absent or no string.
    init?(name node: Node?) {
        guard let node, node.kind == .string else { return nil }
        if node.isLongerThanNames { self.init(node.shortString ?? "") } else { self.init(node) }
    }
}
