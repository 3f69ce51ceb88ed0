internal import Crypto
internal import VolumeModel

/// Makes several digests of content in one pass.
struct ContentHasher {
    private var sha256: SHA256?
    private var md5: Insecure.MD5?
    private var tree: TreeHasher?

    /// - Parameters:
    ///   - algorithms: the plain digests that are wanted.
    ///   - leafSize: bytes of a leaf of the tree digest; nil where none is wanted.
    init(_ algorithms: Set<DigestAlgorithm>, leafSize: Int? = nil) {
        sha256 = algorithms.contains(.sha256) ? SHA256() : nil
        md5 = algorithms.contains(.md5) ? Insecure.MD5() : nil
        tree = leafSize.map { TreeHasher(leafSize: $0) }
    }

    /// Adds bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256?.update(bufferPointer: bytes)
        md5?.update(bufferPointer: bytes)
        tree?.update(bytes)
    }

    /// The digests of all that came.
    mutating func finalize() -> Digests {
        var made = Digests()
        made.sha256 = sha256.map { Array($0.finalize()) }
        made.md5 = md5.map { Array($0.finalize()) }
        made.tree = tree?.finalize()
        return made
    }

    /// What was asked for.
    struct Digests: Sendable {
        var sha256: [UInt8]?
        var md5: [UInt8]?
        var tree: (digest: TreeDigest, leaves: [UInt8])?

        /// The bytes of one of them; of a tree its root.
        subscript(algorithm: DigestAlgorithm) -> [UInt8]? {
            switch algorithm {
            case .sha256: sha256
            case .md5: md5
            case .tree: tree?.digest.root
            }
        }
    }
}
