internal import Synchronization

/// What the cache has done since it was opened; every number only grows.
package struct CacheCounters: Hashable, Sendable {
    /// Bytes given to readers that lay in the cache when they were asked for.
    package var hitBytes = 0
    /// Bytes given to readers that were fetched, or on their way, before they were asked for.
    package var prefetchedBytes = 0
    /// Bytes given to readers that were fetched because they were asked for.
    package var missBytes = 0
    /// Bytes given to readers that the disk was not asked to keep.
    package var bypassBytes = 0
    /// Bytes that came from origins.
    package var upstreamBytes = 0
    /// Bytes written to the cache's disk.
    package var writtenBytes = 0
    /// Requests to origins.
    package var upstreamRequests = 0
    /// Blocks whose bytes were not what the map says; each was dropped.
    package var badBlocks = 0
    /// Object versions removed, or shrunk, to make room.
    package var evictions = 0
    /// Bytes that eviction has freed.
    package var evictedBytes = 0
    /// Calls on the cache's disk that failed.
    package var diskErrors = 0
    /// Requests ahead of readers that were cut off for want of memory.
    package var cutRequests = 0
    /// Bytes that the scrubber has checked.
    package var scrubbedBytes = 0

    /// Nothing done.
    package init() {}

    /// Bytes from origins for each byte given to readers; 0 before the first.
    package var amplification: Double {
        let given = hitBytes + prefetchedBytes + missBytes + bypassBytes
        return given == 0 ? 0 : Double(upstreamBytes) / Double(given)
    }
}

/// The counters while they are counted.
final class Tally: Sendable {
    private let counters = Mutex(CacheCounters())

    var snapshot: CacheCounters { counters.withLock(\.self) }

    func add(_ count: Int = 1, to field: any WritableKeyPath<CacheCounters, Int> & Sendable) {
        counters.withLock { $0[keyPath: field] += count }
    }
}
