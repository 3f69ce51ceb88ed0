import PerigeeTesting
import Testing
import VolumeModel

@Suite("Tree digests")
struct TreeDigestTests {
    static func content(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ 7) }
    }

    private func digest(_ bytes: [UInt8], leafSize: Int, piece: Int = .max)
        -> (digest: TreeDigest, leaves: [UInt8])
    {
        var hasher = TreeHasher(leafSize: leafSize)
        var at = 0
        while at < bytes.count {
            let end = piece > bytes.count - at ? bytes.count : at + piece
            bytes[at..<end].withUnsafeBytes { hasher.update($0) }
            at = end
        }
        return hasher.finalize()
    }

    /// Made with Python's hashlib from the description: leaves as SHA-256(00 || bytes), the head by
    /// the recursion of RFC 6962, section 2.1, and the root over domain, size, leaf size and head.
    @Test(
        "The root is that of its description, for ever",
        arguments: [
            (0, 1_048_576, "4f38c0abdf972dd96ffe8ab46f49c079b52f45309d079ca0259a6296a6df843c"),
            (1, 1_048_576, "5e0df8bc18afb419d42efd96d0f562c762619e7b0321e8ab780c63e05d8c64de"),
            (
                1_048_576, 1_048_576,
                "ba5be49b2c64c7833d6dd201f0ad76f5dedd566a73116eca76b001d6341569b7"
            ),
            (
                1_048_577, 1_048_576,
                "48be2557fd4a9b7384bf644d946dbe164a58686987355cb70d90c570b9ce23ca"
            ),
            (65_536, 65_536, "3d3e4222407504669cb2c9d8dcea7123c487201166a5e82233818589690c92d5"),
            (65_536, 131_072, "b4fe21e15a7aae1a5fb9be78e9f9b497e1ce6bab2768f5d8c2d64f3edebd276e"),
            (196_608, 65_536, "650d8ab616246652cd62f66764918185e3e620b8256027300e4c6104b305bd55"),
            (458_751, 65_536, "6a4dc41d5a3393d328c87c7674569ad94be3969179dad2b3f7764ddd47abd814"),
            (524_288, 65_536, "abf1e96514e8c253055c94915f2f4a812e9007a181d7627c30e400601d444816"),
            (720_901, 65_536, "530eac0dd76dfb9ffbf9fe21dfc432f42dce19a0fa9fd6f3f80749a421ce53b4"),
        ])
    func vectors(size: Int, leafSize: Int, root: String) {
        let made = digest(Self.content(size), leafSize: leafSize)
        #expect(Hex.encode(made.digest.root) == root)
        #expect(
            made.leaves.count / 32 == TreeDigest.leafCount(of: Int64(size), leafSize: leafSize))
    }

    @Test("It makes no difference in which pieces content comes")
    func pieces() {
        let bytes = Self.content(300_001)
        let whole = digest(bytes, leafSize: 65_536)
        for piece in [1, 1_000, 65_535, 65_536, 65_537, 200_000] {
            let made = digest(bytes, leafSize: 65_536, piece: piece)
            #expect(made.digest == whole.digest && made.leaves == whole.leaves)
        }
    }

    @Test("Any other content, size or leaf has another root, and nodes are no leaves")
    func differences() {
        var bytes = Self.content(200_000)
        var roots: Set<[UInt8]> = [digest(bytes, leafSize: 65_536).digest.root]
        roots.insert(digest(bytes, leafSize: 131_072).digest.root)
        roots.insert(digest(Array(bytes.dropLast()), leafSize: 65_536).digest.root)
        roots.insert(digest(bytes + [0], leafSize: 65_536).digest.root)
        for at in [0, 65_535, 65_536, 199_999] {
            bytes[at] ^= 1
            roots.insert(digest(bytes, leafSize: 65_536).digest.root)
            bytes[at] ^= 1
        }
        // The hashes of two leaves as the content of one.
        roots.insert(
            digest(Array(digest(bytes, leafSize: 65_536).leaves.prefix(64)), leafSize: 65_536)
                .digest.root)
        #expect(roots.count == 9)
    }

    @Test("Sizes of leaves are powers of two between a block and 64 MiB")
    func leafSizes() {
        let root = [UInt8](repeating: 1, count: 32)
        for size in [65_536, 131_072, 1 << 20, 1 << 26] {
            #expect(TreeDigest(root: root, leafSize: size) != nil)
        }
        for size in [-65_536, 0, 1, 32_768, 65_537, 3 << 16, 1 << 27, .max, .min] {
            #expect(TreeDigest(root: root, leafSize: size) == nil)
        }
        #expect(TreeDigest(root: Array(root.dropLast()), leafSize: 65_536) == nil)
    }
}
