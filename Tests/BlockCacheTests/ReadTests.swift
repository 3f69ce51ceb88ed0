import BlockCache
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Reads through the cache", .timeLimit(.minutes(5)))
struct ReadTests {
    @Test(
        "A reader gets the source's bytes, cold, warm and after a restart",
        arguments: [0, 1, block - 1, block, block + 1, 5 * block + 17, 40 * block])
    func reads(size: Int) async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: size)
            let source = FakeSource(id)
            let all = source.known.bytes(0..<Int64(size))
            for _ in 0..<2 {
                try await withCache(folder + "/cache") { cache in
                    for _ in 0..<2 {
                        let object = try await cache.open(id, source: source)
                        #expect(try await object.bytes(0..<Int64(size)) == all)
                        object.close()
                    }
                    #expect(cache.counters.badBlocks == 0)
                }
                #expect(source.requests.map(\.count).reduce(0, +) == size)
            }
        }
    }

    @Test("However many readers wait, each block is fetched once")
    func singleFlight() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 30 * block + 5)
            let source = FakeSource(id, .init(latency: .milliseconds(20)))
            try await withCache(folder + "/cache") { cache in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for reader in 0..<64 {
                        group.addTask {
                            let object = try await cache.open(id, source: source)
                            defer { object.close() }
                            let start = Int64(reader % 7 * block)
                            let range = start..<id.size
                            #expect(try await object.bytes(range) == source.known.bytes(range))
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(source.requests.map(\.count).reduce(0, +) == Int(id.size))
                #expect(cache.counters.upstreamBytes == Int(id.size))
            }
        }
    }

    @Test("Neighbouring missing blocks are one request")
    func joins() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 64 * block)
            let source = FakeSource(id)
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                _ = try await object.bytes(Int64(block) + 5..<Int64(40 * block) - 1)
                #expect(source.requests == [Int64(block)..<Int64(40 * block)])
            }
        }
    }

    @Test("A source of larger units is asked for whole ones, and all of their blocks are kept")
    func units() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 37 * block + 5)
            let source = FakeSource(id, unit: 16 * block)
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                for wanted in [20, 17, 31, 36, 37] {
                    let start = Int64(wanted * block)
                    let isRight =
                        try await object.bytes(start..<start + 5)
                        == source.known.bytes(start..<start + 5)
                    #expect(isRight)
                }
                #expect(
                    source.requests.prefix(2) == [
                        Int64(16 * block)..<Int64(32 * block),
                        Int64(32 * block)..<Int64(37 * block + 5),
                    ])
                let all = try await object.bytes(0..<id.size)
                let isWhole = all == source.known.bytes(0..<id.size)
                #expect(isWhole)
                #expect(source.requests.count == 3)
            }
        }
    }

    @Test("Whole units come through where there is no memory for them", .timeLimit(.minutes(1)))
    func unitsWithoutMemory() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 64 * block)
            let source = FakeSource(id, unit: 16 * block)
            var limits = testLimits()
            limits.memory = 2 * block
            try await withCache(folder + "/cache", limits) { cache in
                let object = try await cache.open(id, source: source)
                for wanted in [7, 40, 63, 22] {
                    let start = Int64(wanted * block)
                    let isRight =
                        try await object.bytes(start..<start + 99)
                        == source.known.bytes(start..<start + 99)
                    #expect(isRight)
                }
            }
        }
    }
}
