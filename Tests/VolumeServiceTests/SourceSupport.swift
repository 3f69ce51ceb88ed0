import AccessControl
import ControlStore
import Glibc
import Logging
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// A volume `hst` with an S3 server behind a proxy as the source `far`, and others that tests add.
struct SourceFixture {
    let service: ServiceFixture
    let proxy: FaultProxy
    let server: ServerProcess
    let volume: VolumeName
    /// What the server serves.
    let served: String
    /// A folder beside it, with the same files at first.
    let mirror: String

    static let big = content(3_000_000, 1)
    static let small = content(100_000, 2)
    static let files: [(String, [UInt8])] = [
        ("d/big", big), ("a.fits", small), ("empty", []),
        ("d/e/other", content(200_000, 3)),
    ]

    static func content(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ seed) }
    }

    /// - Parameter sources: those behind and before `far:`, which is of priority 1: `near` is the
    ///   folder, `far2` is the same server without the proxy in between.
    static func with(
        _ sources: [SourceDraft], change: (SourceFixture) throws -> Void = { _ in },
        _ body: (SourceFixture) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            let (served, mirror) = ("\(folder)/served/hst", "\(folder)/mirror")
            for (name, bytes) in files {
                for place in [served, mirror, "\(folder)/served/copy"] {
                    let path = "\(place)/\(name)"
                    try DiskFile.makeFolders(
                        path.split(separator: "/").dropLast().map { "/\($0)" }.joined())
                    try DiskFile.write(path, bytes)
                }
            }
            try DiskFile.makeFolders("\(folder)/scratch")
            let server = try OriginServer.bucketServer(
                of: "\(folder)/served", scratch: "\(folder)/scratch")
            try await withFaultProxy(before: server.port) { proxy in
                for (name, origin, endpoint) in [
                    ("far", "s3://hst", proxy.url), ("far2", "s3://copy", server.url),
                ] {
                    try fixture.store.addRoot(
                        OriginRoot(
                            name: try RootName(name), origin: try OriginLocation(parsing: origin),
                            locality: .network, fingerprint: .etag,
                            remote: RemoteSettings(
                                endpoint: endpoint, allowsClearText: true, allowsPrivate: true)))
                }
                try fixture.store.addRoot(
                    OriginRoot(
                        name: try RootName("near"),
                        origin: try OriginLocation(parsing: "posix:\(mirror)"), locality: .local))
                let volume = try VolumeName("hst")
                try fixture.store.addVolume(
                    VolumeDraft(
                        name: volume, metadata: VolumeMetadata(title: "Far"), isPublic: true,
                        sources: [SourceDraft(root: try RootName("far"), priority: 1)] + sources))
                let made = SourceFixture(
                    service: fixture, proxy: proxy, server: server, volume: volume, served: served,
                    mirror: mirror)
                try change(made)
                try fixture.publish(volume)
                try await body(made)
            }
        }
    }

    /// A service of this state, which has ended afterwards.
    func serving(
        zone: String? = nil, deadline: Duration = .seconds(20),
        _ body: (LocalVolumeService) async throws -> Void
    ) async throws {
        let service = try LocalVolumeService(
            state: service.state, originDeadline: deadline, zone: zone,
            logger: Logger(label: "perigee.test", factory: { _ in SwiftLogNoOpLogHandler() }))
        defer { service.stop() }
        try await body(service)
    }

    func open(_ path: String, _ service: LocalVolumeService) async throws -> ReadHandle {
        let found = try #require(
            try service.find(try EntryPath(path), in: volume, at: .current, for: .anyone))
        return try await service.open(found.file.entry, of: found.snapshot)
    }

    func content(_ path: String, _ service: LocalVolumeService) async throws -> [UInt8] {
        let handle = try await open(path, service)
        defer { handle.close() }
        return try await handle.content(piece: 100_000)
    }

    /// Requests for objects that came through the proxy.
    var asked: Int { proxy.requests.count { $0.line.hasPrefix("GET /hst/") } }

    static func source(_ root: String, priority: Int, zone: String? = nil) throws -> SourceDraft {
        SourceDraft(root: try RootName(root), zone: zone, priority: priority)
    }
}
