import BlockCache
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

@Suite("Fetching ahead", .timeLimit(.minutes(5)))
struct PrefetchTests {
    private static func readOn(
        _ object: CachedObject, _ known: KnownBytes, from start: Int64, to end: Int64,
        piece: Int64 = 131_072
    ) async throws {
        var at = start
        while at < end {
            let next = min(at + piece, end)
            #expect(try await object.bytes(at..<next) == known.bytes(at..<next))
            at = next
        }
    }

    @Test("A sequential reader is served ahead, by several requests at once, and nothing twice")
    func sequential() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 500 * block + 7)
            let source = FakeSource(id, .init(latency: .milliseconds(30)))
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                try await Self.readOn(object, source.known, from: 0, to: id.size)
                let counters = cache.counters
                #expect(counters.upstreamBytes == Int(id.size))
                #expect(counters.prefetchedBytes > Int(id.size) / 2)
                #expect(
                    counters.prefetchedBytes + counters.missBytes + counters.hitBytes
                        == Int(id.size))
                #expect(source.mostAtOnce >= 3)
                #expect(source.requests.count < 40)
            }
        }
    }

    @Test("Random reads of 128 KiB cost at most twice their bytes upstream")
    func random() async throws {
        var random = SeededRandom(announcing: "random reads")
        try await withTemporaryFolder { folder in
            let id = objectID(size: 4_000 * block)
            let source = FakeSource(id)
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                for _ in 0..<100 {
                    let at = Int64(random.below(Int(id.size) - 131_072))
                    try await Self.readOn(object, source.known, from: at, to: at + 131_072)
                }
                #expect(cache.counters.amplification <= 2.0)
            }
        }
    }

    @Test("A handle that is closed withdraws what was fetched for it alone")
    func closing() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 2_000 * block)
            let source = FakeSource(id)
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                try await Self.readOn(object, source.known, from: 0, to: 131_072)
                source.behaviour.withLock { $0.stallsAfter = 200_000 }
                try await Self.readOn(object, source.known, from: 131_072, to: 262_144)
                #expect(await soon { source.now > 0 })
                object.close()
                #expect(await soon { source.now == 0 && source.cancellations > 0 })
            }
        }
    }

    @Test("What is fetched ahead is cut off before memory runs out, and readers get their bytes")
    func memory() async throws {
        try await withTemporaryFolder { folder in
            var limits = testLimits()
            limits.memory = 2 << 20
            let id = objectID(size: 300 * block)
            let source = FakeSource(id)
            // Nothing is kept here: all blocks stay in memory until they are pushed out.
            try #require(makeUselessFolder(folder + "/cache"))
            try await withCache(folder + "/cache", limits) { cache in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for reader in 0..<6 {
                        group.addTask {
                            let object = try await cache.open(id, source: source)
                            defer { object.close() }
                            let start = Int64(reader * 50 * block)
                            try await Self.readOn(
                                object, source.known, from: start, to: start + Int64(50 * block))
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(await soon { cache.usage.memory <= limits.memory })
            }
        }
    }
}
