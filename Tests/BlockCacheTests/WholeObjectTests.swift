import BlockCache
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

@Suite("Sources that send whole objects only", .timeLimit(.minutes(2)))
struct WholeObjectTests {
    private static let size = 64 << 20

    private static func source(_ id: CachedObjectID, failsAfter: Int? = nil) -> FakeSource {
        FakeSource(
            id, .init(piece: 1 << 20, failsAfter: failsAfter, sendsWholeOnly: true))
    }

    @Test(
        "One request brings all of an object that is larger than memory, wherever it is read first")
    func once() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: Self.size)
            let source = Self.source(id)
            try await withCache("\(folder)/cache") { cache in
                let object = try await cache.open(id, source: source, group: "v")
                defer { object.close() }
                for start in [Self.size - 100_000, 0, Self.size / 2, Self.size - 5] {
                    let range = Int64(start)..<Int64(min(start + 100_000, Self.size))
                    let got = try await object.bytes(range)
                    #expect(got == source.known.bytes(range))
                }
                try await object.warm(0..<id.size)
                #expect(source.requests == [0..<id.size])
                #expect(cache.counters.cutRequests == 0)
            }
        }
    }

    @Test("What came before a connection was cut is kept, and the rest is one request")
    func rest() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: Self.size)
            let source = Self.source(id, failsAfter: 20 << 20)
            try await withCache("\(folder)/cache") { cache in
                let object = try await cache.open(id, source: source, group: "v")
                defer { object.close() }
                await #expect(throws: PerigeeError.self) {
                    try await object.bytes(id.size - 100..<id.size)
                }
                source.behaviour.withLock { $0.failsAfter = nil }
                let got = try await object.bytes(id.size - 100..<id.size)
                #expect(got == source.known.bytes(id.size - 100..<id.size))
                try await object.warm(0..<id.size)
                #expect(source.requests == [0..<id.size, 20 << 20..<id.size])
            }
        }
    }
}
