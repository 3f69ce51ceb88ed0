import Catalogue
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Folders by class")
struct ClassIndexTests {
    /// All folders that the index has for a class, read a few at a time.
    private func folders(_ reader: CatalogueReader, _ accessClass: Int64 = 0) throws -> [Int64] {
        var found: [EntryID] = []
        while true {
            let page = try reader.folders(
                ofClass: AccessClassID(accessClass), after: found.last ?? EntryID(0), limit: 2)
            found += page
            if page.count < 2 { return found.map(\.value) }
        }
    }

    @Test("Every folder that holds something is found by the class without attributes")
    func written() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(
                FakeTree([
                    "": [file("a"), folder("d"), folder("e")], "d": [folder("s")],
                    "d/s": [file("y")],
                ]))
            let reader = try catalogue.reader()
            #expect(try reader.hasClassIndex())
            let holding = try ["d", "d/s"].map { try #require(try catalogue.entry($0, 1)).id.value }
            #expect(try folders(reader) == ([1] + holding).sorted())
            #expect(try folders(reader, 7) == [])
            let class0 = AccessClassID.none
            #expect(try reader.folderCount(ofClass: class0, limit: 10) == 3)
            #expect(try reader.folderCount(ofClass: class0, limit: 2) == 2)
        }
    }

    @Test("A folder that is filled later is found, and one that was emptied may be")
    func changed() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(FakeTree(["": [folder("d"), folder("e")], "d": [file("x")]]))
            let e = try #require(try catalogue.entry("e", 1)).id
            #expect(try !folders(catalogue.reader()).contains(e.value))
            try catalogue.publish(FakeTree(["": [folder("d"), folder("e")], "e": [file("x")]]))
            #expect(try folders(catalogue.reader()).contains(e.value))
        }
    }

    @Test("A folder is empty where it holds no entry of any kind in that revision")
    func empty() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(
                FakeTree(["": [folder("d"), folder("e")], "d": [folder("s")], "e": [file("x")]]))
            try catalogue.publish(FakeTree(["": [folder("d"), folder("e")], "d": [folder("s")]]))
            let reader = try catalogue.reader()
            let isEmpty = try ["d", "d/s", "e"].map { path in
                let id = try #require(try reader.entry(at: EntryPath(path), revision: 1)).id
                return try [1, 2].map { try reader.isEmpty(id, revision: $0) }
            }
            #expect(isEmpty == [[false, false], [true, true], [false, true]])
            #expect(try !reader.isEmpty(.root, revision: 1))
            #expect(try reader.isEmpty(EntryID(99), revision: 1))
        }
    }

    @Test("From a folder the way leads up to the root")
    func upward() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(
                FakeTree(["": [folder("d")], "d": [folder("s")], "d/s": [file("y")]]))
            let reader = try catalogue.reader()
            let inner = try #require(try reader.entry(at: EntryPath("d/s"), revision: 1))
            let above = try #require(try reader.place(of: inner.id))
            #expect(above.parent == inner.parent && above.name == Array("s".utf8))
            let top = try #require(try reader.place(of: above.parent))
            #expect(top.parent == .root && top.name == Array("d".utf8))
            #expect(try reader.place(of: .root) == nil)
        }
    }

    @Test("A file of the first format is read as it is, and gets its index at the next scan")
    func migrated() throws {
        try withCatalogue { catalogue in
            try RawDatabase(catalogue.path).execute(VersionOne.sql)
            catalogue.highest = 1
            let reader = try catalogue.reader()
            #expect(try !reader.hasClassIndex())
            #expect(try catalogue.paths(1) == ["a", "d/", "d/s/", "d/s/y", "d/x", "e/"])
            #expect(try !reader.isEmpty(EntryID(3), revision: 1))
            #expect(try reader.isEmpty(EntryID(4), revision: 1))

            let writer = try catalogue.writer()
            try writer.begin()
            writer.rollback()
            #expect(try catalogue.number("PRAGMA user_version") == 4)
            // The reader that was open before sees it once it lets go of what it saw.
            #expect(try !reader.hasClassIndex())
            reader.settle()
            #expect(try reader.hasClassIndex())
            #expect(try folders(reader) == [1, 3, 5])
            #expect(try catalogue.paths(1) == ["a", "d/", "d/s/", "d/s/y", "d/x", "e/"])
        }
    }
}
