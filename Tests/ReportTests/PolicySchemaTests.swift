import Document
import Foundation
import Policy
import Testing

@testable import Report

/// The schemas in `deploy/schema` are what the reader says; Tests/EndToEnd/test_schema.py compares
/// what they accept with what it accepts.
@Suite struct PolicySchemaTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "deploy/schema")

    /// Every file of the folder: kubeconform looks for one by the kind in lower case.
    static let files: [String: JSONValue] = {
        let shapes = PolicyReader.shapes
        var files = ["cattleguard.json": PolicySchema.schema(ofAnyOf: shapes)]
        for shape in shapes {
            files["\(shape.name.lowercased()).json"] = PolicySchema.schema(of: shape)
        }
        return files
    }()

    /// `UPDATE_SCHEMA=1` writes them anew: read what changed before committing it.
    @Test(arguments: files.keys.sorted())
    func `is what is committed`(name: String) throws {
        let schema = try #require(Self.files[name])
        let text = schema.indented() + "\n"
        let file = Self.folder.appending(path: name)
        if ProcessInfo.processInfo.environment["UPDATE_SCHEMA"] == "1" {
            try Data(text.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test func `nothing else is committed`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())
        #expect(Set(names) == Set(Self.files.keys))
    }

    /// The way to what a rule's parameters may be.
    @Test func `tells every parameter of every rule`() throws {
        let policy = try #require(PolicyReader.shapes.first { $0.name == "Policy" })
        let spec = try #require(policy.fields.first { $0.name == "spec" })
        guard case .variants("rule", let variants) = spec.shape else {
            Issue.record("spec does not depend on rule")
            return
        }
        #expect(variants.map(\.value) == RuleCatalogue.all.map { $0.id })
        for variant in variants {
            let names = variant.fields.map(\.name)
            #expect(
                names == ["rule", "validationActions", "match", "existingViolations", "parameters"])
            guard case .object(let parameters) = variant.fields.last?.shape else {
                Issue.record("\(variant.value) has no parameters")
                continue
            }
            for parameter in parameters {
                #expect(!parameter.summary.isEmpty, "\(variant.value): \(parameter.name)")
                #expect(parameter.shape != .anything, "\(variant.value): \(parameter.name)")
            }
        }
    }
}
