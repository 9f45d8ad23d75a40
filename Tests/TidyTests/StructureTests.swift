import Testing

/// The laws of ARCHITECTURE.md about who may do what, and about what must be equal.
@Suite struct StructureTests {
    /// The only module that imports a C library.
    static let importers = [
        "CLinux": "Posix", "COpenSSL": "TLS", "CNGHTTP2": "HTTP", "CLibYAML": "Document",
    ]
    /// Where unsafe code may stand: folders end in a slash.
    static let unsafePlaces = [
        "Sources/Posix/", "Sources/TLS/", "Sources/HTTP/HTTP2Session.swift",
        "Sources/Document/YAMLReader.swift", "Sources/Document/Tree.swift",
        "Sources/Document/WordScan.swift", "Sources/Document/ByteCopy.swift",
    ]

    @Test(arguments: importers.keys.sorted())
    func eachCLibraryHasOneImporter(library: String) throws {
        let imports = try Regex("\\bimport \(library)\\b")
        let modules = StyleTests.sources.filter { !$0.codeLines(matching: imports).isEmpty }
            .map(\.module)
        #expect(Set(modules).isSubset(of: [Self.importers[library]]))
    }

    @Test(arguments: StyleTests.sources)
    func foundationStaysOutside(source: SwiftSource) {
        #expect(source.codeLines(matching: /\bimport (Foundation|Dispatch)/) == [])
    }

    @Test(arguments: StyleTests.sources)
    func unsafeCodeStandsWhereItMay(source: SwiftSource) {
        guard !Self.unsafePlaces.contains(where: source.path.hasPrefix) else { return }
        let unsafe = /\bunsafe\b|Unsafe\w*(Pointer|Continuation)|Unmanaged|@safe\b|@unsafe\b/
        let lines = source.codeLines(matching: unsafe).filter {
            !source.code[$0 - 1].contains("nonisolated(unsafe)")
        }
        #expect(lines == [], "\(source.path) has unsafe code")
    }

    /// A rule is a Swift file, a policy and a folder of fixtures, and the catalogue names it.
    @Test func rulesArePoliciesAreFixtures() throws {
        let files = Repository.names(in: "Sources/Policy/Rules").filter { $0.hasSuffix(".swift") }
        let types = files.map { String($0.dropLast(".swift".count)) }
        let rules = Set(types.map(kebabCase))
        let policies = Repository.names(in: "policies").filter { $0.hasSuffix(".yaml") }
        #expect(Set(policies.map { String($0.dropLast(".yaml".count)) }) == rules)
        let fixtures = Repository.names(in: "Tests/Fixtures").filter { $0.contains("-") }
        #expect(fixtures == rules)
        let catalogue = try Repository.text(of: "Sources/Policy/RuleCatalogue.swift")
        for type in types {
            #expect(catalogue.contains(type), "RuleCatalogue.swift does not name \(type)")
        }
    }

    /// The ConfigMap in a cluster holds every policy of the folder.
    @Test func everyPolicyIsDelivered() throws {
        let kustomization = try Repository.text(of: "policies/Kustomization")
        for policy in Repository.names(in: "policies") where policy.hasSuffix(".yaml") {
            #expect(kustomization.contains("      - \(policy)\n"))
        }
    }

    /// What is denied and what is allowed differ in the one thing that the fixture is about.
    @Test func fixturesAreMinimalPairs() throws {
        for rule in Repository.names(in: "policies") where rule.hasSuffix(".yaml") {
            let folder = "Tests/Fixtures/\(rule.dropLast(".yaml".count))"
            let denied = Repository.names(in: "\(folder)/denied")
            #expect(!denied.isEmpty, "\(folder)/denied is empty")
            #expect(denied == Repository.names(in: "\(folder)/allowed"), "\(folder)")
            for file in denied where file.hasSuffix(".yaml") {
                let text = try Repository.text(of: "\(folder)/denied/\(file)")
                #expect(text.hasPrefix("# "), "\(folder)/denied/\(file) states no message")
            }
        }
    }

    /// `NoSSH` is `no-ssh`; `ReadOnlyRootFilesystem` is `read-only-root-filesystem`.
    private func kebabCase(_ type: String) -> String {
        type.replacing(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/) { match in
            "\(match.1 ?? match.3 ?? "")-\(match.2 ?? match.4 ?? "")"
        }
        .lowercased()
    }
}
