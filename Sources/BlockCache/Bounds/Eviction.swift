internal import CKernel
internal import Glibc
internal import VolumeModel

/// Makes room: removes whole objects, and takes blocks out of those that are in use here and not
/// whole.
///
/// One process does it at a time. An object that another process has open is left to it, unless
/// nothing else is left: then its name goes, and its bytes with the last who has it open.
struct Eviction {
    let core: CacheCore

    /// How unwelcome a removal is; each lap goes further than the one before.
    private enum Lap: Int, CaseIterable {
        /// Objects that nobody has open, and blocks that were not read lately; pinned blocks stay.
        case kindly
        /// Also pinned blocks, and whole objects that are open here.
        case firmly
    }

    /// Evicts down to the low watermark where the high one is passed or the disk is full; blocks.
    func makeRoom(_ open: () -> [ObjectKey: SharedObject]) {
        let free = perigee_free_bytes(core.folder.path)
        let missing = free < 0 ? 0 : max(0, core.limits.minimumFree - free)
        let excess = core.index.excess(missing: missing)
        guard excess > 0 else { return }
        let lock = perigee_open_lock_file("\(core.folder.path)/v1/evict.lock", 0o600)
        guard lock >= 0 else { return }
        defer { close(lock) }
        guard perigee_lock(lock, 1) == 0 else { return }
        let objects = open()
        var freed: Int64 = 0
        for lap in Lap.allCases where freed < excess {
            var left = core.index.withQueue { $0.count }
            while left > 0, freed < excess,
                let key = core.index.withQueue({ $0.next() })
            {
                left -= 1
                freed += evict(key, open: objects[key], lap, wanted: excess - freed)
            }
        }
        core.tally.add(Int(freed), to: \.evictedBytes)
    }

    private func evict(_ key: ObjectKey, open: SharedObject?, _ lap: Lap, wanted: Int64) -> Int64 {
        let before = core.index.withQueue { $0.bytes(of: key) } ?? 0
        let after: Int64?
        if let open {
            after = open.shrink(by: wanted, takesAll: lap == .firmly)
        } else {
            after = shrinkClosed(core.folder.paths(of: key.name), before: before, lap)
        }
        core.index.withQueue { queue in
            guard let after else { return queue.remove(key) }
            queue.set(key, bytes: after)
            queue.keep(key)
        }
        let freed = before - (after ?? 0)
        if freed > 0 || after == nil { core.tally.add(to: \.evictions) }
        return max(0, freed)
    }

    /// Removes an object that this process does not have open, or all of it but its pinned blocks.
    ///
    /// - Returns: bytes that are left; nil where it is gone.
    private func shrinkClosed(_ paths: ObjectPaths, before: Int64, _ lap: Lap) -> Int64? {
        let map = perigee_open_block_file(paths.map, 0, 0)
        guard map >= 0 else {
            if map == -ENOENT { unlink(paths.data) }
            return map == -ENOENT ? nil : before
        }
        defer { close(map) }
        guard ObjectFiles.use(map, .exclusive) else { return before }
        if lap == .kindly, let left = PinnedRest(map: map, paths: paths).shrink() { return left }
        paths.unlink()
        return nil
    }
}
