import Catalogue
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Look-ups and listings")
struct LookupTests {
    private static let neighbours = FakeTree([
        "": [
            folder("name"), file("name-1"), file("name.x"), file("name0"), file("nam"),
            file("only"), folder("folder"), folder("name "),
        ],
        "name": [file("inner")],
    ])

    private func lookup(_ name: String, _ reader: CatalogueReader) throws -> Entry? {
        try name.utf8.withContiguousStorageIfAvailable { bytes in
            try reader.lookup(UnsafeRawBufferPointer(bytes), in: .root, revision: 1)
        } ?? nil
    }

    @Test(
        "A name is found as what it is, beside names that begin alike",
        arguments: [
            ("name", .folder), ("name-1", .file), ("name.x", .file), ("name0", .file),
            ("nam", .file), ("only", .file), ("folder", .folder), ("name ", .folder),
            ("na", nil), ("name/", nil), ("name-", nil), ("folder/", nil), ("only/", nil),
            ("inner", nil), ("", nil), ("NAME", nil),
        ] as [(String, EntryKind?)])
    func lookups(_ name: String, _ kind: EntryKind?) throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.neighbours)
            let found = try lookup(name, try catalogue.reader())
            #expect(found?.kind == kind)
            if kind != nil { #expect(found.map { $0.name } == Array(name.utf8)) }
        }
    }

    @Test("A path is gone down by folders only")
    func paths() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.neighbours)
            #expect(try catalogue.entry("", 1)?.id == .root)
            #expect(try catalogue.entry("name/inner", 1)?.kind == .file)
            #expect(try catalogue.entry("only/inner", 1) == nil)
            #expect(try catalogue.entry("name/inner/x", 1) == nil)
            let id = try #require(try catalogue.entry("name", 1)).id
            #expect(try catalogue.reader().path(of: id) == Array("name".utf8))
            #expect(try catalogue.reader().path(of: EntryID(999)) == nil)
        }
    }

    @Test(
        "Pages of any length join to the whole folder, in every revision",
        .timeLimit(.minutes(5)), arguments: [1, 2, 3, 7, 100])
    func pages(_ limit: Int) throws {
        try withCatalogue { catalogue in
            var random = SeededRandom(announcing: "pages")
            var expected: [[String]] = []
            for _ in 0..<4 {
                var names: Set<String> = []
                while names.count < 20 {
                    names.insert("n\(random.pick(["-", ".", "", "0"]))\(random.below(40))")
                }
                let items = names.map { name in
                    name.hasSuffix("3") ? folder(name) : file(name, size: Int64(random.below(3)))
                }
                try catalogue.publish(FakeTree(["": items]))
                expected.append(
                    names.map { $0.hasSuffix("3") ? "\($0)/" : $0 }
                        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            }
            let reader = try catalogue.reader()
            for revision in 1...4 {
                var keys: [String] = []
                var after: [UInt8] = []
                while true {
                    let page = try reader.list(
                        .root, after: after, limit: limit, revision: revision)
                    keys += page.map { String(decoding: $0.key, as: UTF8.self) }
                    guard page.count == limit, let last = page.last else { break }
                    after = last.key
                }
                #expect(keys == expected[revision - 1])
            }
        }
    }

    @Test("Two revisions differ in what differs, either way round")
    func differences() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(
                FakeTree(["": [file("a"), file("b"), folder("d")], "d": [file("x"), file("y")]]))
            try catalogue.publish(
                FakeTree(["": [file("a", size: 5), folder("d"), file("n")], "d": [file("x")]]))
            try catalogue.publish(FakeTree(["": [file("a"), file("b")]]))
            func differences(_ old: Int, _ new: Int) throws -> Set<String> {
                var found: Set<String> = []
                try catalogue.reader().differences(from: old, to: new) { difference in
                    let path = String(decoding: difference.path, as: UTF8.self)
                    let mark = ["added": "+", "removed": "-", "changed": "*"][
                        difference.kind.rawValue]!
                    let slash = difference.entryKind == .folder ? "/" : ""
                    let isNew = found.insert(
                        "\(mark)\(path)\(slash) \(difference.oldSize ?? -1) "
                            + "\(difference.newSize ?? -1)"
                    ).inserted
                    #expect(isNew)
                }
                return found
            }
            #expect(try differences(1, 2) == ["*a 1 5", "-b 1 -1", "-d/y 1 -1", "+n -1 1"])
            #expect(try differences(2, 1) == ["*a 5 1", "+b -1 1", "+d/y -1 1", "-n 1 -1"])
            #expect(
                try differences(1, 3) == ["*a 1 1", "*b 1 1", "-d/ 0 -1", "-d/x 1 -1", "-d/y 1 -1"])
            #expect(try differences(2, 2).isEmpty)
        }
    }

    @Test("A row costs its name and at most 80 bytes", .timeLimit(.minutes(5)))
    func budget() throws {
        try withCatalogue { catalogue in
            var folders: [String: [FakeItem]] = ["": []]
            let count = 100_000
            var random = SeededRandom(seed: 1)
            for number in 0..<100 {
                folders["", default: []].append(folder("observation-\(number)"))
                folders["observation-\(number)"] = (0..<(count / 100)).map { index in
                    let text = String(index)
                    let name =
                        "jw01288_\(String(repeating: "0", count: 8 - text.count))\(text)_nrca1_cal.fits"
                    return file(
                        name + String(repeating: "x", count: 34 - name.utf8.count),
                        size: Int64(random.below(1 << 30)),
                        modified: 1_700_000_000_000_000_000 + Int64(random.below(1 << 50)),
                        inode: random.next())
                }
            }
            try catalogue.publish(FakeTree(folders))
            let database = try RawDatabase(catalogue.path)
            try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            let pages = try database.number("PRAGMA page_count")
            let free = try database.number("PRAGMA freelist_count")
            let bytes = (pages - free) * (try database.number("PRAGMA page_size"))
            let perRow = Double(bytes) / Double(count) - 34
            print("catalogue: \(perRow) bytes a row besides its name")
            #expect(perRow <= 80)
            // Looked up and listed by the primary key alone.
            #expect(try catalogue.entry("observation-7", 1)?.kind == .folder)
        }
    }
}
