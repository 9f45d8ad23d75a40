import Policy
import Testing

@testable import Report

@Suite struct WorkloadListingTests {
    private let custom = """
        ---
        apiVersion: cattleguard.dev/v1
        kind: WorkloadKind
        metadata: {name: a}
        spec:
          group: example.org
          kind: App
          podSpecs: [{path: "spec.roles.*.template"}, {path: "spec.pods[*]", form: podSpec}]
          inPlaceUpdate: {field: spec.update, values: ["yes", "In Place", "5", InPlaceOnly]}

        """

    private func read(_ text: String) throws -> PolicySet {
        try PolicyReader.read(
            [PolicyFile(name: "w.yaml", bytes: Array(text.utf8))], table: .kubernetes,
            allowEmpty: true)
    }

    private func text(_ set: PolicySet, _ format: WorkloadListing.Format) -> String {
        String(decoding: WorkloadListing(set).text(format), as: UTF8.self)
    }

    @Test func `what is printed reads back as the same table`() throws {
        let shipped = try PolicyReader.read(
            [PolicyFile(name: "w.yaml", bytes: Array(custom.utf8))], allowEmpty: true)
        let again = try read(text(shipped, .yaml))
        #expect(again.table.kinds == shipped.table.kinds)
        for kind in shipped.table.kinds {
            let (one, other) = (shipped.table.entry(of: kind), again.table.entry(of: kind))
            #expect(one?.places == other?.places)
            #expect(one?.inPlaceUpdate == other?.inPlaceUpdate)
        }
    }

    @Test func `documents as one writes them`() throws {
        let written = text(try read(custom), .yaml)
        #expect(written.hasPrefix("# Kubernetes' own, which cannot be described anew:\n#   Pod: "))
        #expect(
            written.hasSuffix(
                """
                ---
                # w.yaml:2
                apiVersion: cattleguard.dev/v1
                kind: WorkloadKind
                metadata:
                  name: app.example.org
                spec:
                  group: example.org
                  kind: App
                  podSpecs:
                    - {path: "spec.roles.*.template", form: template}
                    - {path: "spec.pods[*]", form: podSpec}
                  inPlaceUpdate:
                    field: spec.update
                    values: ["yes", "In Place", "5", InPlaceOnly]

                """))
    }

    @Test func `columns and JSON`() throws {
        let set = try read(custom)
        let lines = text(set, .table).split(separator: "\n")
        #expect(lines.first?.hasPrefix("KIND ") == true)
        #expect(
            lines.last { $0.hasPrefix("example.org/App ") }?.split(separator: " ") == [
                "example.org/App", "spec.roles.*.template.spec,", "spec.pods[*]", "spec.update",
                "w.yaml:2",
            ])
        let json = """
            {"group":"example.org","kind":"App","podSpecs":\
            [{"path":"spec.roles.*.template","form":"template"},\
            {"path":"spec.pods[*]","form":"podSpec"}],\
            "inPlaceUpdate":{"field":"spec.update",\
            "values":["yes","In Place","5","InPlaceOnly"]},"source":"w.yaml:2"}
            """
        #expect(text(set, .json).contains(json))
    }
}
