internal import Crypto
internal import Glibc
internal import Origins
internal import VolumeModel

/// Reads a file of an origin through once, under the check that it stays the same.
struct FileHasher {
    private let root: POSIXRoot
    private let algorithms: Set<DigestAlgorithm>

    init(root: POSIXRoot, algorithms: Set<DigestAlgorithm> = [.sha256]) {
        self.root = root
        self.algorithms = algorithms
    }

    /// The digests of a file's content.
    ///
    /// - Parameter report: gets the bytes of each piece that was read; false from it ends the work.
    /// - Throws: `.stale` where the file is not, or does not stay, as expected; `.cancelled`;
    ///   `.originDenied`, `.originUnavailable`.
    func hash(
        _ path: [UInt8], expecting expected: POSIXRoot.Expected, report: (Int) -> Bool
    ) throws(PerigeeError) -> [DigestAlgorithm: [UInt8]] {
        let file = try root.open(path, expecting: expected)
        defer { file.close() }
        var sha256 = SHA256()
        var md5 = Insecure.MD5()
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
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<got])
            if algorithms.contains(.sha256) { sha256.update(bufferPointer: piece) }
            if algorithms.contains(.md5) { md5.update(bufferPointer: piece) }
            offset += got
            guard report(got) else {
                throw PerigeeError(
                    .cancelled, "stopped while reading \(Printable.quoted(path))",
                    remedy: "nothing was changed; run it again")
            }
        }
        try file.confirm()
        var digests: [DigestAlgorithm: [UInt8]] = [:]
        if algorithms.contains(.sha256) { digests[.sha256] = Array(sha256.finalize()) }
        if algorithms.contains(.md5) { digests[.md5] = Array(md5.finalize()) }
        return digests
    }
}
