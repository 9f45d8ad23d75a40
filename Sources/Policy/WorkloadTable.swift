package import Document

/// Which kinds carry pod specs, and where. A kind that is not in the table is not a workload.
///
/// A class, so that a review holds it for one reference count.
package final class WorkloadTable: Sendable {
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
    package struct Place: Hashable, Sendable {
        /// The path as it is written: `spec.tasks[*].template`.
        package let text: String
        /// What lies at its end.
        package let form: Form
        let steps: [Step]
        /// The path's text where no step is a wildcard.
        let plainPath: FieldPath?

        /// Takes a path as it is written: `spec.tasks[*].template`. What lies there is a pod
        /// template, whose `spec` is the pod spec, or a pod spec itself.
        init(_ text: String, form: Form) {
            self.text = text
            self.form = form
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
                ? names.reduce(FieldPath.root) { $0.member($1) }.joined : nil
        }

        /// The path of the first `count` steps, for messages.
        func path(ofFirst count: Int) -> FieldPath {
            steps.prefix(count).reduce(FieldPath.root) { path, step in
                if case .member(let name) = step { path.member(name) } else { path }
            }
        }
    }

    /// What lies at the end of a path.
    package enum Form: String, CaseIterable, Sendable {
        /// A pod template: `metadata` and `spec`.
        case template
        /// A pod spec.
        case podSpec
    }

    /// Where a workload's update strategy may say that running Pods are changed instead of
    /// replaced.
    package struct InPlaceUpdate: Hashable, Sendable {
        /// The members on the way to the field.
        let steps: [String]
        /// The values that mean a change in place.
        package let values: [String]

        /// Takes a path of members as it is written: `spec.updateStrategy.type`.
        init(_ field: String, values: [String]) {
            steps = field.split(separator: ".").map(String.init)
            self.values = values
        }

        /// The field's path.
        package var path: FieldPath { path(ofFirst: steps.count) }

        /// The path of the first `count` members on the way, for messages.
        func path(ofFirst count: Int) -> FieldPath {
            steps.prefix(count).reduce(FieldPath.root) { $0.member($1) }
        }
    }

    /// What is known of a kind.
    package struct Entry: Hashable, Sendable {
        /// Where its pod specs lie.
        package let places: [Place]
        /// Where it says that Pods are changed in place, or nil where it cannot.
        package var inPlaceUpdate: InPlaceUpdate?
        /// The file that describes it; nil for what is shipped.
        package var source: String?
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

    /// This table with more kinds, which replace their like.
    func adding(_ more: [GroupKind: Entry]) -> WorkloadTable {
        more.isEmpty ? self : WorkloadTable(entries: entries.merging(more) { _, new in new })
    }

    /// What is known of a kind, or nil for one that is no workload.
    package func entry(of kind: GroupKind) -> Entry? { entries[kind] }

    /// Whether the subject is of a kind that no table knows and that may carry pod specs all the
    /// same: a custom kind that is created or changed.
    package func mayMiss(_ subject: Subject) -> Bool {
        guard subject.operation == .create || subject.operation == .update,
            subject.subresource.isEmpty
        else { return false }
        return !subject.kind.isBuiltIn && !contains(subject.kind)
    }

    /// Whether it carries one, by its shape.
    func misses(_ subject: Subject) -> Bool {
        guard mayMiss(subject), let template = subject.object?["spec"]?["template"] else {
            return false
        }
        return template["spec"]?["containers"]?.kind == .array
    }

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

    /// What Kubernetes takes a kind's resource to be called: `deployments`, `proxies`, `ingresses`
    /// (k8s.io/apimachinery/pkg/api/meta, `UnsafeGuessKindToResource`).
    private static func plural(of kind: GroupKind) -> String {
        let name = kind.kind.lowercased()
        if name.hasSuffix("s") { return name + "es" }
        return name.hasSuffix("y") ? name.dropLast() + "ies" : name + "s"
    }
}

extension WorkloadTable {
    /// Kubernetes' own workloads and the custom ones that are common.
    package static let shipped = kubernetes.adding(common)

    /// Kubernetes' own workloads.
    package static let kubernetes = WorkloadTable(entries: [
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
    ])

    private static let common: [GroupKind: Entry] = [
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
    ]

    private static let template = Entry(places: [Place("spec.template", form: .template)])

    private static func template(inPlace field: String, _ values: String...) -> Entry {
        var entry = template
        entry.inPlaceUpdate = InPlaceUpdate(field, values: values)
        return entry
    }
}
