internal import Document

/// Which kinds carry pod specs, and where. A kind that is not in the table is not a workload.
package struct WorkloadTable: Sendable {
    /// One step of the way from an object to a pod spec.
    enum Step: Hashable, Sendable {
        /// A member: `template`.
        case member(String)
        /// Every element of a list: `[*]`.
        case everyElement
        /// The value of every member of a map: `.*`.
        case everyMember
    }

    /// A place of an object where a pod spec lies.
    struct Place: Hashable, Sendable {
        let steps: [Step]
        /// The path's text where no step is a wildcard.
        let plainPath: FieldPath?

        /// Takes a path as it is written: `spec.tasks[*].template`. What lies there is a pod
        /// template, whose `spec` is the pod spec, or a pod spec itself.
        init(_ text: String, form: Form) {
            var steps: [Step] = []
            for part in text.split(separator: ".") {
                if part == "*" {
                    steps.append(.everyMember)
                } else if part.hasSuffix("[*]") {
                    steps.append(.member(String(part.dropLast(3))))
                    steps.append(.everyElement)
                } else {
                    steps.append(.member(String(part)))
                }
            }
            if form == .template { steps.append(.member("spec")) }
            self.steps = steps
            let names = steps.compactMap { step -> String? in
                if case .member(let name) = step { name } else { nil }
            }
            plainPath =
                names.count == steps.count
                ? names.reduce(FieldPath.root) { $0.member($1) } : nil
        }

        /// The path of the first `count` steps, for messages.
        func path(ofFirst count: Int) -> FieldPath {
            steps.prefix(count).reduce(FieldPath.root) { path, step in
                if case .member(let name) = step { path.member(name) } else { path }
            }
        }
    }

    /// What lies at the end of a path.
    enum Form: String, CaseIterable, Sendable {
        /// A pod template: `metadata` and `spec`.
        case template
        /// A pod spec.
        case podSpec
    }

    /// Where a workload's update strategy may say that running Pods are changed instead of
    /// replaced.
    struct InPlaceUpdate: Hashable, Sendable {
        /// The members on the way to the field.
        let steps: [String]
        /// The values that mean a change in place.
        let values: [String]

        /// Takes a path of members as it is written: `spec.updateStrategy.type`.
        init(_ field: String, values: [String]) {
            steps = field.split(separator: ".").map(String.init)
            self.values = values
        }

        /// The field's path.
        var path: FieldPath { path(ofFirst: steps.count) }

        /// The path of the first `count` members on the way, for messages.
        func path(ofFirst count: Int) -> FieldPath {
            steps.prefix(count).reduce(FieldPath.root) { $0.member($1) }
        }
    }

    /// What is known of a kind.
    struct Entry: Hashable, Sendable {
        let places: [Place]
        var inPlaceUpdate: InPlaceUpdate?
    }

    private let entries: [GroupKind: Entry]
    /// The kinds by what `*/scale` calls them: their group and plural.
    private let scaledKinds: [GroupKind: GroupKind]

    init(entries: [GroupKind: Entry]) {
        self.entries = entries
        scaledKinds = Dictionary(
            entries.keys.map { (GroupKind($0.group, Self.plural(of: $0)), $0) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The places of a kind's pod specs, or nil for a kind that is no workload.
    func places(of kind: GroupKind) -> [Place]? { entries[kind]?.places }

    /// Where a kind says that its Pods may be changed in place, or nil where it cannot.
    func inPlaceUpdate(of kind: GroupKind) -> InPlaceUpdate? { entries[kind]?.inPlaceUpdate }

    /// Whether the kind carries pod specs.
    package func contains(_ kind: GroupKind) -> Bool { entries[kind] != nil }

    /// Every kind of the table, sorted by its description.
    package var kinds: [GroupKind] {
        entries.keys.sorted { $0.description < $1.description }
    }

    /// The kind of the thing that a subject touches: `*/scale` touches the scaled kind, which the
    /// request names only by its resource.
    func touchedKind(of subject: Subject) -> GroupKind {
        guard subject.subresource == "scale" else { return subject.touchedKind }
        return scaledKinds[GroupKind(subject.resourceGroup, subject.resource)] ?? subject.kind
    }

    /// What Kubernetes and every kind of the table call their resource: `deployments`.
    private static func plural(of kind: GroupKind) -> String { kind.kind.lowercased() + "s" }
}

extension WorkloadTable {
    /// Kubernetes' own workloads and the custom ones that are common (policies.md §3).
    package static let shipped = WorkloadTable(entries: [
        .pod: Entry(places: [Place("spec", form: .podSpec)]),
        GroupKind("", "PodTemplate"): Entry(places: [Place("template", form: .template)]),
        GroupKind("", "ReplicationController"): template,
        GroupKind("apps", "ReplicaSet"): template,
        GroupKind("apps", "Deployment"): template,
        GroupKind("apps", "StatefulSet"): template,
        GroupKind("apps", "DaemonSet"): template,
        GroupKind("batch", "Job"): template,
        GroupKind("batch", "CronJob"): Entry(
            places: [Place("spec.jobTemplate.spec.template", form: .template)]),
        // https://argoproj.github.io/argo-rollouts/features/specification/
        GroupKind("argoproj.io", "Rollout"): template,
        // https://knative.dev/docs/serving/reference/serving-api/
        GroupKind("serving.knative.dev", "Service"): template,
        GroupKind("serving.knative.dev", "Configuration"): template,
        // https://openkruise.io/docs/user-manuals/cloneset
        GroupKind("apps.kruise.io", "CloneSet"): template(
            inPlace: "spec.updateStrategy.type", "InPlaceIfPossible", "InPlaceOnly"),
        // https://openkruise.io/docs/user-manuals/advancedstatefulset
        GroupKind("apps.kruise.io", "StatefulSet"): template(
            inPlace: "spec.updateStrategy.rollingUpdate.podUpdatePolicy",
            "InPlaceIfPossible", "InPlaceOnly"),
        // https://openkruise.io/docs/user-manuals/advanceddaemonset
        GroupKind("apps.kruise.io", "DaemonSet"): template(
            inPlace: "spec.updateStrategy.rollingUpdate.rollingUpdateType", "InPlaceIfPossible"),
        // https://openkruise.io/docs/user-manuals/sidecarset
        GroupKind("apps.kruise.io", "SidecarSet"): Entry(places: [Place("spec", form: .podSpec)]),
        // https://volcano.sh/en/docs/vcjob/
        GroupKind("batch.volcano.sh", "Job"): Entry(
            places: [Place("spec.tasks[*].template", form: .template)]),
    ])

    private static let template = Entry(places: [Place("spec.template", form: .template)])

    private static func template(inPlace field: String, _ values: String...) -> Entry {
        var entry = template
        entry.inPlaceUpdate = InPlaceUpdate(field, values: values)
        return entry
    }
}
