import BlockCache
import Glibc
import PerigeeTesting
import Testing
import VolumeModel

@Suite("A damaged cache", .timeLimit(.minutes(5)))
struct DamageTests {
    private static func flip(_ path: String, at offset: Int, mask: UInt8) throws {
        let file = open(path, O_RDWR)
        try #require(file >= 0)
        defer { close(file) }
        var byte: UInt8 = 0
        try #require(pread(file, &byte, 1, offset) == 1)
        byte ^= mask
        try #require(pwrite(file, &byte, 1, offset) == 1)
    }

    @Test("A bad block is dropped, counted and fetched again, and others are not disturbed")
    func badBlock() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 20 * block)
            let source = FakeSource(id)
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                try await object.warm(0..<id.size)
            }
            try Self.flip(files(of: id, in: folder + "/cache").data, at: 7 * block + 3, mask: 4)
            let asked = source.requests.count
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                #expect(try await object.bytes(0..<id.size) == source.known.bytes(0..<id.size))
                #expect(
                    source.requests.dropFirst(asked) == [Int64(7 * block)..<Int64(8 * block)])
                #expect(cache.counters.badBlocks == 1)
                #expect(object.completeDescriptor != nil)
            }
        }
    }

    @Test("Bits that flip anywhere in data and map never give a wrong byte")
    func anywhere() async throws {
        var random = SeededRandom(announcing: "flips")
        try await withTemporaryFolder { folder in
            let cacheFolder = folder + "/cache"
            let id = objectID(size: 9 * block + 100)
            let source = FakeSource(id)
            let all = source.known.bytes(0..<id.size)
            let paths = files(of: id, in: cacheFolder)
            for round in 0..<60 {
                if round > 0 {
                    for _ in 0..<1 + random.below(6) {
                        let isMap = random.once(in: 2)
                        // The header's unused part is as good a place as any, but seldom.
                        let limit =
                            isMap
                            ? (random.once(in: 3) ? 4_096 + 80 : 200) : Int(id.size)
                        let start = isMap && limit > 200 ? 4_096 : 0
                        try Self.flip(
                            isMap ? paths.map : paths.data,
                            at: start + random.below(limit - start),
                            mask: 1 << UInt8(random.below(8)))
                    }
                }
                try await withCache(cacheFolder) { cache in
                    let object = try await cache.open(id, source: source)
                    #expect(try await object.bytes(0..<id.size) == all)
                }
            }
        }
    }

    @Test(
        "Files that were cut, emptied, removed or exchanged never give a wrong byte",
        arguments: 0..<8)
    func cutFiles(way: Int) async throws {
        try await withTemporaryFolder { folder in
            let cacheFolder = folder + "/cache"
            let id = objectID(size: 5 * block)
            let other = objectID("other", size: 5 * block)
            let source = FakeSource(id)
            try await withCache(cacheFolder) { cache in
                for id in [id, other] {
                    let object = try await cache.open(id, source: FakeSource(id))
                    try await object.warm(0..<id.size)
                }
            }
            let paths = files(of: id, in: cacheFolder)
            let others = files(of: other, in: cacheFolder)
            switch way {
            case 0: #expect(truncate(paths.data, 2 * block) == 0)
            case 1: #expect(truncate(paths.map, 4_096 + 16) == 0)
            case 2: #expect(truncate(paths.map, 0) == 0)
            case 3: #expect(unlink(paths.data) == 0)
            case 4: #expect(unlink(paths.map) == 0)
            case 5: #expect(rename(others.data, paths.data) == 0)
            case 6: #expect(rename(others.map, paths.map) == 0)
            default: #expect(truncate(paths.data, 9 * block) == 0)
            }
            try await withCache(cacheFolder) { cache in
                let object = try await cache.open(id, source: source)
                #expect(try await object.bytes(0..<id.size) == source.known.bytes(0..<id.size))
                #expect(object.completeDescriptor != nil)
                let second = FakeSource(other)
                let object2 = try await cache.open(other, source: second)
                #expect(try await object2.bytes(0..<id.size) == second.known.bytes(0..<id.size))
            }
        }
    }

    @Test("Verification finds what is bad, and drops it")
    func verification() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 12 * block)
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: FakeSource(id))
                try await object.warm(0..<id.size)
            }
            let data = files(of: id, in: folder + "/cache").data
            for number in [2, 11] { try Self.flip(data, at: number * block, mask: 1) }
            try await withCache(folder + "/cache") { cache in
                let first = cache.verify()
                #expect(first.blocks == 12 && first.badBlocks == 2 && first.objects == 1)
                let second = cache.verify()
                #expect(second.blocks == 10 && second.badBlocks == 0)
                #expect(cache.objects().map(\.blocks) == [10])
            }
        }
    }

    @Test("The scrubber finds a bad block of an object that nobody has open")
    func scrubbing() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 12 * block)
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: FakeSource(id))
                try await object.warm(0..<id.size)
            }
            try Self.flip(files(of: id, in: folder + "/cache").data, at: 5 * block, mask: 1)
            var limits = testLimits()
            limits.scrubRate = 100 << 20
            try await withCache(folder + "/cache", limits) { cache in
                #expect(await soon { cache.counters.badBlocks == 1 })
                #expect(cache.objects().map(\.blocks) == [11])
            }
        }
    }

    @Test("A whole object is served as a file once all of it was checked in the background")
    func completeFile() async throws {
        try await withTemporaryFolder { folder in
            let id = objectID(size: 40 * block + 3)
            let source = FakeSource(id)
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                #expect(object.completeDescriptor == nil)
                try await object.warm(0..<id.size)
                #expect(await soon { object.completeDescriptor != nil })
            }
            try await withCache(folder + "/cache") { cache in
                let object = try await cache.open(id, source: source)
                #expect(await soon { object.completeDescriptor != nil })
                let descriptor = try #require(object.completeDescriptor)
                var bytes = [UInt8](repeating: 0, count: Int(id.size))
                #expect(pread(descriptor, &bytes, bytes.count, 0) == bytes.count)
                #expect(bytes == source.known.bytes(0..<id.size))
                #expect(pwrite(descriptor, &bytes, 1, 0) < 0)
                #expect(object.bytesNow(3..<90_000) == source.known.bytes(3..<90_000))
                object.close()
                // Known to be good as long as nobody touches the files.
                let again = try await cache.open(id, source: source)
                #expect(again.completeDescriptor != nil)
            }
            #expect(source.requests.map(\.count).reduce(0, +) == Int(id.size))
        }
    }
}
