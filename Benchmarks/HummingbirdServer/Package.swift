// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since only the benchmark needs it and it takes minutes to build.
let package = Package(
    name: "minimal-hummingbird-server",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1")
    ],
    targets: [
        .executableTarget(
            name: "MinimalServer",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
