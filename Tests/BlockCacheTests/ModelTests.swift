import BlockCache
import PerigeeTesting
import Synchronization
import Testing
import VolumeModel

@Suite("Random use of the cache", .timeLimit(.minutes(5)))
struct ModelTests {
    /// A source that answers, waits or fails as its dice say.
    private final class MoodySource: BlockSource {
        let known: KnownBytes
        private let random: Mutex<SeededRandom>

        init(_ id: CachedObjectID, seed: UInt64) {
            known = KnownBytes(id.key, version: id.version)
            random = Mutex(SeededRandom(seed: seed))
        }

        func fetch(
            _ range: Range<Int64>,
            deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
        ) async throws(PerigeeError) {
            var at = range.lowerBound
            while at < range.upperBound {
                let (mood, piece) = random.withLock { ($0.below(60), 1 + $0.below(200_000)) }
                if mood == 0 { throw PerigeeError(.originUnavailable, "bad mood") }
                if mood == 1 { return }
                if mood < 20 {
                    do { try await Task.sleep(for: .milliseconds(mood)) } catch {
                        throw PerigeeError(.cancelled, "withdrawn")
                    }
                }
                let next = min(range.upperBound, at + Int64(piece))
                var fault: PerigeeError?
                known.bytes(at..<next).withUnsafeBytes { bytes in
                    do throws(PerigeeError) { try deliver(bytes) } catch { fault = error }
                }
                if let fault { throw fault }
                at = next
            }
        }
    }

    @Test("Every byte that is given is right, whatever sources, readers and eviction do at once")
    func everything() async throws {
        var random = SeededRandom(announcing: "cache model")
        let seed = random.next() >> 1
        try await withTemporaryFolder { folder in
            // Two caches are two open file descriptions, as two processes are.
            let limits = testLimits(bytes: 5 << 20)
            try await withCache(folder + "/cache", limits) { first in
                try await withCache(folder + "/cache", limits) { second in
                    try await Self.readAtRandom([first, second], seed)
                    #expect(first.counters.badBlocks + second.counters.badBlocks == 0)
                    #expect(first.verify().badBlocks == 0)
                }
            }
        }
    }

    private static func readAtRandom(_ caches: [BlockCache], _ seed: UInt64) async throws {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for reader in 0..<12 {
                group.addTask {
                    try await reads(caches[reader % 2], SeededRandom(seed: seed &+ UInt64(reader)))
                }
            }
            let given = try await group.reduce(0, +)
            print("\(given) reads were answered")
            #expect(given > 100)
        }
    }

    private static func reads(_ cache: BlockCache, _ dice: SeededRandom) async throws -> Int {
        var random = dice
        var given = 0
        for _ in 0..<25 {
            let number = random.below(5)
            let id = objectID("object-\(number)", size: 3 * number * 9 * block + number * 1_111)
            let source = MoodySource(id, seed: random.next())
            let object = try await cache.open(id, source: source, group: "\(number)")
            defer { object.close() }
            var at = id.size == 0 ? 0 : Int64(random.below(Int(id.size)))
            for _ in 0..<random.below(20) {
                if random.once(in: 4) { at = Int64(random.below(Int(id.size) + 1)) }
                let range = at..<min(id.size, at + Int64(random.below(200_000)))
                at = range.upperBound
                let expected = source.known.bytes(range)
                if random.once(in: 3) {
                    if let bytes = object.bytesNow(range) {
                        #expect(bytes == expected)
                        given += 1
                    }
                    continue
                }
                let limit: Duration = random.once(in: 8) ? .milliseconds(5) : .seconds(60)
                do {
                    #expect(try await object.bytes(range, deadline: limit) == expected)
                    given += 1
                } catch let error as PerigeeError {
                    let isExpected =
                        error.code == .originUnavailable
                        || (error.code == .timedOut && limit < .seconds(1))
                    #expect(isExpected, "\(error)")
                }
            }
        }
        return given
    }
}
