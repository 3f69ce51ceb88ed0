internal import Glibc
internal import Origins
internal import VolumeModel

/// Reads a file of an origin through once, under the check that it stays the same.
struct FileHasher {
    private let root: POSIXRoot

    init(root: POSIXRoot) { self.root = root }

    /// The digests of a file's content.
    ///
    /// - Parameters:
    ///   - hasher: what they are made by, at its beginning.
    ///   - report: gets the bytes of each piece that was read; false from it ends the work.
    /// - Throws: `.stale` where the file is not, or does not stay, as expected; `.cancelled`;
    ///   `.originDenied`, `.originUnavailable`.
    func hash(
        _ path: [UInt8], expecting expected: POSIXRoot.Expected, by hasher: ContentHasher,
        report: (Int) -> Bool
    ) throws(PerigeeError) -> ContentHasher.Digests {
        let file = try root.open(path, expecting: expected)
        defer { file.close() }
        var hasher = hasher
        let size = Int(expected.size)
        let capacity = min(max(size, 1), 1 << 20)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 4_096)
        defer { buffer.deallocate() }
        var offset = 0
        while offset < size {
            let got = try file.readBlocking(into: buffer, at: Int64(offset))
            guard got > 0 else {
                try file.confirm()
                throw PerigeeError(.stale, "\(Printable.quoted(path)) ends before its size")
            }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            offset += got
            guard report(got) else {
                throw PerigeeError(
                    .cancelled, "stopped while reading \(Printable.quoted(path))",
                    remedy: "nothing was changed; run it again")
            }
        }
        try file.confirm()
        return hasher.finalize()
    }
}
