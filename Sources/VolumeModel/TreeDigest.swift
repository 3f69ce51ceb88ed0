internal import Crypto

/// A digest of a file's content by which each part of it can be checked alone.
///
/// The content is cut into leaves of `leafSize` bytes, the last of which may be shorter. Their
/// hashes and those of the nodes above are made as in RFC 6962, section 2.1, so that no content of
/// a leaf is ever taken for a node:
///
///     leaf = SHA-256(0x00 || bytes)        node = SHA-256(0x01 || left || right)
///
/// Over n leaves the left side of a node has the largest power of two below n, and the tree of no
/// leaves is SHA-256 of nothing. The size of the content and that of a leaf go into the digest with
/// the tree's head, since the head alone does not say how deep its tree is:
///
///     SHA-256("perigee.tree.1" || 0x00 || size || leafSize || head)
///
/// with both numbers as eight bytes, the highest first.
package struct TreeDigest: Hashable, Sendable {
    /// 32 bytes that stand for the content, its size and the size of a leaf.
    package let root: [UInt8]
    /// Bytes of a leaf, a power of two.
    package let leafSize: Int

    /// Bytes of a leaf unless something else is said.
    package static let usualLeafSize = 1 << 20
    /// Bytes of a hash.
    package static let hashSize = 32
    /// The shortest leaf: a block of the cache.
    private static let shortestLeaf = 1 << 16
    /// The longest leaf, which is held in memory until it is checked.
    private static let longestLeaf = 1 << 26

    /// Nil where the root has not 32 bytes, or the leaves' size is no power of two between 64 KiB
    /// and 64 MiB.
    package init?(root: [UInt8], leafSize: Int) {
        guard root.count == Self.hashSize, Self.isLeafSize(leafSize) else { return nil }
        self.root = root
        self.leafSize = leafSize
    }

    /// Makes the digest of content whose leaves have these hashes.
    ///
    /// - Parameters:
    ///   - leaves: the hashes behind one another; as many as content of `size` bytes has leaves.
    ///   - leafSize: a size that `isLeafSize` allows.
    package init(leaves: [UInt8], size: Int64, leafSize: Int) {
        precondition(
            Self.isLeafSize(leafSize)
                && leaves.count == Self.leafCount(of: size, leafSize: leafSize) * Self.hashSize)
        var hash = FramedHash(domain: "perigee.tree.1")
        hash.update(size)
        hash.update(UInt64(leafSize))
        hash.update(fixed: Self.head(of: leaves))
        root = hash.finalize()
        self.leafSize = leafSize
    }

    /// Whether leaves can have that many bytes.
    package static func isLeafSize(_ size: Int) -> Bool {
        size >= shortestLeaf && size <= longestLeaf && size & (size - 1) == 0
    }

    /// How many leaves content of `size` bytes has; none where it is empty.
    package static func leafCount(of size: Int64, leafSize: Int) -> Int {
        let leaf = Int64(leafSize)
        return Int(size / leaf) + (size % leaf == 0 ? 0 : 1)
    }

    /// The bytes of a leaf in content of `size` bytes.
    package func bytes(ofLeaf leaf: Int, size: Int64) -> Range<Int64> {
        let start = Int64(leaf) * Int64(leafSize)
        return start..<min(start + Int64(leafSize), size)
    }

    /// The head of the tree over leaves, by joining neighbours of one height as they come: what is
    /// left on the stack in the end are the full trees that RFC 6962 splits n leaves into.
    private static func head(of leaves: [UInt8]) -> [UInt8] {
        var stack: [(height: Int, hash: [UInt8])] = []
        func join() {
            let right = stack.removeLast()
            let left = stack.removeLast()
            stack.append((left.height + 1, node(left.hash, right.hash)))
        }
        for start in stride(from: 0, to: leaves.count, by: hashSize) {
            stack.append((0, Array(leaves[start..<start + hashSize])))
            while stack.count > 1, stack[stack.count - 1].height == stack[stack.count - 2].height {
                join()
            }
        }
        while stack.count > 1 { join() }
        return stack.last?.hash ?? Array(SHA256().finalize())
    }

    private static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(1)) { hash.update(bufferPointer: $0) }
        left.withUnsafeBytes { hash.update(bufferPointer: $0) }
        right.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }
}

/// Makes the hash of one leaf from its bytes as they come.
package struct LeafHasher {
    private var hash = SHA256()

    package init() {
        withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
    }

    /// Adds bytes of the leaf.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
    }

    /// The 32 bytes.
    package func finalize() -> [UInt8] { Array(hash.finalize()) }
}

/// Makes the tree digest of content that comes in order, in pieces of any size.
///
/// Holds 32 bytes for each leaf.
package struct TreeHasher {
    /// The hashes of the leaves that are whole, behind one another.
    package private(set) var leaves: [UInt8] = []
    private let leafSize: Int
    private var size: Int64 = 0
    private var leaf = LeafHasher()
    private var filled = 0

    /// - Parameter leafSize: a size that `TreeDigest.isLeafSize` allows.
    package init(leafSize: Int) { self.leafSize = leafSize }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        size += Int64(bytes.count)
        while !rest.isEmpty {
            let count = min(rest.count, leafSize - filled)
            leaf.update(UnsafeRawBufferPointer(rebasing: rest[..<count]))
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            filled += count
            if filled == leafSize { endLeaf() }
        }
    }

    /// The digest of all that came, with the hashes of its leaves.
    package mutating func finalize() -> (digest: TreeDigest, leaves: [UInt8]) {
        if filled > 0 { endLeaf() }
        return (TreeDigest(leaves: leaves, size: size, leafSize: leafSize), leaves)
    }

    private mutating func endLeaf() {
        leaves += leaf.finalize()
        leaf = LeafHasher()
        filled = 0
    }
}
