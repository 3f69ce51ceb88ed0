import BlockCache
import Glibc
import Logging
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

@Suite("A cache whose disk fails", .timeLimit(.minutes(5)))
struct DiskStateTests {
    /// Reads an object twice in pieces, and compares every byte.
    private static func readAll(_ cache: BlockCache, _ id: CachedObjectID, _ source: FakeSource)
        async throws
    {
        let object = try await cache.open(id, source: source)
        defer { object.close() }
        for _ in 0..<2 {
            var at: Int64 = 0
            while at < id.size {
                let next = min(at + 100_000, id.size)
                #expect(try await object.bytes(at..<next) == source.known.bytes(at..<next))
                at = next
            }
        }
    }

    @Test("Three errors make it unstable, failing probes bring it down, good ones back")
    func states() {
        var health = DiskHealth()
        health.failed(at: 0)
        health.failed(at: 1)
        for _ in 0..<10 { health.succeeded() }
        health.failed(at: 2)
        health.failed(at: 3)
        #expect(health.state == .normal && health.mayWrite(at: 3))
        health.failed(at: 4)
        #expect(health.state == .unstable && !health.mayWrite(at: 4) && health.mayRead)
        health.probed(isGood: false, at: 20)
        #expect(health.state == .unstable)
        health.probed(isGood: false, at: 40)
        #expect(health.state == .down && !health.mayRead)
        for second in 50..<55 { health.probed(isGood: true, at: Double(second)) }
        #expect(health.state == .normal)
        health.wasFull(at: 100)
        #expect(health.state == .normal && !health.mayWrite(at: 101) && health.mayWrite(at: 103))
    }

    @Test("A folder that is deleted in use costs nobody a byte, and is made anew")
    func deleted() async throws {
        try await withTemporaryFolder { folder in
            try await withCache(folder + "/cache") { cache in
                let id = objectID(size: 20 * block)
                let source = FakeSource(id)
                let object = try await cache.open(id, source: source)
                _ = try await object.bytes(0..<Int64(5 * block))
                removeTree(folder + "/cache")
                #expect(try await object.bytes(0..<id.size) == source.known.bytes(0..<id.size))
                for number in 0..<5 {
                    let other = objectID("other-\(number)", size: 7 * block)
                    try await Self.readAll(cache, other, FakeSource(other))
                }
                #expect(access(folder + "/cache/v1/objects", F_OK) == 0)
                #expect(await soon { cache.objects().count == 5 })
            }
        }
    }

    @Test("A folder is made with those above it")
    func parents() async throws {
        try await withTemporaryFolder { folder in
            try await withCache(folder + "/home/.cache/perigee") { cache in
                try await Self.readAll(cache, objectID(size: 99), FakeSource(objectID(size: 99)))
                #expect(cache.counters.bypassBytes == 0)
            }
        }
    }

    @Test("Where the folder cannot be made or written, bytes pass by")
    func unwritable() async throws {
        try await withTemporaryFolder { folder in
            // A file where the objects' folder should be: true for root too.
            try #require(makeUselessFolder(folder + "/cache"))
            try await withCache(folder + "/cache") { cache in
                for number in 0..<6 {
                    let id = objectID("object-\(number)", size: 5 * block + 9)
                    try await Self.readAll(cache, id, FakeSource(id))
                }
                #expect(cache.counters.bypassBytes > 0)
                #expect(cache.diskState != .normal)
            }
        }
    }

    @Test("A full disk makes bytes pass by until there is room")
    func full() async throws {
        try await withTemporaryFolder { folder in
            let cacheFolder = folder + "/cache"
            try #require(mkdir(cacheFolder, 0o700) == 0)
            guard
                mount("tmpfs", cacheFolder, "tmpfs", 0, "size=2m,mode=0700") == 0
            else {
                print("SKIPPED: a full disk: this user may not mount a tmpfs")
                return
            }
            defer { umount2(cacheFolder, Int32(MNT_DETACH)) }
            try await withCache(cacheFolder) { cache in
                for number in 0..<8 {
                    let id = objectID("object-\(number)", size: 10 * block)
                    try await Self.readAll(cache, id, FakeSource(id))
                }
                #expect(cache.counters.bypassBytes > 0)
                #expect(cache.diskState == .normal)
                // Room comes with eviction, and blocks are kept again.
                let id = objectID("last", size: 5 * block)
                let source = FakeSource(id)
                #expect(
                    await soon {
                        let object = try? await cache.open(id, source: source)
                        defer { object?.close() }
                        _ = try? await object?.bytes(0..<id.size)
                        return object?.completeDescriptor != nil
                    })
            }
        }
    }

    @Test("Folders that are not ours to use are refused with words", arguments: 0..<5)
    func refusals(way: Int) throws {
        try withTemporaryFolder { folder in
            let cache = folder + "/cache"
            var expected = PerigeeError.Code.invalidArgument
            var path = cache
            switch way {
            case 0:
                try #require(mkdir(cache, 0o700) == 0)
                try write("perigee-cache 2\n", to: cache + "/format")
                expected = .newerFormat
            case 1:
                try #require(mkdir(cache, 0o700) == 0)
                try write("something else\n", to: cache + "/format")
            case 2:
                try #require(mkdir(cache, 0o755) == 0)
                expected = .accessDenied
            case 3:
                try write("", to: cache)
                expected = .notADirectory
            default: path = "relative"
            }
            let error = failure {
                _ = try BlockCache(
                    folder: path, limits: testLimits(), logger: Logger(label: "test"))
            }
            #expect(error?.code == expected)
        }
    }

    @Test("A folder of another user is refused", .enabled(if: geteuid() == 0))
    func otherUser() throws {
        try withTemporaryFolder { folder in
            try #require(mkdir(folder + "/cache", 0o700) == 0)
            try #require(chown(folder + "/cache", 12_345, 12_345) == 0)
            let error = failure {
                _ = try BlockCache(
                    folder: folder + "/cache", limits: testLimits(), logger: Logger(label: "test"))
            }
            #expect(error?.code == .accessDenied)
        }
    }

    private func write(_ text: String, to path: String) throws {
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        defer { close(file) }
        let bytes = Array(text.utf8)
        try #require(file >= 0 && Glibc.write(file, bytes, bytes.count) == bytes.count)
    }
}
