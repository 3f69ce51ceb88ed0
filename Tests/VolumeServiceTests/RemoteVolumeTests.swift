import AccessControl
import ControlStore
import Crypto
import Foundation
import Glibc
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

/// A volume whose bytes lie on a real server of this machine.
private struct RemoteFixture {
    let service: ServiceFixture
    let server: ServerProcess
    let volume: VolumeName
    let files: String

    /// Starts a server over a folder with some files, and adds a volume on it.
    static func with(
        _ kind: OriginServer, fingerprint: Fingerprint = .etag,
        _ body: (RemoteFixture) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let fixture = try ServiceFixture(in: folder)
            let files = "\(folder)/served/hst"
            for needed in ["\(folder)/scratch", "\(files)/d/e"] { try DiskFile.makeFolders(needed) }
            for (name, count) in [
                ("a.fits", 100), ("d/b.fits", 300_000), ("d/e/empty", 0), ("große Datei é", 65_536),
            ] {
                try DiskFile.write("\(files)/\(name)", content(count, name.utf8.count))
            }
            let scratch = "\(folder)/scratch"
            let server: ServerProcess
            let (origin, endpoint): (String, String?)
            switch kind {
            case .rclone:
                server = try OriginServer.bucketServer(of: "\(folder)/served", scratch: scratch)
                (origin, endpoint) = ("s3://hst", "http://127.0.0.1:\(server.port)")
            case .nginx:
                server = try OriginServer.webServer(of: files, scratch: scratch)
                (origin, endpoint) = ("http://127.0.0.1:\(server.port)/", nil)
            }
            let volume = try VolumeName("hst")
            let root = OriginRoot(
                name: try RootName("far"), origin: try OriginLocation(parsing: origin),
                locality: .network, fingerprint: fingerprint,
                remote: RemoteSettings(
                    endpoint: endpoint, allowsClearText: true, allowsPrivate: true))
            try fixture.publisher.checkRemote(root)
            try fixture.store.addVolume(
                VolumeDraft(
                    name: volume, metadata: VolumeMetadata(title: "Far"), isPublic: true,
                    sources: [SourceDraft(root: root.name)]), making: root)
            try fixture.publish(volume)
            try await body(
                RemoteFixture(service: fixture, server: server, volume: volume, files: files))
        }
    }

    static func content(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ seed) }
    }

    /// Puts other bytes into a file, with a time that a server which tells seconds tells apart.
    func rewrite(_ path: String, _ bytes: [UInt8]) throws {
        try DiskFile.write("\(files)/\(path)", bytes)
        var times = [timespec(tv_sec: 1_900_000_000, tv_nsec: 0)]
        times.append(times[0])
        #expect(utimensat(AT_FDCWD, "\(files)/\(path)", times, 0) == 0)
    }

    func open(_ path: String, _ service: LocalVolumeService) async throws -> ReadHandle {
        let found = try #require(
            try service.find(try EntryPath(path), in: volume, at: .current, for: .anyone))
        return try await service.open(found.file.entry, of: found.snapshot)
    }
}

@Suite("Volumes whose bytes lie elsewhere", .serialized, .timeLimit(.minutes(5)))
struct RemoteVolumeTests {
    static let servers = OriginServer.allCases.filter { $0.isThere(for: "RemoteVolumeTests") }

    @Test(
        "Every file reads as its origin has it, and a second scan finds nothing new",
        arguments: servers)
    func reading(kind: OriginServer) async throws {
        try await RemoteFixture.with(kind) { fixture in
            let service = try fixture.service.service()
            defer { service.stop() }
            for name in ["a.fits", "d/b.fits", "d/e/empty", "große Datei é"] {
                let handle = try await fixture.open(name, service)
                defer { handle.close() }
                let expected = try Data(
                    contentsOf: URL(fileURLWithPath: "\(fixture.files)/\(name)"))
                let isSame = try await handle.content(piece: 50_000) == Array(expected)
                #expect(isSame, "\(name)")
            }
            let report = try fixture.service.publisher.scan(fixture.volume)
            #expect(!report.hasCandidate)
            #expect(report.problems.isEmpty)
        }
    }

