import Catalogue
import Crypto
import PerigeeTesting
import Testing
import VolumeModel

/// The two digests of a tree, computed here from their description alone, and fixed for ever.
@Suite("Digest vectors")
struct DigestVectorTests {
    private static func hash(_ parts: [UInt8]...) -> [UInt8] {
        Array(SHA256.hash(data: parts.flatMap { $0 }))
    }

    private static func number(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
    }

    private static func counted(_ name: String) -> [UInt8] {
        [0, 0, 0, UInt8(name.utf8.count)] + Array(name.utf8)
    }

    private static func token(size: UInt64, modified: UInt64, changed: UInt64, inode: UInt64)
        -> [UInt8]
    {
        Array(
            hash(
                Array("perigee.version.1\0".utf8), number(size), number(modified), number(changed),
                number(inode)
            ).prefix(8))
    }

    private static func state(_ files: [UInt8], _ folders: [UInt8]) -> [UInt8] {
        hash(
            Array("perigee.state.folder.1\0".utf8),
            hash(Array("perigee.state.files.1\0".utf8), files), folders)
    }

    private static func content(_ files: [UInt8], _ folders: [UInt8]) -> [UInt8] {
        hash(
            Array("perigee.content.folder.1\0".utf8),
            hash(Array("perigee.content.files.1\0".utf8), files), folders)
    }

    /// `a.fits`, `d-/` (empty), `d/x` and `z`: in keys `d-/` stands before `d/`, in names `d`
    /// before `d-`.
    private static let tree = FakeTree(
        [
            "": [
                file(
                    "a.fits", size: 5, modified: 1_700_000_000_123_456_789, changed: 17, inode: 99),
                folder("d"), folder("d-"), file("z", size: 0, modified: -1, changed: 1, inode: 2),
            ],
            "d": [file("x", size: 1 << 42, modified: 0, changed: 0, inode: 3)],
            "d-": [],
        ], modified: 7)

