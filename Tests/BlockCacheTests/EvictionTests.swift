import BlockCache
import Glibc
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Eviction", .timeLimit(.minutes(5)))
struct EvictionTests {
    /// Bytes of all files below a folder, by real blocks.
    private static func diskUsage(_ folder: String) -> Int64 {
        var total: Int64 = 0
        guard let stream = opendir(folder) else { return 0 }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            var facts = stat()
            guard lstat("\(folder)/\(name)", &facts) == 0 else { continue }
            if facts.st_mode & S_IFMT == S_IFDIR {
                total += diskUsage("\(folder)/\(name)")
            } else {
                total += Int64(facts.st_blocks) * 512
            }
        }
        return total
    }

    /// Reads so many other objects.
    private static func fill(_ cache: BlockCache, objects: Int, blocks: Int) async throws {
        for number in 0..<objects {
            let id = objectID("other-\(number)", size: blocks * block)
            let object = try await cache.open(id, source: FakeSource(id))
            try await object.warm(0..<id.size)
            object.close()
        }
    }

    private static func read(_ descriptor: Int32, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        return pread(descriptor, &bytes, count, 0) == count ? bytes : []
    }

    @Test("A scan of things read once does not push out what is read again and again")
    func scanResistance() {
        var queue = EvictionQueue<Int>()
        func room() {
            while queue.bytes > 1_000, let next = queue.next() { queue.remove(next) }
        }
        for key in 0..<50 { queue.insert(key, bytes: 10) }
        for _ in 0..<2 { for key in 0..<50 { queue.use(key) } }
        for key in 1_000..<20_000 {
            queue.insert(key, bytes: 10)
            if key % 400 == 0 { for daily in 0..<50 { queue.use(daily) } }
            room()
        }
        #expect((0..<50).allSatisfy { queue.contains($0) })
        #expect(queue.bytes <= 1_000)
    }

    @Test("What comes back soon after it left stays longer the second time")
    func ghosts() {
        var queue = EvictionQueue<Int>()
        for key in 0..<100 { queue.insert(key, bytes: 10) }
        let first = queue.next()
        #expect(first == 0)
        queue.remove(0)
        queue.insert(0, bytes: 10)
        for _ in 0..<50 { if let next = queue.next() { queue.remove(next) } }
        #expect(queue.contains(0))
    }

    @Test("Weights and places are kept through random operations")
    func model() {
        var random = SeededRandom(announcing: "eviction queue")
        var queue = EvictionQueue<Int>()
        var model: [Int: Int64] = [:]
        for _ in 0..<20_000 {
            let key = random.below(200)
            switch random.below(6) {
            case 0, 1:
                let bytes = Int64(random.below(100))
                queue.insert(key, bytes: bytes)
                model[key] = bytes
            case 2:
                queue.use(key)
            case 3:
                queue.add(5, to: key)
                if let bytes = model[key] { model[key] = bytes + 5 }
            case 4:
                queue.remove(key)
                model[key] = nil
            default:
                guard let next = queue.next() else {
                    #expect(model.isEmpty)
                    continue
                }
                #expect(model[next] != nil)
                if random.once(in: 2) {
                    queue.keep(next)
                } else {
                    queue.remove(next)
                    model[next] = nil
                }
            }
            #expect(queue.count == model.count)
            #expect(queue.bytes == model.values.reduce(0, +))
        }
        var left = 0
        while let next = queue.next() {
            queue.remove(next)
            left += 1
        }
        #expect(left == model.count)
    }

    @Test("Bytes on disk stay below the watermark, whatever is read")
    func bounded() async throws {
        try await withTemporaryFolder { folder in
            let limit: Int64 = 8 << 20
            try await withCache(folder + "/cache", testLimits(bytes: limit)) { cache in
                for number in 0..<60 {
                    let id = objectID("object-\(number)", size: 8 * block + number)
                    let source = FakeSource(id)
                    let object = try await cache.open(id, source: source)
                    #expect(try await object.bytes(0..<id.size) == source.known.bytes(0..<id.size))
                    object.close()
                }
                #expect(await soon { Self.diskUsage(folder) <= limit })
                #expect(cache.counters.evictions > 20)
            }
        }
    }

    @Test(
        "An object larger than the cache is read through it, while blocks leave behind the reader")
    func largerThanCache() async throws {
        try await withTemporaryFolder { folder in
            let limit: Int64 = 6 << 20
            try await withCache(folder + "/cache", testLimits(bytes: limit)) { cache in
                let id = objectID(size: 400 * block + 3)
                let source = FakeSource(id)
                let object = try await cache.open(id, source: source)
                for _ in 0..<2 {
                    var at: Int64 = 0
                    while at < id.size {
                        let next = min(at + 131_072, id.size)
                        #expect(
                            try await object.bytes(at..<next) == source.known.bytes(at..<next))
                        at = next
                    }
                }
                #expect(await soon { Self.diskUsage(folder) <= limit })
                #expect(cache.counters.evictions > 0)
            }
        }
    }

    @Test("A descriptor that was given out goes on having all bytes when its object is evicted")
    func givenOut() async throws {
        try await withTemporaryFolder { folder in
            try await withCache(folder + "/cache", testLimits(bytes: 3 << 20)) { cache in
                let id = objectID("kept", size: 20 * block)
                let source = FakeSource(id)
                let object = try await cache.open(id, source: source)
                try await object.warm(0..<id.size)
                #expect(await soon { object.completeDescriptor != nil })
                let descriptor = try #require(object.completeDescriptor)
                try await Self.fill(cache, objects: 10, blocks: 10)
                #expect(await soon { cache.counters.evictions > 5 })
                let bytes = Self.read(descriptor, count: Int(id.size))
                #expect(bytes == source.known.bytes(0..<id.size))
            }
        }
    }

    @Test("Pinned blocks outlive the others")
    func pinned() async throws {
        try await withTemporaryFolder { folder in
            try await withCache(folder + "/cache", testLimits(bytes: 4 << 20)) { cache in
                let id = objectID("pinned", size: 40 * block)
                let source = FakeSource(id)
                let object = try await cache.open(id, source: source)
                object.pin([0..<Int64(2 * block)])
                try await object.warm(0..<Int64(20 * block))
                object.close()
                // It is passed over while its blocks are being made durable.
                #expect(
                    try await soon {
                        try await Self.fill(cache, objects: 12, blocks: 16)
                        return cache.objects().first { $0.id == id }?.blocks != 20
                    })
                let left = cache.objects().first { $0.id == id }
                #expect(left?.pinnedBlocks == 2)
                #expect(left?.blocks == 2)
                let asked = source.requests.count
                let again = try await cache.open(id, source: source)
                #expect(try await again.bytes(0..<100_000) == source.known.bytes(0..<100_000))
                #expect(source.requests.count == asked)
            }
        }
    }

    @Test("What was asked to go goes, and the listing says what is there")
    func evictMatching() async throws {
        try await withTemporaryFolder { folder in
            try await withCache(folder + "/cache") { cache in
                for name in ["a/1", "a/2", "b/1"] {
                    let id = objectID(name, size: 3 * block)
                    let object = try await cache.open(id, source: FakeSource(id))
                    _ = try await object.bytes(0..<id.size)
                    object.close()
                }
                #expect(await soon { cache.objects().filter(\.isComplete).count == 3 })
                let removed = cache.evict { $0.id.key.starts(with: Array("a/".utf8)) }
                #expect(removed.objects == 2 && removed.bytes >= Int64(6 * block))
                #expect(cache.objects().map(\.id.key) == [Array("b/1".utf8)])
            }
        }
    }

    @Test(
        "The folder is read in the background, and old objects leave for new ones after a restart")
    func restart() async throws {
        try await withTemporaryFolder { folder in
            try await withCache(folder + "/cache") { cache in
                for number in 0..<20 {
                    let id = objectID("old-\(number)", size: 8 * block)
                    let object = try await cache.open(id, source: FakeSource(id))
                    try await object.warm(0..<id.size)
                    object.close()
                }
            }
            try await withCache(folder + "/cache", testLimits(bytes: 4 << 20)) { cache in
                #expect(await soon { cache.usage.isIndexed })
                #expect(await soon { Self.diskUsage(folder) <= 4 << 20 })
                #expect(await soon { cache.usage.disk <= 4 << 20 })
            }
        }
    }
}
