// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that a user's build never sees it. The modules under measurement are
// links to the product's sources: `package` access ends at a package's border.
let package = Package(
    name: "cattleguard-benchmarks",
    targets: [
        .systemLibrary(
            name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CCounters"),
        .target(name: "Document", dependencies: ["CLibYAML"]),
        .target(name: "Policy", dependencies: ["Document"]),
        .target(name: "Admission", dependencies: ["Document", "Policy"]),
        .executableTarget(
            name: "ReviewBenchmark",
            dependencies: ["CCounters", "Document", "Policy", "Admission"]),
    ]
)
for target in package.targets where target.type == .regular || target.type == .executable {
    guard target.name != "CCounters" else { continue }
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    ]
}
