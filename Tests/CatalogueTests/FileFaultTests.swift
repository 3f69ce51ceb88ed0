import Catalogue
import Foundation
import PerigeeTesting
import Testing
import VolumeModel

/// Catalogues that are not what they should be, and writers that end in the middle.
@Suite("Damaged and unfinished catalogues")
struct FileFaultTests {
    private static let tree = FakeTree([
        "": (0..<300).map { file("file-with-a-longer-name-\($0)") } + [folder("d")],
        "d": [file("x")],
    ])

    private func code(_ body: () throws -> Void) -> PerigeeError.Code? { failure(body)?.code }

    private func published(_ body: (inout CatalogueFixture) throws -> Void) throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.tree)
            // All of it in the one file.
            try RawDatabase(catalogue.path).execute("PRAGMA wal_checkpoint(TRUNCATE)")
            try body(&catalogue)
        }
    }

    @Test("A newer format is refused, for reading and writing, and left as it is")
    func newer() throws {
        try published { catalogue in
            try RawDatabase(catalogue.path).execute("PRAGMA user_version = 99")
            let error = failure { _ = try catalogue.reader() }
            #expect(error?.code == .newerFormat)
            #expect(error?.remedy != nil)
            #expect(code { _ = try catalogue.writer() } == .newerFormat)
            #expect(try catalogue.number("PRAGMA user_version") == 99)
        }
    }

    @Test("Another program's database is refused")
    func foreign() throws {
        try withCatalogue { catalogue in
            try RawDatabase(catalogue.path).execute(
                "CREATE TABLE t(a); PRAGMA application_id = 7; PRAGMA user_version = 1")
            #expect(code { _ = try catalogue.reader() } == .corrupt)
            #expect(code { _ = try catalogue.writer() } == .corrupt)
            #expect(try catalogue.number("SELECT count(*) FROM t") == 0)
        }
    }

    @Test("Bytes that are no database are refused", arguments: [10, 100, 4_096, 100_000])
    func noDatabase(_ count: Int) throws {
        try withCatalogue { catalogue in
            var random = SeededRandom(seed: UInt64(count))
            try DiskFile.write(catalogue.path, random.bytes(count))
            #expect(code { _ = try catalogue.reader() } == .corrupt)
            #expect(code { _ = try catalogue.writer() } == .corrupt)
        }
    }

    @Test("A missing or empty file has nothing to read")
    func missing() throws {
        try withCatalogue { catalogue in
            #expect(code { _ = try catalogue.reader() } == .notFound)
            try DiskFile.write(catalogue.path, [])
            #expect(code { _ = try catalogue.reader() } == .notFound)
        }
    }

    @Test("A file that was lost or emptied after a publish is not quietly begun anew")
    func emptied() throws {
        try published { catalogue in
            for suffix in ["-wal", "-shm"] { try? DiskFile.remove(catalogue.path + suffix) }
            try DiskFile.setSize(catalogue.path, 0)
            #expect(code { try catalogue.scan(Self.tree) } == .corrupt)
            try DiskFile.remove(catalogue.path)
            #expect(code { try catalogue.scan(Self.tree) } == .corrupt)
        }
    }

    @Test("A truncated file is told, whatever is asked of it", arguments: [1, 3, 8])
    func truncated(_ pages: Int) throws {
        try published { catalogue in
            for suffix in ["-wal", "-shm"] { try? DiskFile.remove(catalogue.path + suffix) }
            try DiskFile.setSize(catalogue.path, Int64(pages * 4_096))
            let code = code {
                let reader = try catalogue.reader()
                _ = try reader.revision(1)
                try RevisionChecker(reader: reader, revision: 1).files { _, _ in }
            }
            #expect(code == .corrupt)
            #expect(self.code { try catalogue.scan(FakeTree(["": []])) } == .corrupt)
        }
    }

    @Test("Readers and writers that are let go of close their files")
    func closed() throws {
        try published { catalogue in
            // Earlier tests may have left work to other threads, so only this file counts.
            func descriptors() -> Int {
                let names =
                    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
                return names.count { name in
                    let target = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/self/fd/\(name)")
                    return target?.hasPrefix(catalogue.path) == true
                }
            }
            for _ in 0..<3 {
                let reader = try catalogue.reader()
                _ = try reader.revision(1)
                reader.settle()
                try catalogue.scan(Self.tree)
            }
            #expect(descriptors() == 0)
            #expect(!DiskFile.exists("\(catalogue.path)-wal"))
        }
    }

    @Test("A file of another volume is refused")
    func otherVolume() throws {
        try published { catalogue in
            let error = failure {
                _ = try CandidateWriter(
                    path: catalogue.path, ordinal: 2, highest: 0,
                    options: .init(
                        source: 1, fingerprint: .sizeAndModified, computesDigests: false))
            }
            #expect(error?.code == .conflict)
        }
    }

    @Test("A flipped bit in a row is found by the digests")
    func flipped() throws {
        try published { catalogue in
            #expect(try catalogue.isSound(1))
            try RawDatabase(catalogue.path).execute(
                "UPDATE entry SET size = size + 1 WHERE key = CAST('x' AS BLOB)")
            #expect(try !catalogue.isSound(1))
        }
    }

    @Test(
        "A row with a number that no entry has is told, not handed on",
        arguments: ["id = -5", "id = 0", "id = 1 << 36", "size = -1"])
    func outOfRange(_ damage: String) throws {
        try published { catalogue in
            try RawDatabase(catalogue.path).execute(
                "UPDATE entry SET \(damage) WHERE key = CAST('x' AS BLOB)")
            let parent = try #require(try catalogue.entry("d", 1)).id
            let found = code { _ = try catalogue.entry("d/x", 1) }
            #expect(found == .corrupt)
            let listed = code {
                _ = try catalogue.reader().list(parent, after: [], limit: 9, revision: 1)
            }
            #expect(listed == .corrupt)
            // The rest can be read.
            #expect(try catalogue.entry("file-with-a-longer-name-7", 1) != nil)
        }
    }

    @Test(
        "A crash at any instant of a scan leaves what was published, and the next scan completes",
        .timeLimit(.minutes(5)))
    func crashes() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.tree)
            let before = try catalogue.paths(1)
            var changed = Self.tree
            changed.folders["d"]?.items = (0..<5_000).map {
                file("new-file-with-quite-a-long-name-\($0)")
            }
            changed.folders[""]?.items = [folder("d"), file("other")]
            var copies = 0
            let writer = try catalogue.writer()
            try writer.begin()
            var folders = [CandidateWriter.Folder.root]
            // What a crash leaves is what the files hold at that instant.
            func crash() throws {
                copies += 1
                let copy = CatalogueFixture(
                    path: "\(catalogue.path).\(copies)", highest: catalogue.highest)
                for suffix in ["", "-wal"] {
                    try DiskFile.write(
                        copy.path + suffix, DiskFile.read(catalogue.path + suffix))
                }
                #expect(try copy.paths(1) == before)
                #expect(try copy.isSound(1))
                #expect(try copy.reader().revision(2) == nil)
                let facts = try #require(try copy.scan(changed))
                #expect(facts.files == 5_001)
                #expect(try copy.isSound(1))
                #expect(try copy.isSound(2))
            }
            try crash()
            while let folder = folders.popLast() {
                let path = String(decoding: folder.path, as: UTF8.self)
                let listing = changed.folders[path, default: FakeFolder()].listing()
                folders += try writer.merge(listing, into: folder)
                try crash()
            }
            _ = try writer.finish()
            let wal = try DiskFile.read("\(catalogue.path)-wal")
            // A log that was cut anywhere in its last transaction is as if it had not begun.
            var random = SeededRandom(announcing: "cut logs")
            for _ in 0..<10 {
                copies += 1
                let copy = CatalogueFixture(
                    path: "\(catalogue.path).\(copies)", highest: catalogue.highest)
                try DiskFile.write(copy.path, DiskFile.read(catalogue.path))
                try DiskFile.write(
                    "\(copy.path)-wal", Array(wal.prefix(wal.count - 1 - random.below(200_000))))
                #expect(try copy.paths(1) == before)
                #expect(try copy.isSound(1))
                #expect(try copy.scan(changed) != nil)
                #expect(try copy.isSound(2))
            }
        }
    }
}
