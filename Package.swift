// swift-tools-version: 6.2

import PackageDescription

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let unixSignals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")

let package = Package(
    name: "perigee",
    products: [
        .executable(name: "perigee", targets: ["perigee"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Layer 0: C shims and value types.
        .target(name: "CKernel"),
        .systemLibrary(name: "CFuse3", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "VolumeModel", dependencies: ["CKernel", crypto]),

        // Layer 1: one subject each, unaware of one another.
        .target(name: "AccessControl", dependencies: ["VolumeModel"]),
        .target(
            name: "ControlStore",
            dependencies: ["VolumeModel", "AccessControl", "CKernel", crypto, grdb]),
        .target(
            name: "Identity",
            dependencies: ["VolumeModel", "AccessControl", "ControlStore", "CKernel", crypto]),
        .target(name: "YAMLFiles", dependencies: ["VolumeModel", yams]),
        .target(
            name: "PolicyFiles",
            dependencies: ["VolumeModel", "AccessControl", "ControlStore", "YAMLFiles"]),
        .target(name: "PrometheusMetrics", dependencies: [coreMetrics]),
        .target(
            name: "FuseKernel", dependencies: ["CKernel", "CFuse3", logging]),
        .target(
            name: "Catalogue", dependencies: ["VolumeModel", "CKernel", "CSQLite", crypto]),
        .target(
            name: "Origins", dependencies: ["VolumeModel", "CKernel", "CCurl", crypto, logging]),
        .target(
            name: "BlockCache", dependencies: ["VolumeModel", "CKernel", crypto, logging]),
        .target(name: "S3Protocol", dependencies: ["VolumeModel", crypto]),
        .target(name: "SampleArchive", dependencies: [crypto]),

        // Layer 2: the only way to bytes.
        .target(
            name: "VolumeService",
            dependencies: [
                "VolumeModel", "CKernel", "AccessControl", "ControlStore", "Identity", "Catalogue",
                "Origins", "BlockCache", "S3Protocol", crypto, logging, metrics,
            ]),

        // Layer 3: a file system that knows no kernel.
        .target(
            name: "VolumeFileSystem",
            dependencies: ["VolumeModel", "CKernel", "VolumeService", logging]),

        // Layer 4: front ends.
        .target(
            name: "FuseMount",
            dependencies: [
                "VolumeModel", "CKernel", "Origins", "FuseKernel", "VolumeService",
                "VolumeFileSystem", lifecycle, logging,
            ]),

        .target(
            name: "S3Gateway",
            dependencies: [
                "VolumeModel", "AccessControl", "Identity", "Origins", "S3Protocol",
                "VolumeService", crypto, logging, metrics, nio, nioPosix, nioTLS,
            ]),

        // Layer 5: the command line.
        .executableTarget(
            name: "perigee",
            dependencies: [
                "VolumeModel", "CKernel", "AccessControl", "ControlStore", "Identity",
                "PolicyFiles", "YAMLFiles", "Origins", "BlockCache", "SampleArchive",
                "VolumeService",
                "VolumeFileSystem", "FuseMount", "S3Protocol", "S3Gateway", "PrometheusMetrics",
                argumentParser, lifecycle, logging, metrics, nio, nioHTTP, nioPosix, unixSignals,
            ]),

        // Tests and what they share.
        .target(
            name: "PerigeeTesting",
            dependencies: [
                "VolumeModel", "CKernel", "AccessControl", "ControlStore", "Catalogue", "Origins",
                "VolumeService", logging,
            ]),
        .testTarget(
            name: "AccessControlTests",
            dependencies: ["AccessControl", "VolumeModel", "PerigeeTesting"]),
        .testTarget(
            name: "ControlStoreTests",
            dependencies: [
                "ControlStore", "AccessControl", "VolumeModel", "CKernel", "PerigeeTesting", grdb,
            ]),
        .testTarget(
            name: "IdentityTests",
            dependencies: [
                "Identity", "ControlStore", "AccessControl", "VolumeModel", "CKernel",
                "PerigeeTesting", crypto,
            ]),
        .testTarget(
            name: "PolicyFilesTests",
            dependencies: [
                "PolicyFiles", "ControlStore", "AccessControl", "VolumeModel", "YAMLFiles",
                "PerigeeTesting",
            ]),
        .testTarget(
            name: "PrometheusMetricsTests", dependencies: ["PrometheusMetrics", coreMetrics]),
        .testTarget(
            name: "FuseKernelTests",
            dependencies: ["FuseKernel", "CKernel", "PerigeeTesting", logging]),
        .testTarget(name: "SampleArchiveTests", dependencies: ["SampleArchive"]),
        .testTarget(
            name: "VolumeModelTests", dependencies: ["VolumeModel", "PerigeeTesting", crypto]),
        .testTarget(
            name: "OriginsTests",
            dependencies: ["Origins", "S3Protocol", "VolumeModel", "CKernel", "PerigeeTesting"]),
        .executableTarget(
            name: "BlockCacheChild",
            dependencies: ["BlockCache", "VolumeModel", "PerigeeTesting", logging],
            path: "Tests/BlockCacheChild"),
        .testTarget(
            name: "BlockCacheTests",
            dependencies: [
                "BlockCache", "BlockCacheChild", "VolumeModel", "CKernel", "PerigeeTesting",
                logging,
            ]),
        .testTarget(
            name: "S3ProtocolTests",
            dependencies: ["S3Protocol", "VolumeModel", "PerigeeTesting", crypto],
            exclude: ["Fixtures"]),
        .testTarget(
            name: "S3GatewayTests",
            dependencies: [
                "S3Gateway", "S3Protocol", "VolumeService", "AccessControl", "ControlStore",
                "VolumeModel", "CKernel", "PerigeeTesting", logging, nio, nioPosix,
            ]),
        .testTarget(
            name: "CatalogueTests",
            dependencies: ["Catalogue", "VolumeModel", "CSQLite", "PerigeeTesting", crypto]),
        .testTarget(
            name: "VolumeServiceTests",
            dependencies: [
                "VolumeService", "AccessControl", "ControlStore", "Identity", "Catalogue",
                "Origins", "BlockCache", "VolumeModel", "CKernel", "PerigeeTesting", crypto,
                logging,
            ]),
        .testTarget(
            name: "VolumeFileSystemTests",
            dependencies: [
                "VolumeFileSystem", "VolumeService", "AccessControl", "Origins", "VolumeModel",
                "CKernel", "PerigeeTesting", logging,
            ]),
        .testTarget(
            name: "FuseMountTests",
            dependencies: [
                "FuseMount", "FuseKernel", "VolumeFileSystem", "VolumeService", "AccessControl",
                "Origins", "VolumeModel", "CKernel", "PerigeeTesting", lifecycle, logging,
            ]),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "perigee", "PerigeeTesting", "FuseKernel", "AccessControl", "ControlStore",
                "Identity", "PolicyFiles", "Origins", "VolumeService", "VolumeModel", "S3Protocol",
                "CKernel",
                crypto, grdb, logging,
            ],
            exclude: ["Clients/Scripts"]),

        // What is measured without a mount.
        .executableTarget(
            name: "AccessBenchmark", dependencies: ["AccessControl", "VolumeModel"],
            path: "deploy/bench/access"),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && target.name != "CKernel" {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
        ]
}
