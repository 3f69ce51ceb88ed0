package import BlockCache
package import Logging
internal import Synchronization
package import VolumeModel

/// The cache of this node, opened when the first file of another machine is.
package final class NodeCache: Sendable {
    private let folder: String
    private let limits: CacheLimits
    private let logger: Logger
    private let opened = Mutex<BlockCache?>(nil)

    /// - Parameters:
    ///   - folder: an absolute path.
    ///   - bytes: what it may hold on the disk.
    package init(folder: String, bytes: Int64, logger: Logger) {
        self.folder = folder
        self.logger = logger
        limits = CacheLimits(bytes: bytes)
    }

    /// The cache.
    ///
    /// - Throws: what opening it throws.
    package func cache() throws(PerigeeError) -> BlockCache {
        let result = opened.withLock { opened -> Result<BlockCache, PerigeeError> in
            if let opened { return .success(opened) }
            do throws(PerigeeError) {
                let made = try BlockCache(folder: folder, limits: limits, logger: logger)
                opened = made
                return .success(made)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// What it has done so far; nothing where nothing of it was needed.
    package var counters: CacheCounters {
        opened.withLock(\.self)?.counters ?? CacheCounters()
    }

    /// What it holds; nil where nothing of it was needed.
    package var usage: (disk: Int64, objects: Int, memory: Int, isIndexed: Bool)? {
        opened.withLock(\.self)?.usage
    }

    /// How its disk does; nil where nothing of it was needed.
    package var diskState: DiskHealth.State? { opened.withLock(\.self)?.diskState }

    /// What it may hold on the disk, in bytes.
    package var capacity: Int64 { limits.highWatermark }

    /// Makes what was fetched last durable, so that it need not be fetched again, and ends the cache's
    /// threads.
    package func close() async { await opened.withLock(\.self)?.shutDown() }
}