    @Test("The state digest is that of its description")
    func state() throws {
        try withCatalogue { catalogue in
            let facts = try catalogue.publish(Self.tree)
            let x =
                Self.counted("x") + [1] + Self.number(1 << 42) + Self.number(0)
                + Self.token(size: 1 << 42, modified: 0, changed: 0, inode: 3)
            let a =
                Self.counted("a.fits") + [1] + Self.number(5)
                + Self.number(1_700_000_000_123_456_789)
                + Self.token(
                    size: 5, modified: 1_700_000_000_123_456_789, changed: 17, inode: 99)
            let z =
                Self.counted("z") + [1] + Self.number(0) + Self.number(UInt64.max)
                + Self.token(size: 0, modified: .max, changed: 1, inode: 2)
            let folders =
                Self.counted("d") + [2] + Self.number(7) + Self.state(x, [])
                + Self.counted("d-") + [2] + Self.number(7) + Self.state([], [])
            #expect(Hex.encode(facts.state) == Hex.encode(Self.state(a + z, folders)))
            #expect(
                Hex.encode(facts.state)
                    == "ba85a221fc41fdc66db5b7c290c4af949cafb92a71159378e7f9c1d890cd4100")
            #expect(facts.content == nil)
            #expect(try catalogue.isSound(1))
            #expect((facts.files, facts.folders, facts.bytes) == (3, 2, 5 + 1 << 42))
        }
    }

    @Test("The content digest is that of its description, and knows no times")
    func content() throws {
        let digests = ["a.fits": UInt8(1), "d/x": 2, "z": 3].mapValues {
            [UInt8](repeating: $0, count: 32)
        }
        var expected: [UInt8] = []
        for shift in [Int64(0), 1_000] {
            try withCatalogue { catalogue in
                var tree = Self.tree
                tree.folders["d"]?.items = [file("x", size: 1 << 42, modified: shift)]
                let facts = try catalogue.publish(tree) { writer in
                    for (path, sha256) in digests {
                        let digest = try #require(ContentDigest(.sha256, sha256))
                        let given = try writer.take(digest, at: EntryPath(path))
                        #expect(given == .taken)
                    }
                }
                let a = Self.counted("a.fits") + [1] + Self.number(5) + digests["a.fits"]!
                let x = Self.counted("x") + [1] + Self.number(1 << 42) + digests["d/x"]!
                let z = Self.counted("z") + [1] + Self.number(0) + digests["z"]!
                let folders =
                    Self.counted("d") + [2] + Self.content(x, []) + Self.counted("d-") + [2]
                    + Self.content([], [])
                let made = try #require(facts.content)
                #expect(Hex.encode(made) == Hex.encode(Self.content(a + z, folders)))
                #expect(
                    Hex.encode(made)
                        == "6a2a54a9af10afbbf3d06d4b1f6cf982a0e16fc0e57993c3046355f6e0bd3cee")
                expected.append(made[0])
            }
        }
        #expect(expected.count == 2)
    }

    @Test("An empty volume has digests too")
    func empty() throws {
        try withCatalogue { catalogue in
            let facts = try catalogue.publish(FakeTree(["": []]))
            #expect(facts.state == Self.state([], []))
            #expect(facts.content == Self.content([], []))
            #expect(
                Hex.encode(facts.state)
                    == "5c974d14681e0224e767e62757c7d3b6982a87f14c494933aa4d43366c1e9ded")
            #expect((facts.files, facts.folders, facts.bytes) == (0, 0, 0))
        }
    }

    @Test("Every part of a file or folder goes into the state digest")
    func sensitivity() throws {
        var seen: Set<[UInt8]> = []
        let base = [file("a", size: 1, modified: 1, changed: 1, inode: 1)]
        let trees = [
            FakeTree(["": base]), FakeTree(["": base], modified: 2),
            FakeTree(["": [file("b", size: 1, modified: 1, changed: 1, inode: 1)]]),
            FakeTree(["": [file("a", size: 2, modified: 1, changed: 1, inode: 1)]]),
            FakeTree(["": [file("a", size: 1, modified: 2, changed: 1, inode: 1)]]),
            FakeTree(["": [file("a", size: 1, modified: 1, changed: 2, inode: 1)]]),
            FakeTree(["": [file("a", size: 1, modified: 1, changed: 1, inode: 2)]]),
            FakeTree(["": base + [folder("d")], "d": []]),
            FakeTree(["": base + [folder("d")], "d": []], modified: 2),
            FakeTree(["": [folder("d")], "d": base]),
            FakeTree(["": base + [folder("d")], "d": base]),
        ]
        for tree in trees {
            try withCatalogue { catalogue in
                seen.insert(try catalogue.publish(tree).state)
            }
        }
        // The root's own time is in no digest: two trees share theirs.
        #expect(seen.count == trees.count - 1)
    }

    @Test("Where a link leads is in no digest: it is a fact about the source")
    func links() throws {
        func tree(_ target: String?) -> FakeTree {
            FakeTree(
                [
                    "": [folder("d", target: target), file("f", target: target.map { $0 + "/f" })],
                    "d": [file("x")],
                ])
        }
        var states: [[UInt8]] = []
        for target in [nil, "v1", "v2"] {
            try withCatalogue { catalogue in
                states.append(try catalogue.publish(tree(target)).state)
                #expect(try catalogue.isSound(1))
            }
        }
        #expect(Set(states).count == 1)
        try withCatalogue { catalogue in
            try catalogue.publish(tree("v1"))
            // The bytes are elsewhere, which is a revision of its own, and each keeps its place.
            let facts = try catalogue.publish(tree("v2"))
            #expect(facts.state == states[0])
            for (revision, target) in [(1, "v1/x"), (2, "v2/x")] {
                let file = try #require(try catalogue.entry("d/x", revision))
                let place = try catalogue.reader().location(of: file, revision: revision)
                #expect(place?.path == Array(target.utf8) && place?.isBelowRoot == true)
                #expect(try catalogue.isSound(revision))
            }
        }
    }
}
