internal import Document
package import Policy

/// The kinds that carry pod specs, and where: what rules about workloads see.
package struct WorkloadListing {
    private let table: WorkloadTable

    /// Lists the kinds of a set of policies.
    package init(_ set: PolicySet) { table = set.table }

    /// How a listing is written.
    package enum Format: String, CaseIterable, Sendable {
        /// Columns, for a terminal.
        case table
        /// For programs.
        case json
        /// The documents that describe them, to be changed and put beside policies.
        case yaml
    }

    /// The whole listing, ended by a line break.
    package func text(_ format: Format) -> [UInt8] {
        switch format {
        case .table: Array(columns.columns().utf8)
        case .json: Array("\(json.text)\n".utf8)
        case .yaml: Array(yaml.utf8)
        }
    }

    private var entries: [(kind: GroupKind, entry: WorkloadTable.Entry)] {
        table.kinds.compactMap { kind in table.entry(of: kind).map { (kind, $0) } }
    }

    private static func source(of kind: GroupKind, _ entry: WorkloadTable.Entry) -> String {
        entry.source ?? (kind.isBuiltIn ? "kubernetes" : "shipped")
    }

    private var columns: TextTable {
        TextTable(
            head: ["KIND", "POD SPECS", "IN PLACE", "SOURCE"],
            rows: entries.map { kind, entry in
                [
                    kind.description,
                    entry.places.map(\.specPath).joined(separator: ", "),
                    entry.inPlaceUpdate?.path.description ?? "",
                    Self.source(of: kind, entry).readable(),
                ]
            })
    }

    private var json: JSONValue {
        .object([
            "workloads": .array(
                entries.map { kind, entry in
                    .object([
                        "group": .string(kind.group), "kind": .string(kind.kind),
                        "podSpecs": .array(
                            entry.places.map { place in
                                .object([
                                    "path": .string(place.text),
                                    "form": .string(place.form.rawValue),
                                ])
                            }),
                        "inPlaceUpdate": entry.inPlaceUpdate.map { update in
                            .object([
                                "field": .string(update.path.description),
                                "values": .strings(update.values),
                            ])
                        },
                        "source": .string(Self.source(of: kind, entry)),
                    ])
                })
        ])
    }

    private var yaml: String {
        let builtIn = entries.filter { $0.kind.isBuiltIn }.map { kind, entry in
            "#   \(kind): \(entry.places.map(\.specPath).joined(separator: ", "))\n"
        }
        let custom = entries.filter { !$0.kind.isBuiltIn }.map { Self.document($0, $1) }
        return "# Kubernetes' own, which cannot be described anew:\n" + builtIn.joined()
            + custom.joined()
    }

    private static func document(_ kind: GroupKind, _ entry: WorkloadTable.Entry) -> String {
        var text = """
            ---
            # \(source(of: kind, entry).readable())
            apiVersion: \(PolicyReader.apiVersion)
            kind: WorkloadKind
            metadata:
              name: \(kind.kind.lowercased()).\(kind.group)
            spec:
              group: \(kind.group)
              kind: \(scalar(kind.kind))
              podSpecs:

            """
        for place in entry.places {
            text += "    - {path: \(scalar(place.text)), form: \(place.form.rawValue)}\n"
        }
        guard let update = entry.inPlaceUpdate else { return text }
        let values = update.values.map(scalar).joined(separator: ", ")
        return text + """
              inPlaceUpdate:
                field: \(scalar(update.path.description))
                values: [\(values)]

            """
    }

    /// A string as YAML has it: without quotes where nobody takes it for something else.
    private static func scalar(_ text: String) -> String {
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        let isPlain =
            text.first?.isLetter == true && !words.contains(text.lowercased())
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
        return isPlain ? text : JSONValue.string(text).text
    }
}

extension WorkloadTable.Place {
    /// Where the pod spec itself lies.
    fileprivate var specPath: String { form == .template ? "\(text).spec" : text }
}
