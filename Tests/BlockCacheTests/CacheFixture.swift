import BlockCache
import Glibc
import Logging
import PerigeeTesting
import Testing
import VolumeModel

/// Names a version for tests.
func objectID(_ key: String = "a/b.fits", version: String = "v1", size: Int) -> CachedObjectID {
    CachedObjectID(
        root: "s3://bucket", key: Array(key.utf8), version: Array(version.utf8), size: Int64(size))
}

/// Limits that do not depend on the machine.
func testLimits(bytes: Int64 = 10 << 30) -> CacheLimits {
    var limits = CacheLimits(bytes: bytes, memory: 16 << 20)
    limits.minimumFree = 0
    limits.scrubRate = 0
    limits.syncInterval = .milliseconds(50)
    return limits
}

let block = BlockGeometry.blockSize

/// Opens a cache in `folder`, and shuts it down after `body`.
func withCache<Value>(
    isolation: isolated (any Actor)? = #isolation, _ folder: String,
    _ limits: CacheLimits = testLimits(), _ body: (BlockCache) async throws -> Value
) async throws -> Value {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let cache = try BlockCache(folder: folder, limits: limits, logger: logger)
    do {
        let value = try await body(cache)
        await cache.shutDown()
        return value
    } catch {
        await cache.shutDown()
        throw error
    }
}

extension CachedObject {
    /// The bytes of a range.
    func bytes(_ range: Range<Int64>, deadline: Duration? = nil) async throws -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(1, Int(range.upperBound - range.lowerBound)), alignment: 16)
        defer { buffer.deallocate() }
        try await read(range, into: buffer, deadline: deadline)
        return Array(buffer.prefix(Int(range.upperBound - range.lowerBound)))
    }

    /// The bytes of a range where they are there now.
    func bytesNow(_ range: Range<Int64>) -> [UInt8]? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(1, Int(range.upperBound - range.lowerBound)), alignment: 16)
        defer { buffer.deallocate() }
        return readNow(range, into: buffer)
            ? Array(buffer.prefix(Int(range.upperBound - range.lowerBound))) : nil
    }
}

/// Where the files of a version lie.
func files(of id: CachedObjectID, in folder: String) -> (data: String, map: String) {
    let base = "\(folder)/v1/objects/\(id.fileName.prefix(2))/\(id.fileName)"
    return (base + ".data", base + ".map")
}

/// Waits without a fixed time until `condition` holds.
func soon(
    isolation: isolated (any Actor)? = #isolation, within seconds: Int = 60,
    _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return false
}

/// Makes a cache's folder in which nothing can be kept: a file stands where objects should lie.
func makeUselessFolder(_ folder: String) -> Bool {
    guard mkdir(folder, 0o700) == 0, mkdir(folder + "/v1", 0o700) == 0 else { return false }
    let file = open(folder + "/v1/objects", O_CREAT | O_WRONLY, 0o600)
    return file >= 0 && close(file) == 0
}
