package import Document

/// What a review is about: who does what to which object.
///
/// Made by Admission from a review and by Report from a manifest; texts stay nodes until a rule or
/// a report asks for them. A class, so that a review hands it round for one reference count.
package final class Subject {
    /// What is done; the words are Kubernetes'.
    package enum Operation: String, CaseIterable, Sendable {
        /// A new object.
        case create = "CREATE"
        /// A change of a stored object.
        case update = "UPDATE"
        /// The removal of a stored object.
        case delete = "DELETE"
        /// A connection to a running instance: exec, attach, port-forward, proxy.
        case connect = "CONNECT"
    }

    /// What is done.
    package var operation: Operation
    /// The group and kind of the object that the request carries.
    package var kind: GroupKind
    /// The API group of the resource, which differs from the kind's for some subresources; empty
    /// for the core group.
    package var resourceGroup: String
    /// The resource, plural and lower case: `pods`.
    package var resource: String
    /// The subresource: `exec`, `ephemeralcontainers`; empty for the resource itself.
    package var subresource: String
    /// The name in the request; empty or nil for a name that is yet to be generated.
    package var requestName: Node?
    /// The namespace; empty for a cluster-scoped object.
    package var namespace: String
    /// Who asks, or nil outside a cluster: then policies apply as if users and groups matched.
    package var user: Node?
    /// The groups of who asks: an array of strings.
    package var groups: Node?
    /// The object as it will be stored; the options of a CONNECT.
    package var object: Node?
    /// The object as it is stored now.
    package var oldObject: Node?
    /// Why the object could not be read as a whole, where it could not.
    package var unreadable: UnreadableObject?
    /// Whether this is a request to a cluster. A manifest outside one is judged as a CREATE by
    /// nobody: rules about acts do not apply to it.
    package var isRequest: Bool

    /// Makes a subject of a request; all that is optional is filled in by assignment.
    package init(operation: Operation, kind: GroupKind, isRequest: Bool) {
        self.operation = operation
        self.kind = kind
        self.isRequest = isRequest
        resourceGroup = ""
        resource = ""
        subresource = ""
        namespace = ""
    }

    /// The kind of the thing touched, which policies match by: CONNECT and subresources of a Pod
    /// touch the Pod, `services/proxy` the Service, `nodes/proxy` the Node. What `*/scale` touches
    /// only the workload table knows.
    package var touchedKind: GroupKind {
        guard !subresource.isEmpty else { return kind }
        switch resource {
        case "pods": return .pod
        case "services" where operation == .connect: return .service
        case "nodes" where operation == .connect: return .node
        default: return kind
        }
    }

    /// The object's name: the request's, or the object's own where the request has none.
    package var name: String { nameNode?.string ?? "" }

    /// Where the name stands; nil where there is none, or an empty one.
    var nameNode: Node? {
        func isName(_ node: Node) -> Bool { node.kind == .string && !node.isEmptyString }
        if let requestName, isName(requestName) { return requestName }
        guard let name = (object ?? oldObject)?["metadata"]?["name"], isName(name) else {
            return nil
        }
        return name
    }

    /// The name of the thing itself, where a proxied one says more: `web` of `web:8080` and of
    /// `https:web:443` (k8s.io/apimachinery/pkg/util/net, `SplitSchemeNamePort`).
    var nameOfTarget: String {
        let name = name
        guard operation == .connect, subresource == "proxy" else { return name }
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        return switch parts.count {
        case 2: String(parts[0])
        case 3: String(parts[1])
        default: name
        }
    }

    /// The name as messages say it: one line, and cut where it is longer than any name can be. Made
    /// once, since every container of an object may need a message.
    private(set) lazy var readableName = name.readable()

    /// Whether the request comes from a member of the group.
    func isMember(of group: String) -> Bool {
        groups?.elements.contains { $0.equals(group) } ?? false
    }

    /// Whether a static Pod's mirror is being written by its kubelet: denying one only hides the
    /// Pod, which runs all the same. The annotation alone anyone may write.
    package var isMirrorPod: Bool {
        guard kind == .pod, isMember(of: "system:nodes") else { return false }
        let annotations = object?["metadata"]?["annotations"]
        return annotations?["kubernetes.io/config.mirror"] != nil
    }

    /// Whether the stored object is on its way out: only finalizers keep it.
    var isBeingDeleted: Bool {
        oldObject?["metadata"]?.present("deletionTimestamp") != nil
    }
}

/// An object that cannot be judged, and where it could not be read.
package struct UnreadableObject: Error, Equatable, Sendable {
    /// The field that could not be read; the root where the whole object could not.
    package let path: FieldPath
    /// What was found and what was expected.
    package let message: String

    /// The reserved id that stands where a rule's id would.
    package static let id = "unreadable-object"

    /// Makes the reason.
    package init(_ path: FieldPath, _ message: String) {
        self.path = path
        self.message = message
    }
}

extension Node {
    /// The member, or nil where it is absent or `null`; throws where it is of another kind.
    func member(
        _ name: String, _ kind: Kind, in path: @autoclosure () -> FieldPath
    ) throws(UnreadableObject) -> Node? {
        guard let value = self[name] else { return nil }
        if value.kind == kind { return value }
        if value.isNull { return nil }
        throw UnreadableObject(
            path().member(name), "expected \(kind.phrase), found \(value.kind.phrase)")
    }

    /// The member where it is a string.
    func string(
        _ name: String, in path: @autoclosure () -> FieldPath
    ) throws(UnreadableObject) -> Node? {
        try member(name, .string, in: path())
    }

    /// The member where it is an array of values of one kind; empty where it is absent.
    func list(
        _ name: String, of kind: Kind, in path: @autoclosure () -> FieldPath
    ) throws(UnreadableObject) -> Elements? {
        guard let list = try member(name, .array, in: path()) else { return nil }
        var index = 0
        for element in list.elements {
            if element.kind != kind {
                throw UnreadableObject(
                    path().member(name).element(index),
                    "expected \(kind.phrase), found \(element.kind.phrase)")
            }
            index += 1
        }
        return list.elements
    }
}

extension Node.Kind {
    /// The kind with its article.
    package var phrase: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .boolean: "a boolean"
        case .null: "null"
        }
    }
}
