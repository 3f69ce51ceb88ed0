import Catalogue
import Glibc
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Tree digests in catalogues")
struct TreeTests {
    private static let leaf = 65_536

    /// The digest of a file with so many leaves that differ by `seed`.
    private func tree(leaves count: Int, seed: UInt8) -> (
        digest: TreeDigest, leaves: [UInt8]
    ) {
        let leaves = (0..<count * 32).map { UInt8(truncatingIfNeeded: $0 / 32) ^ seed }
        return (
            TreeDigest(leaves: leaves, size: Int64(count * Self.leaf), leafSize: Self.leaf), leaves
        )
    }

    private func item(_ name: String, leaves: Int, modified: Int64 = 1) -> FakeItem {
        file(name, size: Int64(leaves * Self.leaf), modified: modified)
    }

    private func writer(_ catalogue: CatalogueFixture) throws -> CandidateWriter {
        try CandidateWriter(
            path: catalogue.path, ordinal: 1, highest: catalogue.highest,
            options: .init(
                source: 1, fingerprint: .sizeAndModified, computesDigests: false,
                computesTrees: true, leafSize: Self.leaf))
    }

    /// Scans with trees: the hashes of a file's leaves are made from `seed`.
    ///
    /// - Returns: the paths that were to be hashed.
    @discardableResult
    private func scan(
        _ catalogue: CatalogueFixture, _ tree: FakeTree, seed: UInt8 = 1
    ) throws -> [String] {
        let writer = try writer(catalogue)
        try writer.begin()
        try tree.scan(into: writer)
        let jobs = try writer.digestJobs(after: 0, limit: 10_000)
        for job in jobs {
            #expect(!job.needsSHA256 && job.leafSize == Self.leaf)
            let made = self.tree(leaves: Int(job.size) / Self.leaf, seed: seed)
            #expect(try writer.record(.init(tree: made), for: job) == nil)
        }
        _ = try writer.finish()
        return jobs.map { String(decoding: $0.path, as: UTF8.self) }.sorted()
    }

    /// The leaves of a file as a reader gets them.
    private func leaves(_ catalogue: CatalogueFixture, _ path: String, _ revision: Int = 1) throws
        -> [UInt8]?
    {
        let entry = try #require(try catalogue.entry(path, revision))
        guard let tree = try catalogue.reader().tree(of: entry.id) else { return nil }
        guard let place = tree.leaves else { return [] }
        return try LeafFile.leaves(at: place, catalogue: catalogue.path, of: tree.digest)
    }

    private func sideFiles(_ catalogue: CatalogueFixture) -> [String] {
        LeafFile.all(catalogue: catalogue.path)
    }

    @Test("Leaves are found again, and files of one leaf or none cost nothing in the side file")
    func kept() throws {
        try withCatalogue { catalogue in
            let small = FakeTree(["": [item("empty", leaves: 0), item("one", leaves: 1)]])
            #expect(try scan(catalogue, small) == ["empty", "one"])
            catalogue.highest = 1
            #expect(sideFiles(catalogue).isEmpty)
            #expect(try leaves(catalogue, "one") == [])
            let all = FakeTree([
                "": [
                    item("empty", leaves: 0), item("one", leaves: 1), item("two", leaves: 2),
                    item("many", leaves: 1_000),
                ]
            ])
            #expect(try scan(catalogue, all) == ["many", "two"])
            catalogue.highest = 2
            #expect(try leaves(catalogue, "two", 2) == tree(leaves: 2, seed: 1).leaves)
            #expect(try leaves(catalogue, "many", 2) == tree(leaves: 1_000, seed: 1).leaves)
            #expect(sideFiles(catalogue).count == 1)
            let size = try DiskFile.read(sideFiles(catalogue)[0]).count
            #expect(size == 32 + 16 + 2 * 32 + 16 + 1_000 * 32)
            // All is known: nothing is hashed again.
            #expect(try scan(catalogue, all) == [])
            let digests = try catalogue.reader().digests(
                of: try #require(try catalogue.entry("two", 2)).id)
            #expect(digests.tagged == nil)
            #expect(
                digests.digests.map(\.description)
                    == ["sha256-tree:\(Hex.encode(tree(leaves: 2, seed: 1).digest.root))"])
        }
    }

    @Test("A catalogue of an older format is brought up to date and then takes trees")
    func migrated() throws {
        try withCatalogue { catalogue in
            try RawDatabase(catalogue.path).execute(VersionOne.sql)
            let old = try #require(try catalogue.entry("d/x", 1))
            #expect(try catalogue.reader().tree(of: old.id) == nil)
            #expect(try catalogue.reader().digests(of: old.id).digests.isEmpty)
            #expect(try catalogue.reader().leafPlaces(after: nil, limit: 10).isEmpty)
            catalogue.highest = 1
            let same = FakeTree([
                "": [file("a"), folder("d"), folder("e")], "d": [file("x"), folder("s")],
                "d/s": [file("y")],
            ])
            let writer = try writer(catalogue)
            try writer.begin()
            try same.scan(into: writer)
            let jobs = try writer.digestJobs(after: 0, limit: 10)
            #expect(jobs.count == 3)
            let leaf = [UInt8](repeating: 9, count: 32)
            let made = TreeDigest(leaves: leaf, size: 1, leafSize: Self.leaf)
            for job in jobs {
                #expect(try writer.record(.init(tree: (made, leaf)), for: job) == nil)
            }
            // What is learnt about files that did not change makes no candidate.
            #expect(try writer.finish() == nil)
            #expect(try catalogue.number("PRAGMA user_version") == 4)
            #expect(try catalogue.reader().tree(of: old.id)?.digest == made)
        }
    }

