internal import BlockCache
internal import Glibc
internal import Logging
internal import PerigeeTesting
internal import VolumeModel

/// A process of its own on a cache's folder, for tests of what several processes do and of what a
/// kill leaves.
///
/// `BlockCacheChild all|random FOLDER LOG SEED OBJECTS SIZE SECONDS LATENCY` reads objects of SIZE
/// bytes: all of each once, or anything for SECONDS. Each request to the source waits LATENCY ms
/// and is a line in LOG. Ends with 3 where a byte was wrong, with 4 where a read failed.
@main
struct BlockCacheChild {
    static func main() async throws {
        let words = CommandLine.arguments
        let numbers = words.dropFirst(4).compactMap { Int($0) }
        guard words.count == 9, numbers.count == 5 else { exit(2) }
        var limits = CacheLimits(bytes: 10 << 30, memory: 16 << 20)
        limits.minimumFree = 0
        limits.syncInterval = .milliseconds(20)
        let log = Glibc.open(words[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let cache = try BlockCache(
            folder: words[2], limits: limits, logger: Logger(label: "child"))
        let child = Self(
            cache: cache, log: log, latency: .milliseconds(numbers[4]), size: Int64(numbers[2]))
        if words[1] == "all" {
            try await child.readAll(objects: numbers[1])
        } else {
            try await child.readAnything(
                seed: UInt64(numbers[0]), objects: numbers[1], seconds: numbers[3])
        }
        await cache.shutDown()
    }

    let cache: BlockCache
    let log: Int32
    let latency: Duration
    let size: Int64

    private func readAll(objects: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<objects * 4 {
                group.addTask {
                    let (object, known) = try await self.open(number % objects)
                    defer { object.close() }
                    var at: Int64 = 0
                    while at < self.size {
                        let next = min(at + 131_072, self.size)
                        await self.compare(object, at..<next, known)
                        at = next
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func readAnything(seed: UInt64, objects: Int, seconds: Int) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<4 {
                group.addTask {
                    var random = SeededRandom(seed: seed &+ UInt64(reader))
                    while ContinuousClock.now < end {
                        let (object, known) = try await self.open(random.below(objects))
                        defer { object.close() }
                        for _ in 0..<random.below(20) {
                            let start = Int64(random.below(Int(self.size)))
                            let range = start..<min(self.size, start + Int64(random.below(400_000)))
                            await self.compare(object, range, known)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func open(_ number: Int) async throws -> (CachedObject, KnownBytes) {
        let key = Array("object-\(number)".utf8)
        let id = CachedObjectID(root: "s3://bucket", key: key, version: [1], size: size)
        let known = KnownBytes(key, version: [1])
        let source = LoggedSource(known: known, number: number, log: log, latency: latency)
        return (try await cache.open(id, source: source), known)
    }

    private func compare(_ object: CachedObject, _ range: Range<Int64>, _ known: KnownBytes) async {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: range.count + 1, alignment: 16)
        defer { buffer.deallocate() }
        do {
            try await object.read(range, into: buffer)
        } catch {
            print(error)
            exit(4)
        }
        let isEqual = known.bytes(range).withUnsafeBytes {
            $0.count == 0 || memcmp($0.baseAddress!, buffer.baseAddress!, $0.count) == 0
        }
        if !isEqual { exit(3) }
    }
}

/// A source of known bytes that writes down what it was asked.
private struct LoggedSource: BlockSource {
    let known: KnownBytes
    let number: Int
    let log: Int32
    let latency: Duration

    func fetch(
        _ range: Range<Int64>,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        let line = Array("\(number) \(range.lowerBound) \(range.upperBound)\n".utf8)
        _ = write(log, line, line.count)
        var fault: PerigeeError?
        for start in stride(from: range.lowerBound, to: range.upperBound, by: 100_000) {
            do { try await Task.sleep(for: latency) } catch {
                throw PerigeeError(.cancelled, "withdrawn")
            }
            let part = start..<min(start + 100_000, range.upperBound)
            known.bytes(part).withUnsafeBytes { bytes in
                do throws(PerigeeError) { try deliver(bytes) } catch { fault = error }
            }
            if let fault { throw fault }
        }
    }
}
