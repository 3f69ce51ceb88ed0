import Catalogue
import PerigeeTesting
import Testing
import VolumeModel

/// What a catalogue knows of a version beyond its row: digests, fingerprints, links.
@Suite("Digests, fingerprints and links")
struct KnowledgeTests {
    private static func digest(_ algorithm: DigestAlgorithm, _ byte: UInt8) -> ContentDigest {
        ContentDigest(algorithm, [UInt8](repeating: byte, count: algorithm.byteCount))!
    }

    private func tag(_ catalogue: CatalogueFixture, _ path: String, _ revision: Int) throws
        -> ContentDigest?
    {
        let entry = try #require(try catalogue.entry(path, revision))
        return try catalogue.reader().digests(of: entry.id).tagged
    }

    @Test("A digest known before the first publish makes the ETag, MD5 before SHA-256")
    func tagged() throws {
        try withCatalogue { catalogue in
            let tree = FakeTree(["": [file("a"), file("b"), file("c")]])
            // In two scans of the same candidate.
            try catalogue.scan(tree) { writer in
                _ = try writer.take(Self.digest(.sha256, 1), at: EntryPath("a"))
                _ = try writer.take(Self.digest(.sha256, 2), at: EntryPath("b"))
            }
            try catalogue.publish(tree) { writer in
                _ = try writer.take(Self.digest(.md5, 3), at: EntryPath("b"))
            }
            #expect(try tag(catalogue, "a", 1) == Self.digest(.sha256, 1))
            #expect(try tag(catalogue, "b", 1) == Self.digest(.md5, 3))
            #expect(try tag(catalogue, "c", 1) == nil)
        }
    }

