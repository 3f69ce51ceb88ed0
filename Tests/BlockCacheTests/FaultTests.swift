import BlockCache
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

@Suite("Sources that fail", .timeLimit(.minutes(5)))
struct FaultTests {
    @Test(
        "What the source throws reaches those who wait, and the next read asks again",
        arguments: [
            PerigeeError.Code.stale, .originUnavailable, .timedOut, .originDenied,
        ])
    func failures(code: PerigeeError.Code) async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 4 * block)
            let source = FakeSource(id)
            source.behaviour.withLock { $0.failure = PerigeeError(code, "no") }
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                let error = await asyncFailure { _ = try await object.bytes(0..<100) }
                #expect(error?.code == code)
                source.behaviour.withLock { $0.failure = nil }
                #expect(try await object.bytes(0..<100) == source.known.bytes(0..<100))
                // What is here is given whatever the origin says.
                source.behaviour.withLock { $0.failure = PerigeeError(code, "no") }
                #expect(try await object.bytes(5..<90) == source.known.bytes(5..<90))
            }
        }
    }

    @Test(
        "An answer of another length than was asked for is no answer", arguments: [-1, -70_000, 1])
    func wrongLength(excess: Int) async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 3 * block)
            let source = FakeSource(id, .init(excess: excess))
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                let error = await asyncFailure { _ = try await object.bytes(0..<id.size) }
                // One byte too many comes after all that were asked for.
                if excess < 0 { #expect(error?.code == .originUnavailable) }
                source.behaviour.withLock { $0.excess = 0 }
                #expect(try await object.bytes(0..<id.size) == source.known.bytes(0..<id.size))
            }
        }
    }

    @Test("Blocks that came before the connection was cut are kept")
    func cut() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 10 * block)
            let source = FakeSource(id, .init(failsAfter: 300_000))
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                let error = await asyncFailure { _ = try await object.bytes(0..<id.size) }
                #expect(error?.code == .originUnavailable)
                source.behaviour.withLock { $0.failsAfter = nil }
                #expect(try await object.bytes(0..<id.size) == source.known.bytes(0..<id.size))
                #expect(source.requests.last == Int64(4 * block)..<id.size)
            }
        }
    }

    @Test("A read ends at its deadline, and the request that nobody wants is withdrawn")
    func deadline() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 10 * block)
            let source = FakeSource(id, .init(stallsAfter: 100_000))
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                let error = await asyncFailure {
                    _ = try await object.bytes(0..<id.size, deadline: .milliseconds(200))
                }
                #expect(error?.code == .timedOut)
                #expect(await soon { source.cancellations == 1 && source.now == 0 })
                source.behaviour.withLock { $0.stallsAfter = nil }
                #expect(try await object.bytes(0..<id.size) == source.known.bytes(0..<id.size))
            }
        }
    }

    @Test("A reader that withdraws does not disturb another that waits for the same block")
    func withdrawal() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 10 * block)
            let source = FakeSource(id, .init(latency: .milliseconds(300)))
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                let first = Task { try await object.bytes(0..<id.size) }
                #expect(await soon { source.now == 1 })
                let second = Task { try await object.bytes(100..<200) }
                let third = Task { try await object.bytes(Int64(block)..<id.size) }
                first.cancel()
                let error = await first.result.failure as? PerigeeError
                #expect(error?.code == .cancelled)
                #expect(try await second.value == source.known.bytes(100..<200))
                #expect(
                    try await third.value == source.known.bytes(Int64(block)..<id.size))
            }
        }
    }

    @Test("A range that the object does not have is refused")
    func refusals() async throws {
        try await withTemporaryFolder { folder in
            try await withCache(folder + "/cache") { cache in
                let id = objectID(size: 10)
                let object = try await cache.open(id, source: FakeSource(id))
                let error = await asyncFailure { _ = try await object.bytes(5..<11) }
                #expect(error?.code == .invalidArgument)
                #expect(object.bytesNow(-1..<3) == nil)
            }
        }
    }
}

extension Result {
    /// What went wrong, if anything did.
    var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
