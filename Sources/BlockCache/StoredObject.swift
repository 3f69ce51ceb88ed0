internal import CKernel
internal import Glibc

/// An object version that lies in the cache's folder, for listings.
package struct StoredObject: Hashable, Sendable {
    /// The version.
    package let id: CachedObjectID
    /// The name of its files.
    package let name: String
    /// Bytes on disk, by real blocks.
    package let bytesOnDisk: Int64
    /// Blocks that are there.
    package let blocks: Int
    /// Those of them that eviction leaves for last.
    package let pinnedBlocks: Int
    /// When it was last opened or filled: seconds since 1970.
    package let lastUse: Int64

    /// Whether all of it is there.
    package var isComplete: Bool { blocks == BlockGeometry(size: id.size).count }

    /// What a map says of itself; nil where it is none that can be read.
    static func id(at paths: ObjectPaths) -> CachedObjectID? {
        let map = perigee_open_block_file(paths.map, 0, 1)
        guard map >= 0 else { return nil }
        defer { close(map) }
        return header(of: map)?.header.id
    }

    /// The object whose files these are; nil where they cannot be read.
    init?(at paths: ObjectPaths) {
        let map = perigee_open_block_file(paths.map, 0, 1)
        guard map >= 0 else { return nil }
        defer { close(map) }
        guard let (header, length) = Self.header(of: map), header.id.fileName == paths.name,
            header.id.size <= BlockCache.largestObject
        else { return nil }
        let count = BlockGeometry(size: header.id.size).count
        var raw = [UInt64](repeating: 0, count: count)
        let got = raw.withUnsafeMutableBytes { pread(map, $0.baseAddress, $0.count, length) }
        guard got == count * BlockRecord.size else { return nil }
        let records = raw.lazy.map { BlockRecord(rawValue: UInt64(littleEndian: $0)) }
        let boot = BlockRecord.presentBoot
        var mapFacts = perigee_stat()
        var dataFacts = perigee_stat()
        guard perigee_stat_descriptor(map, &mapFacts) == 0,
            perigee_stat_at(AT_FDCWD, paths.data, &dataFacts) == 0
        else { return nil }
        id = header.id
        name = paths.name
        bytesOnDisk = Int64(mapFacts.blocks + dataFacts.blocks) * 512
        blocks = records.count { $0.isPresent(boot: boot) }
        pinnedBlocks = records.count {
            $0.isPresent(boot: boot) && $0.flags.contains(.pinned)
        }
        lastUse = mapFacts.mtime_ns / 1_000_000_000
    }

    /// The header of an open map, and its length; nil where it cannot be read.
    static func header(of map: Int32) -> (header: MapHeader, length: Int)? {
        var bytes = [UInt8](repeating: 0, count: MapHeader.unit)
        guard pread(map, &bytes, bytes.count, 0) == bytes.count,
            let length = try? MapHeader.length(of: bytes)
        else { return nil }
        if length > bytes.count {
            bytes = [UInt8](repeating: 0, count: length)
            guard pread(map, &bytes, length, 0) == length else { return nil }
        }
        guard let header = try? MapHeader(bytes) else { return nil }
        return (header, length)
    }
}
