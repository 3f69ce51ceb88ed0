internal import CKernel
internal import Glibc

/// What is left of a closed object when only its pinned blocks stay.
struct PinnedRest {
    /// The map, locked by the caller.
    let map: Int32
    let paths: ObjectPaths

    /// Takes the other blocks away.
    ///
    /// - Returns: bytes that are left; nil where nothing is pinned, or it cannot be done.
    func shrink() -> Int64? {
        guard let (header, length) = StoredObject.header(of: map),
            header.id.size <= BlockCache.largestObject
        else { return nil }
        let geometry = BlockGeometry(size: header.id.size)
        var raw = [UInt64](repeating: 0, count: geometry.count)
        let count = raw.count * BlockRecord.size
        guard raw.withUnsafeMutableBytes({ pread(map, $0.baseAddress, count, length) }) == count
        else { return nil }
        var pinned: [Int] = []
        var others: [Range<Int>] = []
        var otherCount = 0
        for (block, number) in raw.enumerated() {
            let record = BlockRecord(rawValue: UInt64(littleEndian: number))
            guard !record.flags.isDisjoint(with: [.durable, .written]) else { continue }
            if record.flags.contains(.pinned) {
                pinned.append(block)
            } else {
                raw[block] = 0
                otherCount += 1
                SharedObject.Claim.add(block, to: &others)
            }
        }
        guard !pinned.isEmpty else { return nil }
        let data = perigee_open_block_file(paths.data, 0, 0)
        guard data >= 0 else { return nil }
        defer { close(data) }
        guard ObjectFiles.use(data, .exclusive) else { return nil }
        if !others.isEmpty {
            // The map first: it must not name what is gone.
            guard raw.withUnsafeBytes({ pwrite(map, $0.baseAddress, count, length) }) == count
            else { return nil }
            let isWhole = pinned.count + otherCount == geometry.count
            let isDone =
                isWhole
                ? copy(pinned, of: geometry, from: data) : punch(others, of: geometry, in: data)
            guard isDone else { return nil }
        }
        var facts = perigee_stat()
        guard perigee_stat_at(AT_FDCWD, paths.data, &facts) == 0 else { return nil }
        return Int64(facts.blocks) * 512 + Int64(length + count)
    }

    private func punch(_ runs: [Range<Int>], of geometry: BlockGeometry, in data: Int32) -> Bool {
        runs.allSatisfy { run in
            let bytes = geometry.bytes(of: run)
            return perigee_punch_hole(data, bytes.lowerBound, Int64(bytes.count)) == 0
        }
    }

    /// A whole object's file is never punched, since a kernel may read it: the pinned blocks move to
    /// a file of their own, which takes its place.
    private func copy(_ blocks: [Int], of geometry: BlockGeometry, from data: Int32) -> Bool {
        let new = "\(paths.data).new-\(getpid())"
        let file = perigee_open_block_file(new, 1, 0)
        guard file >= 0 else { return false }
        defer {
            close(file)
            unlink(new)
        }
        guard ftruncate(file, Int(geometry.size)) == 0 else { return false }
        for block in blocks {
            let range = geometry.bytes(of: block)
            var bytes = [UInt8](repeating: 0, count: range.count)
            guard pread(data, &bytes, bytes.count, Int(range.lowerBound)) == bytes.count,
                pwrite(file, bytes, bytes.count, Int(range.lowerBound)) == bytes.count
            else { return false }
        }
        // What the map calls durable has to be.
        return fdatasync(file) == 0 && rename(new, paths.data) == 0
    }
}
