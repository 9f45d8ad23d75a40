internal import Document

/// `no-in-place-change`: a running Pod is replaced, never changed.
///
/// What runs is then what the workload's template says, on every replica, and a rollback brings all
/// of it back. As an act it sees every UPDATE of a Pod, subresources included: by the name of the
/// container an image that changes, a container that comes or goes, resources that change
/// (`pods/resize`; before Kubernetes 1.32 the Pod itself), and `activeDeadlineSeconds`. Labels,
/// annotations, tolerations, scheduling gates and finalizers are no such change. The API forbids
/// nearly every other change of a Pod. Ephemeral containers are `no-debug-containers`'.
///
/// As state it sees the update strategy of those custom workloads whose controller changes Pods in
/// place; the workload table says where, and which values mean it. A Deployment's new template, or
/// a `kubectl rollout restart`, replaces the Pods and is what this rule asks for.
/// https://kubernetes.io/docs/concepts/workloads/pods/#pod-update-and-replacement,
/// https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/,
/// https://openkruise.io/docs/core-concepts/inplace-update
struct NoInPlaceChange: StateRule, ActRule {
    static let id = "no-in-place-change"
    static let summary =
        "A running Pod is replaced, never changed; no update strategy changes Pods in place."
    static let scope = RuleScope(workloads: true)

    private let allowResize: Bool

    init(parameters: inout ParameterReader) {
        allowResize = parameters.boolean(
            "allowResize", doc: "Whether the resources of running Pods may change in place.")
    }
}

// MARK: The update strategy of a workload

extension NoInPlaceChange {
    func judge(
        _ object: ReviewedObject, into findings: inout Findings
    ) throws(UnreadableObject) {
        guard let update = object.inPlaceUpdate, let name = update.steps.last else { return }
        var node = object.node
        for depth in 0..<update.steps.count - 1 {
            let next = try node.member(
                update.steps[depth], .object, in: update.path(ofFirst: depth))
            guard let next else { return }
            node = next
        }
        let strategy = try node.string(name, in: update.path(ofFirst: update.steps.count - 1))
        guard let strategy, let value = update.values.first(where: strategy.equals) else { return }
        findings.append(
            check: "strategy", element: "", value: Text(value), path: update.path,
            message: "the update strategy is \"\(value)\", which changes running Pods",
            fix: "choose a strategy that replaces Pods; OpenKruise's kinds do where the field "
                + "is left out")
    }
}

// MARK: The update of a Pod

extension NoInPlaceChange {
    func judge(
        _ subject: Subject, into findings: inout Findings, notices: inout [Notice]
    ) throws(UnreadableObject) {
        guard subject.operation == .update, subject.kind == .pod else { return }
        for list in [Workload.Container.List.initContainers, .containers] {
            for change in try ContainerChange.changes(in: list, of: subject) {
                try judge(change, of: subject, into: &findings)
            }
        }
        let (spec, oldSpec) = (try subject.object?.podSpec(), try subject.oldObject?.podSpec())
        // A Pod may have resources of its own, which its containers share.
        if !allowResize, try !Self.areSameResources(spec, oldSpec, in: .podSpec) {
            findings.appendChange(
                "resources", at: .podSpec.field("resources"),
                "the resources of the running Pod \"\(subject.readableName)\" are changed")
        }
        let deadline = try spec?.member("activeDeadlineSeconds", .number, in: .podSpec)
        let oldDeadline = try oldSpec?.member("activeDeadlineSeconds", .number, in: .podSpec)
        if !Node.areSame(deadline, oldDeadline) {
            let change = deadline?.numberText.map { "set to \($0)" } ?? "removed"
            findings.appendChange(
                "deadline", at: .podSpec.field("activeDeadlineSeconds"),
                "the deadline of the running Pod \"\(subject.readableName)\" is \(change)")
        }
    }

    private func judge(
        _ change: ContainerChange, of subject: Subject, into findings: inout Findings
    ) throws(UnreadableObject) {
        let pod = "the running Pod \"\(subject.readableName)\""
        switch change {
        case .added(let container):
            let image = try container.image()
            findings.appendChange(
                "added", at: container.path, "\(container.title) is added to \(pod)",
                image: image)
        case .removed(let container):
            findings.appendChange(
                "removed", at: FieldPath.podSpec.member(container.list.rawValue),
                "\(container.title) is removed from \(pod)")
        case .changed(let container, let old):
            let image = try container.image()
            if try !Node.areSame(image, old.image()) {
                let new = image?.string.map { "changed to \"\($0)\"" } ?? "removed"
                findings.appendChange(
                    "image", at: container.path.field("image"),
                    "the image of \(container.title) of \(pod) is \(new)", image: image)
            }
            if !allowResize,
                try !Self.areSameResources(container.node, old.node, in: container.path)
            {
                findings.appendChange(
                    "resources", at: container.path.field("resources"),
                    "the resources of \(container.title) of \(pod) are changed", image: image)
            }
        }
    }
}

extension Findings {
    /// Adds a change of a running Pod: all of them are mended alike.
    fileprivate mutating func appendChange(
        _ check: String, at path: @autoclosure () -> FieldPath, _ message: @autoclosure () -> Text,
        image: Node? = nil
    ) {
        append(
            check: check, element: "", value: "", path: path(), message: message(),
            fix: "change the workload that makes the Pod, such as its Deployment, and let it roll "
                + "out new Pods", image: image)
    }
}

// MARK: Resources

extension NoInPlaceChange {
    /// Whether the `resources` of two containers or Pods ask for the same. Quantities are compared
    /// as they are written: the API server writes each amount in one way only.
    private static func areSameResources(
        _ owner: Node?, _ oldOwner: Node?, in path: @autoclosure () -> FieldPath
    ) throws(UnreadableObject) -> Bool {
        let resources = try owner?.member("resources", .object, in: path())
        let old = try oldOwner?.member("resources", .object, in: path())
        if Node.areSame(resources, old) { return true }
        guard Node.areSame(resources, old, except: [["limits"], ["requests"]]) else { return false }
        let path = path().field("resources")
        for list in ["limits", "requests"] {
            let new = try quantities(list, of: resources, in: path)
            if try new != quantities(list, of: old, in: path) { return false }
        }
        return true
    }

    /// The quantities of a list by their names. `1` and `"1"` are the same.
    private static func quantities(
        _ list: String, of resources: Node?, in path: FieldPath
    ) throws(UnreadableObject) -> [[UInt8]: String] {
        guard let amounts = try resources?.member(list, .object, in: path) else { return [:] }
        var quantities: [[UInt8]: String] = [:]
        for (name, quantity) in amounts.members where !quantity.isNull {
            guard let text = quantity.string ?? quantity.numberText else {
                throw UnreadableObject(
                    path.member(list).member(name.string ?? ""),
                    "expected a quantity, found \(quantity.kind.phrase)")
            }
            quantities[Array((name.string ?? "").utf8)] = text
        }
        return quantities
    }
}