    @Test("An ETag is frozen at first publish: a digest that comes later is known, and no tag")
    func frozen() throws {
        try withCatalogue { catalogue in
            let tree = FakeTree(["": [file("a"), file("b")]])
            try catalogue.publish(tree) { writer in
                _ = try writer.take(Self.digest(.sha256, 2), at: EntryPath("b"))
            }
            let facts = try catalogue.scan(tree) { writer in
                _ = try writer.take(Self.digest(.sha256, 1), at: EntryPath("a"))
                _ = try writer.take(Self.digest(.md5, 3), at: EntryPath("b"))
            }
            #expect(facts == nil)
            #expect(try tag(catalogue, "a", 1) == nil)
            #expect(try tag(catalogue, "b", 1) == Self.digest(.sha256, 2))
            let entry = try #require(try catalogue.entry("b", 1))
            #expect(
                try catalogue.reader().digests(of: entry.id).digests == [
                    Self.digest(.sha256, 2), Self.digest(.md5, 3),
                ])
            // Every file has a SHA-256 by now, so the revision has a content digest.
            #expect(try catalogue.reader().revision(1)?.content != nil)
            // The same holds in the next revision, where the version is the same.
            try catalogue.publish(FakeTree(["": [file("a"), file("b"), file("n")]]))
            #expect(try tag(catalogue, "a", 2) == nil)
        }
    }

    @Test("Another digest from the archive is another version, whatever size and time say")
    func otherDigest() throws {
        for fingerprint in [Fingerprint.sizeAndModified, .sizeModifiedAndInode, .digest] {
            try withCatalogue(fingerprint: fingerprint) { catalogue in
                let tree = FakeTree(["": [file("a", inode: 5)]])
                try catalogue.publish(tree) { writer in
                    _ = try writer.take(Self.digest(.md5, 1), at: EntryPath("a"))
                }
                let facts = try catalogue.publish(tree) { writer in
                    let given = try writer.take(Self.digest(.md5, 2), at: EntryPath("a"))
                    #expect(given == .newVersion)
                    let missing = try writer.take(Self.digest(.md5, 2), at: EntryPath("no"))
                    #expect(missing == .noFile)
                }
                #expect(facts.number == 2)
                #expect(try catalogue.entry("a", 1)?.id != catalogue.entry("a", 2)?.id)
                #expect(try catalogue.entry("a", 1)?.version != catalogue.entry("a", 2)?.version)
                #expect(try tag(catalogue, "a", 1) == Self.digest(.md5, 1))
                #expect(try tag(catalogue, "a", 2) == Self.digest(.md5, 2))
                // The file at the source is still recognised.
                let entry = try #require(try catalogue.entry("a", 2))
                let known = try catalogue.reader().fingerprint(of: entry.id, source: 1)
                #expect(known?.inode == (fingerprint == .sizeModifiedAndInode ? 5 : nil))
                #expect(try catalogue.scan(tree) == nil)
                #expect(try catalogue.isSound(2))
            }
        }
    }

    @Test("By size and mtime, another inode is the same version; by inode too, another")
    func inode() throws {
        for (fingerprint, isOther) in [
            (Fingerprint.sizeAndModified, false), (.sizeModifiedAndInode, true),
        ] {
            try withCatalogue(fingerprint: fingerprint) { catalogue in
                try catalogue.publish(FakeTree(["": [file("a", inode: 1)]]))
                let facts = try catalogue.scan(FakeTree(["": [file("a", inode: 2)]]))
                #expect((facts != nil) == isOther)
                #expect(
                    try catalogue.scan(FakeTree(["": [file("a", changed: 9, inode: 1)]])) == nil)
            }
        }
    }

    /// Answers the jobs of a scan with the digests of `contents`.
    private func hash(_ contents: [String: UInt8]) -> (CandidateWriter) throws -> Void {
        { writer in
            for job in try writer.digestJobs(after: 0, limit: 100) {
                let path = String(decoding: job.path, as: UTF8.self)
                let sha256 = Self.digest(.sha256, try #require(contents[path])).bytes
                #expect(try writer.record(.init(sha256: sha256), for: job) == nil)
            }
        }
    }

    @Test("By digest, a touch keeps the version, and other content with a new mtime makes one")
    func digest() throws {
        try withCatalogue(fingerprint: .digest) { catalogue in
            func tree(_ modified: Int64) -> FakeTree {
                FakeTree(["": [file("a", modified: modified)]])
            }
            try catalogue.publish(tree(1), computesDigests: true, hash(["a": 1]))
            let first = try #require(try catalogue.entry("a", 1))
            // Touched: the same version, last seen with another time.
            #expect(try catalogue.scan(tree(2), computesDigests: true, hash(["a": 1])) == nil)
            let seen = try catalogue.reader().fingerprint(of: first.id, source: 1)
            #expect(seen?.modified == Timestamp(nanoseconds: 2))
            #expect(try catalogue.entry("a", 1) == first)
            // Not hashed again while its time stands.
            let writer = try catalogue.writer(computesDigests: true)
            try writer.begin()
            try tree(2).scan(into: writer)
            #expect(try writer.digestJobTotals().files == 0)
            writer.rollback()
            try catalogue.publish(tree(3), computesDigests: true, hash(["a": 9]))
            let second = try #require(try catalogue.entry("a", 2))
            #expect(second.id != first.id)
            #expect(try tag(catalogue, "a", 2) == Self.digest(.sha256, 9))
            #expect(try tag(catalogue, "a", 1) == Self.digest(.sha256, 1))
            #expect(try catalogue.reader().revision(2)?.content != nil)
            #expect(try catalogue.isSound(2))
        }
    }

    @Test("A link that leads elsewhere counts from its revision on, for files and folders")
    func links() throws {
        try withCatalogue { catalogue in
            func tree(_ target: String) -> FakeTree {
                FakeTree([
                    "": [
                        folder("l", target: target), folder("m"), folder("zz"),
                        file("f", target: "\(target)/x"),
                    ],
                    "l": [file("x"), folder("deep")], "l/deep": [file("y")],
                ])
            }
            try catalogue.publish(tree("one"))
            #expect(try catalogue.scan(tree("one")) == nil)
            try catalogue.publish(tree("two"))
            #expect(try catalogue.paths(2) == catalogue.paths(1))
            #expect(
                try catalogue.paths(2) == ["f", "l/", "l/deep/", "l/deep/y", "l/x", "m/", "zz/"])
            let reader = try catalogue.reader()
            for (revision, target) in [(1, "one"), (2, "two")] {
                for (path, real) in [
                    ("l/x", "\(target)/x"), ("l/deep/y", "\(target)/deep/y"), ("f", "\(target)/x"),
                ] {
                    let entry = try #require(
                        try reader.entry(at: EntryPath(path), revision: revision))
                    let place = try #require(
                        try reader.location(of: entry, revision: revision))
                    #expect(String(decoding: place.path, as: UTF8.self) == real)
                    #expect(place.isBelowRoot)
                }
                #expect(try catalogue.isSound(revision))
            }
            // And a real folder in a link's place.
            var plain = tree("two")
            plain.folders[""]?.items = [folder("l"), folder("m"), folder("zz"), file("f")]
            try catalogue.publish(plain)
            let entry = try #require(try catalogue.entry("l/x", 3))
            let place = try #require(
                try catalogue.reader().location(of: entry, revision: 3))
            #expect(String(decoding: place.path, as: UTF8.self) == "l/x")
            #expect(!place.isBelowRoot)
        }
    }

    @Test("Problems are reported once each, and those of a part anew with that part")
    func problems() throws {
        try withCatalogue { catalogue in
            func problem(_ path: String) -> ScanProblem {
                ScanProblem(.specialFile, Array(path.utf8), "detail of \(path)")
            }
            try catalogue.publish(FakeTree(["": []])) { writer in
                for path in ["b/x", "a", "b", "b-", "b0", "é\n"] { try writer.add(problem(path)) }
            }
            let facts = try catalogue.scan(FakeTree(["": []])) { writer in
                try writer.clearProblems(under: EntryPath("b"))
                try writer.add(problem("b/y"))
                let counts = try writer.problemCounts()
                #expect(counts == [.specialFile: 5])
            }
            #expect(facts == nil)
            var found: [ScanProblem] = []
            try catalogue.reader().problems { problem in found.append(problem) }
            #expect(found == ["a", "b-", "b/y", "b0", "é\n"].map(problem))
            #expect(try catalogue.reader().problemCounts() == [.specialFile: 5])
        }
    }
}
