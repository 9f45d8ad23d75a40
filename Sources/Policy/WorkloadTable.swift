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

    private let entries: [GroupKind: [Place]]

    /// The places of a kind's pod specs, or nil for a kind that is no workload.
    func places(of kind: GroupKind) -> [Place]? { entries[kind] }

    /// Whether the kind carries pod specs.
    package func contains(_ kind: GroupKind) -> Bool { entries[kind] != nil }

    /// Every kind of the table, sorted by its description.
    package var kinds: [GroupKind] {
        entries.keys.sorted { $0.description < $1.description }
    }

    /// Kubernetes' own workloads and the custom ones that are common (policies.md §3).
    package static let shipped = WorkloadTable(entries: [
        .pod: [Place("spec", form: .podSpec)],
        GroupKind("", "PodTemplate"): [Place("template", form: .template)],
        GroupKind("", "ReplicationController"): template,
        GroupKind("apps", "ReplicaSet"): template,
        GroupKind("apps", "Deployment"): template,
        GroupKind("apps", "StatefulSet"): template,
        GroupKind("apps", "DaemonSet"): template,
        GroupKind("batch", "Job"): template,
        GroupKind("batch", "CronJob"): [Place("spec.jobTemplate.spec.template", form: .template)],
        // https://argoproj.github.io/argo-rollouts/features/specification/
        GroupKind("argoproj.io", "Rollout"): template,
        // https://knative.dev/docs/serving/reference/serving-api/
        GroupKind("serving.knative.dev", "Service"): template,
        GroupKind("serving.knative.dev", "Configuration"): template,
        // https://openkruise.io/docs/
        GroupKind("apps.kruise.io", "CloneSet"): template,
        GroupKind("apps.kruise.io", "StatefulSet"): template,
        GroupKind("apps.kruise.io", "DaemonSet"): template,
        GroupKind("apps.kruise.io", "SidecarSet"): [Place("spec", form: .podSpec)],
        // https://volcano.sh/en/docs/vcjob/
        GroupKind("batch.volcano.sh", "Job"): [Place("spec.tasks[*].template", form: .template)],
    ])

    private static var template: [Place] { [Place("spec.template", form: .template)] }
}
