internal import Document

/// Reads a `WorkloadKind`: where a custom kind carries pod specs, so that rules see them.
struct WorkloadKindReader {
    /// How much one document may describe.
    struct Limits {
        /// Steps on the way to a pod spec, each a member, all elements or all members.
        var steps = 16
        /// Places where pod specs lie.
        var places = 16
    }

    private let limits: Limits

    init(limits: Limits = Limits()) { self.limits = limits }

    /// Reads `spec`; nil where the kind itself cannot be told.
    func read(
        _ spec: inout ParameterReader, source: String
    ) -> (kind: GroupKind, entry: WorkloadTable.Entry)? {
        let kind = readKind(&spec)
        let places = readPlaces(&spec)
        let inPlaceUpdate = spec.object(
            "inPlaceUpdate",
            doc: "Where its strategy may say that running Pods are changed, not replaced.",
            readInPlaceUpdate)
        guard let kind else { return nil }
        return (
            kind,
            WorkloadTable.Entry(places: places, inPlaceUpdate: inPlaceUpdate, source: source)
        )
    }

    private func readKind(_ spec: inout ParameterReader) -> GroupKind? {
        let group = spec.string(
            "group", .apiGroup, isRequired: true, doc: "Its API group: argoproj.io.")
        let kind = spec.string("kind", .kind, isRequired: true, doc: "Its kind: Rollout.")
        guard let group, let kind else { return nil }
        let groupKind = GroupKind(group, kind)
        guard !groupKind.isBuiltIn else {
            spec.report(
                "the API group \"\(group)\" is Kubernetes' own, whose workloads are known",
                at: spec.place?.present("group"))
            return nil
        }
        return groupKind
    }

    private func readPlaces(_ spec: inout ParameterReader) -> [WorkloadTable.Place] {
        var paths: Set<String> = []
        return spec.objects(
            "podSpecs", isRequired: true, count: (least: 1, most: limits.places),
            doc: "Where its pod specs lie."
        ) { place -> WorkloadTable.Place? in
            let path = place.string(
                "path", .workloadPath, isRequired: true,
                doc: "Members; [*] is every element of a list, * every value of a map: "
                    + "spec.tasks[*].template.")
            let form = place.choice(
                "form", default: WorkloadTable.Form.template,
                doc: "What lies there: a Pod template, with its own spec, or a Pod's spec.")
            guard let path else { return nil }
            let found = WorkloadTable.Place(path, form: form)
            let node = place.place?.present("path")
            if !paths.insert(path).inserted {
                place.report("the path \(path) stands twice", at: node)
            }
            reportDepth(of: path, steps: found.steps.count, at: node, to: &place)
            return found
        }
    }

    private func readInPlaceUpdate(
        _ update: inout ParameterReader
    ) -> WorkloadTable.InPlaceUpdate? {
        let isThere = update.place?.kind == .object || update.isLearning
        let field = update.string(
            "field", .fieldPath, isRequired: isThere, doc: "The field's path, of members alone.")
        let values = update.words(
            "values", isRequired: isThere, doc: "The values that mean a change in place.")
        guard let field, isThere else { return nil }
        let found = WorkloadTable.InPlaceUpdate(field, values: values)
        let node = update.place?.present("field")
        reportDepth(of: field, steps: found.steps.count, at: node, to: &update)
        return found
    }

    private func reportDepth(
        of path: String, steps: Int, at node: Node?, to reader: inout ParameterReader
    ) {
        guard steps > limits.steps else { return }
        reader.report(
            "the path \(path) has \(steps) steps; expected at most \(limits.steps)", at: node)
    }
}
