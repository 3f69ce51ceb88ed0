import BlockCache
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Several processes on one cache", .timeLimit(.minutes(10)), .serialized)
struct ProcessTests {
    @Test("Processes that read the same cold objects fetch each block once, all together")
    func once() async throws {
        try await withTemporaryFolder { folder in
            let size = 50 * block + 99
            let children = try (0..<3).map { number in
                try ChildProcess(
                    "all", folder: folder + "/cache", log: folder + "/log", seed: UInt64(number),
                    objects: 3, size: size, latency: 5)
            }
            for child in children { #expect(await child.end() == 0) }
            let counts = try fetches(folder + "/log")
            for object in 0..<3 {
                let blocks = counts[object] ?? [:]
                #expect(blocks.count == 51)
                #expect(blocks.values.allSatisfy { $0 == 1 }, "\(blocks.filter { $0.value != 1 })")
            }
        }
    }

    @Test("A process that is killed at any instant leaves nothing wrong, and holds nobody up")
    func killed() async throws {
        var random = SeededRandom(announcing: "kills")
        let seed = random.next() >> 2
        try await withTemporaryFolder { folder in
            let size = 70 * block + 1
            let other = try ChildProcess(
                "random", folder: folder + "/cache", log: folder + "/log2", seed: seed &+ 77,
                objects: 4, size: size, seconds: 20)
            var round: UInt64 = 0
            while other.poll() == nil {
                round += 1
                let child = try ChildProcess(
                    "random", folder: folder + "/cache", log: folder + "/log", seed: seed &+ round,
                    objects: 4, size: size)
                let end = ContinuousClock.now + .milliseconds(30 + random.below(400))
                while ContinuousClock.now < end, child.poll() == nil {
                    try await Task.sleep(for: .milliseconds(1))
                }
                #expect(child.poll() == nil, "ended by itself")
                child.kill()
            }
            #expect(other.poll() == 0)
            print("killed \(round) times")
            let last = try ChildProcess(
                "all", folder: folder + "/cache", log: folder + "/log3", objects: 4, size: size)
            #expect(await last.end() == 0)
            try await withCache(folder + "/cache") { cache in
                #expect(cache.verify().badBlocks == 0)
                let isWhole = cache.objects().allSatisfy(\.isComplete)
                #expect(isWhole)
            }
        }
    }
}
