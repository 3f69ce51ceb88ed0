internal import VolumeModel

/// Gathers the bytes of one leaf after the other, and hands on those that are what was published.
struct LeafCheck {
    private var next: Int
    private let digest: TreeDigest
    private let size: Int64
    private let known: [UInt8]
    private var hasher = LeafHasher()
    private var bytes: [UInt8] = []
    private var isRejected = false

    /// - Parameters:
    ///   - next: the first leaf that comes.
    ///   - known: the hashes of all leaves; empty where there is one.
    init(next: Int, digest: TreeDigest, size: Int64, known: [UInt8]) {
        self.next = next
        self.digest = digest
        self.size = size
        self.known = known
    }

    /// Takes the bytes that come next, in pieces of any size.
    ///
    /// - Parameters:
    ///   - reject: makes the error for a leaf that is another.
    ///   - accept: gets each leaf that is whole and right, with where it begins.
    /// - Throws: that error, and what `accept` throws.
    mutating func take(
        _ piece: UnsafeRawBufferPointer, reject: (Int) -> PerigeeError,
        accept: (UnsafeRawBufferPointer, Int64) throws(PerigeeError) -> Void
    ) throws(PerigeeError) {
        guard !isRejected else { throw reject(next) }
        var rest = piece
        while !rest.isEmpty {
            let range = digest.bytes(ofLeaf: next, size: size)
            // More bytes than the file has are the source's fault, and nothing that was asked for.
            guard !range.isEmpty else { throw reject(next) }
            let count = min(rest.count, range.count - bytes.count)
            let part = UnsafeRawBufferPointer(rebasing: rest[..<count])
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if bytes.isEmpty { bytes.reserveCapacity(range.count) }
            bytes.append(contentsOf: part)
            hasher.update(part)
            guard bytes.count == range.count else { return }
            let hash = hasher.finalize()
            hasher = LeafHasher()
            guard isPublished(hash) else {
                isRejected = true
                bytes = []
                throw reject(next)
            }
            next += 1
            let result = bytes.withUnsafeBytes { leaf -> Result<Void, PerigeeError> in
                do throws(PerigeeError) {
                    return .success(try accept(leaf, range.lowerBound))
                } catch {
                    return .failure(error)
                }
            }
            bytes.removeAll(keepingCapacity: true)
            try result.get()
        }
    }

    private func isPublished(_ hash: [UInt8]) -> Bool {
        if known.isEmpty {
            // Of a file of one leaf, the root alone tells.
            return next == 0 && size <= Int64(digest.leafSize)
                && TreeDigest(leaves: hash, size: size, leafSize: digest.leafSize).root
                    == digest.root
        }
        let start = next * TreeDigest.hashSize
        return start + TreeDigest.hashSize <= known.count
            && known[start..<start + TreeDigest.hashSize].elementsEqual(hash)
    }
}
