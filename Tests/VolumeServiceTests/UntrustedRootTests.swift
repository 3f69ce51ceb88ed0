import AccessControl
import ControlStore
import Crypto
import Glibc
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// A volume that was scanned with tree digests through a proxy which can then turn dishonest.
private struct UntrustedFixture {
    let service: ServiceFixture
    let proxy: FaultProxy
    let volume: VolumeName
    let files: String

    static let names = ["a.fits": 100, "d/b.fits": 3_300_000, "d/empty": 0, "one": 1 << 20]

    static func with(
        _ kind: OriginServer, trees: Bool = true, _ body: (UntrustedFixture) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            let files = "\(folder)/served/hst"
            for needed in ["\(folder)/scratch", "\(files)/d"] { try DiskFile.makeFolders(needed) }
            for (name, count) in names {
                try DiskFile.write("\(files)/\(name)", content(count, name.utf8.count))
            }
            let server =
                switch kind {
                case .rclone:
                    try OriginServer.bucketServer(
                        of: "\(folder)/served", scratch: "\(folder)/scratch")
                case .nginx: try OriginServer.webServer(of: files, scratch: "\(folder)/scratch")
                }
            let proxy = try FaultProxy(upstream: server.port)
            defer { proxy.stop() }
            let (origin, endpoint): (String, String?) =
                kind == .rclone ? ("s3://hst", proxy.url) : ("\(proxy.url)/", nil)
            let volume = try VolumeName("hst")
            let root = OriginRoot(
                name: try RootName("far"), origin: try OriginLocation(parsing: origin),
                locality: .network, fingerprint: .etag,
                remote: RemoteSettings(
                    endpoint: endpoint, allowsClearText: true, allowsPrivate: true))
            try fixture.store.addVolume(
                VolumeDraft(
                    name: volume, metadata: VolumeMetadata(title: "Far"), isPublic: true,
                    sources: [SourceDraft(root: root.name)]), making: root)
            var options = ScanOptions()
            options.computesTrees = trees
            try fixture.publish(volume, options: options)
            try await body(
                UntrustedFixture(service: fixture, proxy: proxy, volume: volume, files: files))
        }
    }

    static func content(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ $0 >> 16 &+ seed) }
    }

    func distrust() throws { try service.store.setTrust(.no, ofRoot: RootName("far")) }

    func content(_ path: String, _ service: LocalVolumeService) async throws -> [UInt8] {
        let found = try #require(
            try service.find(try EntryPath(path), in: volume, at: .current, for: .anyone))
        let handle = try await service.open(found.file.entry, of: found.snapshot)
        defer { handle.close() }
        return try await handle.content(piece: 131_072)
    }

    func code(_ path: String, _ service: LocalVolumeService) async throws -> PerigeeError.Code? {
        do {
            _ = try await content(path, service)
            return nil
        } catch let error as PerigeeError {
            return error.code
        }
    }

    func trees(_ volume: VolumeName) throws -> [String: String] {
        let service = try service.service()
        defer { service.stop() }
        var found: [String: String] = [:]
        for name in Self.names.keys {
            let file = try service.find(try EntryPath(name), in: volume, at: .current, for: .owner)
            found[name] = file?.file.digests.first { $0.algorithm == .tree }?.description
        }
        return found
    }
}

@Suite("Roots that are not trusted", .serialized, .timeLimit(.minutes(5)))
struct UntrustedRootTests {
    static let servers = OriginServer.allCases.filter { $0.isThere(for: "UntrustedRootTests") }

    @Test("A folder and a server of the same files have the same tree digests", arguments: servers)
    func equalRoots(kind: OriginServer) async throws {
        try await UntrustedFixture.with(kind) { fixture in
            let near = try fixture.service.add("near", origin: fixture.files)
            var options = ScanOptions()
            options.computesTrees = true
            options.computesDigests = true
            try fixture.service.publish(near, options: options)
            let trees = try fixture.trees(near)
            #expect(trees.count == UntrustedFixture.names.count)
            #expect(try fixture.trees(fixture.volume) == trees)
            let verified = try fixture.service.publisher.verify(near, at: .current)
            #expect(verified.faults.isEmpty && verified.digested == trees.count)
            // Content that changes under the same size and time is found by either digest.
            let path = "\(fixture.files)/d/b.fits"
            var status = stat()
            #expect(stat(path, &status) == 0)
            try DiskFile.overwrite(path, at: 2_000_000, [0])
            #expect(utimensat(AT_FDCWD, path, [status.st_mtim, status.st_mtim], 0) == 0)
            let faults = try fixture.service.publisher.verify(near, at: .current).faults
            #expect(faults.count == 2)
            #expect(faults.contains { $0.detail.contains("sha256-tree:") })
            #expect(try fixture.service.publisher.check(isQuick: false).isEmpty)
        }
    }