    @Test("What a scan left that did not end is not seen, and the next writes over it")
    func unfinished() throws {
        try withCatalogue { catalogue in
            let files = FakeTree(["": [item("a", leaves: 4)]])
            try scan(catalogue, files)
            catalogue.highest = 1
            let before = try DiskFile.read(sideFiles(catalogue)[0])
            let more = FakeTree(["": [item("a", leaves: 4), item("b", leaves: 5)]])
            do {
                let writer = try writer(catalogue)
                try writer.begin()
                try more.scan(into: writer)
                for job in try writer.digestJobs(after: 0, limit: 10) {
                    _ = try writer.record(.init(tree: tree(leaves: 5, seed: 3)), for: job)
                }
                writer.rollback()
            }
            #expect(try DiskFile.read(sideFiles(catalogue)[0]).count > before.count)
            #expect(try leaves(catalogue, "a") == tree(leaves: 4, seed: 1).leaves)
            try scan(catalogue, more, seed: 7)
            #expect(try leaves(catalogue, "b", 2) == tree(leaves: 5, seed: 7).leaves)
            #expect(try DiskFile.read(sideFiles(catalogue)[0]).count == before.count + 16 + 5 * 32)
        }
    }

    @Test("Every bit of the side file that is flipped is found, and never gives other leaves")
    func damaged() throws {
        try withCatalogue { catalogue in
            try scan(catalogue, FakeTree(["": [item("a", leaves: 3)]]))
            let path = sideFiles(catalogue)[0]
            let sound = try DiskFile.read(path)
            for at in sound.indices {
                var bytes = sound
                bytes[at] ^= UInt8(1 << (at % 8))
                try DiskFile.write(path, bytes)
                do {
                    // What lies between the fields that matter to a reader does no harm.
                    #expect(try leaves(catalogue, "a") == tree(leaves: 3, seed: 1).leaves)
                    #expect((12..<32).contains(at))
                } catch let error as PerigeeError {
                    #expect([.corrupt, .newerFormat].contains(error.code))
                    #expect(error.message.contains(".leaves"))
                }
            }
            for count in 0..<sound.count {
                try DiskFile.write(path, Array(sound.prefix(count)))
                #expect(failure { _ = try leaves(catalogue, "a") }?.code == .corrupt)
            }
        }
    }

    @Test(
        "A side file that is lost or cut is made anew, and held to the digests that are known",
        arguments: [true, false])
    func lost(isGone: Bool) throws {
        try withCatalogue { catalogue in
            let files = FakeTree(["": [item("a", leaves: 3), item("b", leaves: 1)]])
            try scan(catalogue, files)
            catalogue.highest = 1
            let path = sideFiles(catalogue)[0]
            if isGone {
                try DiskFile.remove(path)
            } else {
                try DiskFile.write(path, Array(try DiskFile.read(path).prefix(40)))
            }
            // Other content than was published is not taken.
            let writer = try writer(catalogue)
            try writer.begin()
            try files.scan(into: writer)
            let jobs = try writer.digestJobs(after: 0, limit: 10)
            #expect(jobs.map(\.path) == [Array("a".utf8)])
            let other = try writer.record(.init(tree: tree(leaves: 3, seed: 2)), for: jobs[0])
            #expect(other?.bytes == tree(leaves: 3, seed: 1).digest.root)
            writer.rollback()
            #expect(try scan(catalogue, files) == ["a"])
            #expect(try leaves(catalogue, "a") == tree(leaves: 3, seed: 1).leaves)
            #expect(sideFiles(catalogue).count == 1)
        }
    }

    @Test("Leaves that no row refers to are left out of a new side file")
    func reclaimed() throws {
        try withCatalogue { catalogue in
            try scan(catalogue, FakeTree(["": [item("a", leaves: 3)]]))
            catalogue.highest = 1
            // Candidates that are replaced by the next, with 1 MB of leaves each.
            for round in 1...4 {
                try scan(
                    catalogue,
                    FakeTree([
                        "": [
                            item("a", leaves: 3),
                            item("big", leaves: 40_000, modified: Int64(round)),
                        ]
                    ]), seed: UInt8(round))
            }
            let files = sideFiles(catalogue)
            #expect(files.count == 1)
            #expect(try DiskFile.read(files[0]).count < 3 * 40_000 * 32)
            #expect(!files[0].hasSuffix(".1.leaves"))
            #expect(try leaves(catalogue, "a") == tree(leaves: 3, seed: 1).leaves)
            #expect(try leaves(catalogue, "big", 2) == tree(leaves: 40_000, seed: 4).leaves)
        }
    }

    @Test("No tree digest is kept of content whose SHA-256 the archive gives differently")
    func contradicted() throws {
        try withCatalogue { catalogue in
            let files = FakeTree(["": [item("a", leaves: 2)]])
            let given = try #require(ContentDigest(.sha256, [UInt8](repeating: 5, count: 32)))
            try catalogue.publish(files) { (writer: CandidateWriter) throws in
                let taken = try writer.take(given, at: EntryPath("a"))
                #expect(taken == .taken)
            }
            let writer = try writer(catalogue)
            try writer.begin()
            try files.scan(into: writer)
            let job = try #require(try writer.digestJobs(after: 0, limit: 10).first)
            #expect(job.needsSHA256)
            let wrong = [UInt8](repeating: 6, count: 32)
            let made = tree(leaves: 2, seed: 1)
            #expect(try writer.record(.init(sha256: wrong, tree: made), for: job) == given)
            _ = try writer.finish()
            #expect(try leaves(catalogue, "a") == nil)
        }
    }
}
