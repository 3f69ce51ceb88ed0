internal import Dispatch
package import Logging
internal import Synchronization
package import VolumeModel

/// Bytes of remote objects on this node's disk: in blocks of 64 KiB, verified before use, bounded,
/// and shared with the other processes that use the same folder.
///
/// No fault of the disk reaches a reader: where it is full, read-only, broken or gone, bytes pass by
/// it. What a reader gets was delivered by the source of that very version, or compared with the
/// CRC32C of what was delivered.
package final class BlockCache: Sendable {
    let core: CacheCore
    private let registry = Mutex(Registry())
    private let keeper: CacheKeeper

    private struct Registry {
        var objects: [CachedObjectID: SharedObject] = [:]
        var byKey: [ObjectKey: SharedObject] = [:]
        var isClosed = false
    }

    /// Objects with more bytes pass by: their maps would be too long.
    package static let largestObject: Int64 = 1 << 40

    /// Opens the cache in a folder, which is made where it is missing.
    ///
    /// Does not wait for what lies in the folder: that is read in the background.
    /// - Parameter folder: an absolute path.
    /// - Throws: `.newerFormat`, `.accessDenied` where it is another user's or open to others,
    ///   `.notADirectory`, `.invalidArgument` where it holds something else or lies on a network.
    package init(folder: String, limits: CacheLimits, logger: Logger) throws(PerigeeError) {
        let place = CacheFolder(path: folder)
        let fault = try place.prepare()
        core = CacheCore(folder: place, limits: limits, logger: logger)
        keeper = CacheKeeper(core: core)
        if let fault {
            logger.warning(
                "the cache folder cannot be used now; bytes pass by it",
                metadata: [
                    "folder": "\(Printable.quoted(folder))", "because": "\(fault)",
                ])
            core.diskFailed(fault, "opening the cache")
        }
        keeper.start { [weak self] in self?.registry.withLock(\.byKey) ?? [:] }
    }

    deinit { keeper.stop() }

    /// Opens one version of an object.
    ///
    /// - Parameters:
    ///   - source: where bytes come from that the cache does not have.
    ///   - group: the volume, or the session: groups have equal shares of the requests to origins.
    /// - Throws: `.invalidArgument` where the size is negative; `.cancelled` after `shutDown`.
    package func open(_ id: CachedObjectID, source: any BlockSource, group: String = "")
        async throws(PerigeeError) -> CachedObject
    {
        guard id.size >= 0 else {
            throw PerigeeError(
                .invalidArgument,
                "\(Printable.quoted(id.key)) cannot have \(id.size) bytes")
        }
        let shared = registry.withLock { registry -> SharedObject? in
            if registry.isClosed { return nil }
            let shared: SharedObject
            if let there = registry.objects[id] {
                shared = there
            } else {
                shared = SharedObject(id, core: core)
                registry.objects[id] = shared
                if let key = shared.key { registry.byKey[key] = shared }
            }
            shared.state.withLock { state in
                state.handles += 1
                state.source = (source, group)
            }
            return shared
        }
        guard let shared else {
            throw PerigeeError(.cancelled, "the cache is being closed")
        }
        let object = CachedObject(shared, source: source, group: group) { [weak self] shared in
            self?.closed(shared)
        }
        guard shared.isCacheable else { return object }
        let isOpened: Void? = await core.onDisk(until: core.diskDeadline) { shared.openFiles() }
        if isOpened == nil, !Task.isCancelled { core.diskWasLate("opening files of the cache") }
        keeper.checkRest(of: shared)
        return object
    }

    /// Whether every block of an object is there, be it that some have to be checked before they are
    /// used. Makes and fetches nothing.
    package func holdsAll(of id: CachedObjectID) async -> Bool {
        guard (0...Self.largestObject).contains(id.size), core.mayRead else { return false }
        if let shared = registry.withLock({ $0.objects[id] }) { return shared.isAllPresent }
        let core = core
        let isWhole = await core.onDisk(until: core.diskDeadline) {
            StoredObject(at: core.folder.paths(of: id.fileName))?.isComplete ?? false
        }
        return isWhole ?? false
    }

    private func closed(_ shared: SharedObject) {
        let isLast = registry.withLock { registry in
            let handles = shared.state.withLock { state in
                state.handles -= 1
                if state.handles == 0 { state.source = nil }
                return state.handles
            }
            guard handles == 0 else { return false }
            if registry.objects[shared.id] === shared { registry.objects[shared.id] = nil }
            if let key = shared.key, registry.byKey[key] === shared { registry.byKey[key] = nil }
            return true
        }
        if isLast { shared.remember() }
    }

    /// Makes what was fetched durable, and ends the cache's threads; reads that are under way go
    /// on.
    package func shutDown() async {
        registry.withLock { $0.isClosed = true }
        keeper.stop()
        let core = core
        _ = await core.onDisk(until: .now + .seconds(30)) {
            for object in core.takeDirty() { object.sync() }
        }
    }

    /// What the cache has done since it was opened.
    package var counters: CacheCounters { core.tally.snapshot }

    /// How its disk does.
    package var diskState: DiskHealth.State { core.diskState }

    /// Bytes on disk, as far as the folder has been read through, and bytes of blocks in memory.
    package var usage: (disk: Int64, objects: Int, memory: Int, isIndexed: Bool) {
        (core.index.bytes, core.index.count, core.memory.used, core.index.isIndexed)
    }
}
