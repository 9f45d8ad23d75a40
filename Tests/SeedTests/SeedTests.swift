import Foundation
import Policy
import Testing

/// Repeats what the fuzzers began with and what they have found: each target must take each of
/// its inputs without trapping.
@Suite struct SeedTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test(arguments: FuzzTarget.allCases)
    func everySeedIsTaken(target: FuzzTarget) throws {
        let policies = try PolicyReader.read([
            PolicyFile(
                name: "policies.yaml",
                bytes: Array(
                    Data(
                        contentsOf: Self.root.appending(
                            path: "deploy/overlays/enforcing/policies.yaml"))))
        ])
        let folder = Self.root.appending(path: "Tests/Seeds/\(target.rawValue)")
        let seeds = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil)
        #expect(!seeds.isEmpty, "\(folder.path) holds no seeds")
        for seed in seeds { target.run(Array(try Data(contentsOf: seed)), policies: policies) }
    }
}
