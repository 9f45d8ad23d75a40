// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that a user's build never sees it. The module under test is a link to
// the product's sources: `package` access ends at a package's border.
let package = Package(
    name: "cattleguard-differential",
    targets: [
        .systemLibrary(
            name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "Document", dependencies: ["CLibYAML"]),
        .executableTarget(name: "ReadDocuments", dependencies: ["Document"]),
    ]
)
for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
}