    @Test(
        "Wrong bytes never reach a reader, and right ones do once the origin is honest again",
        arguments: servers)
    func wrongBytes(kind: OriginServer) async throws {
        try await UntrustedFixture.with(kind) { fixture in
            try fixture.distrust()
            let service = try fixture.service.service()
            defer { service.stop() }
            for at in [0, 99] {
                fixture.proxy.always(.wrongByte(at: at))
                let started = ContinuousClock.now
                for name in ["a.fits", "d/b.fits", "one"] {
                    #expect(try await fixture.code(name, service) == .unverified, "\(name)")
                }
                #expect(ContinuousClock.now - started < .seconds(20))
                #expect(try await fixture.code("d/empty", service) == nil)
            }
            fixture.proxy.always(.none)
            for (name, count) in UntrustedFixture.names {
                let isRight =
                    try await fixture.content(name, service)
                    == UntrustedFixture.content(count, name.utf8.count)
                #expect(isRight, "\(name)")
            }
            // What was compared lies in the cache, and is served without the origin.
            fixture.proxy.always(.status(500, fields: []))
            #expect(try await fixture.code("d/b.fits", service) == nil)
        }
    }

    @Test("What was cached while the root was trusted is not taken for verified")
    func distrusted() async throws {
        guard let kind = Self.servers.first else { return }
        try await UntrustedFixture.with(kind) { fixture in
            do {
                let service = try fixture.service.service()
                defer { service.stop() }
                fixture.proxy.always(.wrongByte(at: 5))
                let isDeceived =
                    try await fixture.content("a.fits", service)
                    != UntrustedFixture.content(100, 6)
                #expect(isDeceived)
            }
            fixture.proxy.always(.none)
            try fixture.distrust()
            let service = try fixture.service.service()
            defer { service.stop() }
            let isRight =
                try await fixture.content("a.fits", service) == UntrustedFixture.content(100, 6)
            #expect(isRight)
        }
    }

    @Test("A file without a tree digest is not served from a root that is not trusted")
    func withoutDigests() async throws {
        guard let kind = Self.servers.first else { return }
        try await UntrustedFixture.with(kind, trees: false) { fixture in
            try fixture.distrust()
            let service = try fixture.service.service()
            defer { service.stop() }
            #expect(try await fixture.code("a.fits", service) == .unverified)
            var options = ScanOptions()
            options.computesTrees = true
            let report = try fixture.service.publisher.scan(fixture.volume, options: options)
            #expect(report.trustsFirstUse && !report.hasCandidate)
            #expect(try await fixture.code("a.fits", service) == nil)
        }
    }

    @Test("A tree digest that a given SHA-256 contradicts is not kept")
    func givenDigests() async throws {
        guard let kind = Self.servers.first else { return }
        try await UntrustedFixture.with(kind, trees: false) { fixture in
            try fixture.distrust()
            func scan(_ content: [UInt8]) throws -> ScanReport {
                let digest = Hex.encode(SHA256.hash(data: content))
                var options = ScanOptions()
                options.computesTrees = true
                options.givenDigests = try DigestList.parse(
                    Array("\(digest)  a.fits\n".utf8), named: "SUMS")
                return try fixture.service.publisher.scan(fixture.volume, options: options)
            }
            let service = try fixture.service.service()
            defer { service.stop() }
            #expect(try scan([1]).problems == [.digestMismatch: 1])
            #expect(try await fixture.code("a.fits", service) == .unverified)
            #expect(try await fixture.code("one", service) == nil)
            #expect(try scan(UntrustedFixture.content(100, 6)).problems.isEmpty)
            #expect(try await fixture.code("a.fits", service) == nil)
        }
    }

    @Test("A side file that is lost or damaged is an error that names it, until it is made anew")
    func sideFile() async throws {
        guard let kind = Self.servers.first else { return }
        try await UntrustedFixture.with(kind) { fixture in
            try fixture.distrust()
            let path = "\(fixture.service.folder)/state/catalogues/hst.1.leaves"
            let sound = try DiskFile.read(path)
            var bytes = sound
            bytes[bytes.count - 1] ^= 1
            try DiskFile.write(path, bytes)
            do {
                let service = try fixture.service.service()
                defer { service.stop() }
                #expect(try await fixture.code("d/b.fits", service) == .corrupt)
                #expect(try await fixture.code("a.fits", service) == nil)
                let faults = try fixture.service.publisher.check(isQuick: false)
                #expect(faults.contains { $0.detail.contains("hst.1.leaves") })
                try DiskFile.remove(path)
                #expect(try await fixture.code("d/b.fits", service) == .corrupt)
            }
            var options = ScanOptions()
            options.computesTrees = true
            _ = try fixture.service.publisher.scan(fixture.volume, options: options)
            let service = try fixture.service.service()
            defer { service.stop() }
            #expect(try await fixture.code("d/b.fits", service) == nil)
            #expect(try fixture.service.publisher.check(isQuick: false).isEmpty)
        }
    }
}