    @Test(
        "By whatever versions are told apart, a second scan finds nothing and reads are the origin's",
        arguments: servers, [Fingerprint.sizeAndModified, .digest])
    func fingerprints(kind: OriginServer, fingerprint: Fingerprint) async throws {
        try await RemoteFixture.with(kind, fingerprint: fingerprint) { fixture in
            let report = try fixture.service.publisher.scan(fixture.volume)
            #expect(!report.hasCandidate)
            #expect(report.problems.isEmpty)
            let service = try fixture.service.service()
            defer { service.stop() }
            let isSame =
                try await content("d/b.fits", fixture, service)
                == RemoteFixture.content(300_000, "d/b.fits".utf8.count)
            #expect(isSame)
            try fixture.rewrite("d/b.fits", RemoteFixture.content(300_000, 77))
            #expect(try fixture.service.publisher.scan(fixture.volume).changed == 1)
        }
    }

    @Test(
        "An object that was rewritten is stale until it is published, and never mixed",
        arguments: servers)
    func rewritten(kind: OriginServer) async throws {
        try await RemoteFixture.with(kind) { fixture in
            let service = try fixture.service.service()
            defer { service.stop() }
            let old = try await fixture.open("d/b.fits", service)
            defer { old.close() }
            let start = try #require(ByteRange(offset: 0, count: 1_000))
            let before = try await old.read(start)
            let new = RemoteFixture.content(300_000, 99)
            try fixture.rewrite("d/b.fits", new)
            // What was fetched before goes on being that version's; what was not is refused.
            let isKept = try await old.read(start) == before
            #expect(isKept)
            let unread = try await fixture.open("a.fits", service)
            try fixture.rewrite("a.fits", RemoteFixture.content(100, 98))
            await #expect {
                _ = try await unread.read(start)
            } throws: {
                ($0 as? PerigeeError)?.code == .stale
            }
            #expect(unread.isKnownStale)
            unread.close()
            try fixture.service.publish(fixture.volume)
            // The service has to have noticed; until then it gives the old version or refuses it.
            let end = ContinuousClock.now + .seconds(10)
            var found: [UInt8] = []
            while found != new, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
                found = (try? await content("d/b.fits", fixture, service)) ?? []
            }
            let isNew = found == new
            #expect(isNew)
        }
    }

    private func content(
        _ path: String, _ fixture: RemoteFixture, _ service: LocalVolumeService
    ) async throws -> [UInt8] {
        let handle = try await fixture.open(path, service)
        defer { handle.close() }
        return try await handle.content()
    }

    @Test(
        "Without its origin, what is in the cache is served and the rest fails in time",
        arguments: servers)
    func away(kind: OriginServer) async throws {
        try await RemoteFixture.with(kind) { fixture in
            let service = try fixture.service.service()
            defer { service.stop() }
            let expected = try await content("d/b.fits", fixture, service)
            fixture.server.signal(SIGTERM)
            try await Task.sleep(for: .milliseconds(500))
            let isServed = try await content("d/b.fits", fixture, service) == expected
            #expect(isServed)
            await #expect {
                _ = try await self.content("große Datei é", fixture, service)
            } throws: {
                [.originUnavailable, .timedOut].contains(($0 as? PerigeeError)?.code)
            }
        }
    }

    @Test("Part of a remote root cannot be scanned alone, and an emptied one is refused")
    func refused() async throws {
        guard let kind = Self.servers.first else { return }
        try await RemoteFixture.with(kind) { fixture in
            var options = ScanOptions()
            options.prefix = try EntryPath("d")
            #expect {
                _ = try fixture.service.publisher.scan(fixture.volume, options: options)
            } throws: {
                ($0 as? PerigeeError)?.code == .invalidArgument
            }
            for name in ["a.fits", "d", "große Datei é"] {
                try FileManager.default.removeItem(atPath: "\(fixture.files)/\(name)")
            }
            #expect {
                _ = try fixture.service.publisher.scan(fixture.volume)
            } throws: {
                ($0 as? PerigeeError)?.code == .originUnavailable
            }
        }
    }

    @Test("SHA-256 of every file is that of its content", arguments: servers)
    func digests(kind: OriginServer) async throws {
        try await RemoteFixture.with(kind) { fixture in
            var options = ScanOptions()
            options.computesDigests = true
            // Digests of what is published already make no new revision.
            _ = try fixture.service.publisher.scan(fixture.volume, options: options)
            let service = try fixture.service.service()
            defer { service.stop() }
            let found = try #require(
                try service.find(
                    try EntryPath("a.fits"), in: fixture.volume, at: .current, for: .anyone))
            let bytes = try await content("a.fits", fixture, service)
            #expect(found.file.digests.first?.bytes == Array(SHA256.hash(data: bytes)))
        }
    }
}
