internal import FuseKernel
internal import VolumeFileSystem
internal import VolumeModel

/// LOOKUP, listings, attributes, STATFS.
extension MountHandler {
    func lookup(
        _ name: UnsafeRawBufferPointer, in parent: Node, _ reply: FuseReply
    ) throws(PerigeeError) {
        let times = times
        guard let found = try system.lookup(name, in: parent) else {
            reply.entry(.absent(for: times.absence))
            return
        }
        reply.entry(entry(found.attributes, found.lifetime, times))
    }

    func list(
        _ handle: FuseHandle, _ offset: UInt64, _ kind: DirectoryBuffer.Kind,
        _ memory: consuming DirectoryBuffer, _ reply: FuseReply
    ) throws(PerigeeError) {
        var buffer = memory
        let times = times
        try system.list(handle.rawValue, from: offset, counting: kind == .plus) {
            name, attributes, lifetime, next in
            guard let lifetime else {
                return buffer.append(
                    name, inode: NodeID(rawValue: attributes.node.value), mode: attributes.mode,
                    next: next)
            }
            return buffer.append(name, entry(attributes, lifetime, times), next: next)
        }
        reply.directory(buffer)
    }

    func attributes(_ attributes: NodeAttributes) -> FuseAttributes {
        let time = attributes.modified.nanoseconds
        return FuseAttributes(
            node: NodeID(rawValue: attributes.node.value), size: UInt64(max(attributes.size, 0)),
            mode: attributes.mode, linkCount: attributes.linkCount, uid: uid, gid: gid,
            accessTime: time, modificationTime: time, changeTime: time,
            blockSize: NodeAttributes.blockSize)
    }

    func statistics() -> FuseStatistics {
        let totals = system.totals()
        return FuseStatistics(
            blocks: totals.bytes / UInt64(Self.statisticsBlock)
                + (totals.bytes % UInt64(Self.statisticsBlock) == 0 ? 0 : 1),
            files: totals.nodes, blockSize: Self.statisticsBlock,
            fragmentSize: Self.statisticsBlock, nameLength: UInt32(EntryPath.longestSegment))
    }

    private func entry(
        _ found: NodeAttributes, _ lifetime: CacheLifetime, _ times: KernelTimes
    ) -> FuseEntry {
        FuseEntry(
            node: NodeID(rawValue: found.node.value), attributes: attributes(found),
            entryTimeout: times.time(of: lifetime), attributeTimeout: times.attributes)
    }

    private static let statisticsBlock: UInt32 = 4096
}
