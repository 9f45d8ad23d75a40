// swift-tools-version: 6.2
import PackageDescription

/// Every C library is a system-library target, imported by exactly one Swift module.
let systemLibraries: [Target] = [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(
        name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
        name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(
        name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
]

/// The graph of ARCHITECTURE.md: a module may import only what it names here.
let modules: [Target] = [
    // Leaves: each knows one thing and decides nothing.
    .target(name: "Posix", dependencies: ["CLinux"]),
    .target(name: "TLS", dependencies: ["COpenSSL"]),
    .target(name: "HTTP", dependencies: ["CNGHTTP2"]),
    .target(name: "Document", dependencies: ["CLibYAML"]),
    .target(name: "Telemetry", dependencies: ["Document"]),
    // Rooms that decide and do no IO.
    .target(name: "Policy", dependencies: ["Document"]),
    .target(name: "Admission", dependencies: ["Document", "Policy"]),
    .target(name: "Report", dependencies: ["Document", "Policy"]),
    // Where IO meets decision.
    .target(
        name: "Server",
        dependencies: [
            "Posix", "TLS", "HTTP", "Document", "Telemetry", "Policy", "Admission", "Report",
        ],
        // A link to the file of the same name at the top.
        resources: [.embedInCode("openapi.yaml")]),
    // The door.
    .executableTarget(
        name: "cattleguard",
        dependencies: [
            "Server", "Posix", "TLS", "HTTP", "Document", "Telemetry", "Policy", "Admission",
            "Report", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
]

let tests: [Target] = [
    .testTarget(name: "PosixTests", dependencies: ["Posix"]),
    .testTarget(name: "TLSTests", dependencies: ["TLS"]),
    .testTarget(name: "HTTPTests", dependencies: ["HTTP"]),
    .testTarget(name: "DocumentTests", dependencies: ["Document"]),
    .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", "Document"]),
    .testTarget(name: "PolicyTests", dependencies: ["Policy", "Document"]),
    .testTarget(name: "AdmissionTests", dependencies: ["Admission", "Policy", "Document"]),
    .testTarget(
        name: "ReportTests", dependencies: ["Report", "Policy", "Document", "Admission"]),
    .testTarget(
        name: "ServerTests",
        dependencies: ["Server", "Posix", "HTTP", "Telemetry", "Policy", "Document", "Report"]),
    // The fuzzers' targets, which are a link to Fuzz/Targets, on the inputs in Tests/Seeds.
    .testTarget(
        name: "SeedTests",
        dependencies: ["Document", "HTTP", "TLS", "Policy", "Admission", "Report", "Server"]),
    .testTarget(name: "TidyTests", dependencies: ["Policy", "Document"]),
]

for target in modules + tests {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        // Overlapping accesses are looked for in every debug build, which all module tests are; the
        // same look at run time took a tenth of a review in release.
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    ]
}

let package = Package(
    name: "cattleguard",
    products: [.executable(name: "cattleguard", targets: ["cattleguard"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: systemLibraries + modules + tests
)
