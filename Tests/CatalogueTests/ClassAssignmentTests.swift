import Catalogue
import PerigeeTesting
import Testing
import VolumeModel

/// A class that is another for each path, kind and link, mostly.
func sampleClass(_ entry: ClassifiedEntry) -> AccessClassID {
    var hash: UInt64 = entry.kind == .file ? 17 : 31
    for byte in entry.path + [0] + (entry.link.map { $0.path + [0] + $0.target } ?? [1]) {
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return AccessClassID(Int64(hash % 1_000))
}

extension CatalogueFixture {
    /// Puts all rows into classes, outside of any scan.
    @discardableResult
    func assign(
        _ scope: CandidateWriter.ClassScope = .everything,
        _ classOf: @escaping (ClassifiedEntry) -> AccessClassID = sampleClass
    ) throws -> Int {
        let writer = try writer()
        try writer.begin()
        let changed = try writer.assignClasses(scope, from: 1) { $0.map(classOf) }
        try writer.commitClasses()
        return changed
    }

    /// The class of what stands at a path.
    func accessClass(_ path: String, _ revision: Int) throws -> Int64? {
        try entry(path, revision)?.accessClass.value
    }
}

@Suite("Assigning classes")
struct ClassAssignmentTests {
    private static let tree = FakeTree([
        "": [file("a"), folder("d"), folder("e")], "d": [file("x"), folder("s")],
        "d/s": [file("y")],
    ])

    @Test("A class holds in every revision at once, and changes no digest and makes no candidate")
    func inPlace() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.tree)
            var later = Self.tree
            later.folders["d"] = FakeFolder(items: [file("x", size: 8), folder("s")], modified: 2)
            try catalogue.publish(later)
            let before = try [1, 2].map { try catalogue.reader().revision($0) }
            let changed = try catalogue.assign { entry in
                AccessClassID(entry.path.starts(with: Array("d/".utf8)) ? 7 : 0)
            }
            // x in both versions, s, and y.
            #expect(changed == 4)
            for revision in 1...2 {
                #expect(try catalogue.accessClass("d/x", revision) == 7)
                #expect(try catalogue.accessClass("d/s/y", revision) == 7)
                #expect(try catalogue.accessClass("a", revision) == 0)
                #expect(try catalogue.isSound(revision))
            }
            #expect(try [1, 2].map { try catalogue.reader().revision($0) } == before)
            #expect(try catalogue.scan(later) == nil)
            #expect(try catalogue.assign { _ in AccessClassID(0) } == 4)
            #expect(try catalogue.assign { _ in AccessClassID(0) } == 0)
        }
    }

    @Test("A file's next version keeps the class until it is assigned, and new rows get theirs")
    func candidate() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.tree)
            try catalogue.assign { _ in AccessClassID(3) }
            var later = Self.tree
            later.folders["d"] = FakeFolder(
                items: [file("x", size: 8), folder("s"), file("n")], modified: 2)
            var seen: [String] = []
            try catalogue.publish(later) { writer in
                _ = try writer.assignClasses(.candidate, from: 1) { entries in
                    seen += entries.map { String(decoding: $0.path, as: UTF8.self) }
                    return entries.map { _ in AccessClassID(5) }
                }
            }
            // The folder has a row of its own, since its time is another.
            #expect(seen.sorted() == ["d", "d/n", "d/x"])
            #expect(try catalogue.accessClass("d/x", 1) == 3)
            #expect(try catalogue.accessClass("d/x", 2) == 5)
            #expect(try catalogue.accessClass("d/s/y", 2) == 3)
        }
    }

    @Test("What is reached by a link is told of the innermost one")
    func links() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(
                FakeTree([
                    "": [folder("d", target: "real/d"), file("f", target: "real/f")],
                    "d": [folder("in"), folder("out", target: "other"), file("x")],
                    "d/in": [file("y"), file("z", target: "real/z")], "d/out": [file("w")],
                ]))
            var seen: [String: EntryLink] = [:]
            try catalogue.assign { entry in
                seen[String(decoding: entry.path, as: UTF8.self)] = entry.link
                return .none
            }
            func link(_ path: String, _ target: String) -> EntryLink {
                EntryLink(path: Array(path.utf8), target: Array(target.utf8))
            }
            #expect(
                seen == [
                    "d": link("d", "real/d"), "f": link("f", "real/f"), "d/x": link("d", "real/d"),
                    "d/in": link("d", "real/d"), "d/in/y": link("d", "real/d"),
                    "d/in/z": link("d/in/z", "real/z"), "d/out": link("d/out", "other"),
                    "d/out/w": link("d/out", "other"),
                ])
        }
    }

    @Test("Below a link that is led elsewhere each revision has the class of its own target")
    func aimed() throws {
        func tree(_ target: String?, _ more: [FakeItem] = []) -> FakeTree {
            FakeTree([
                "": [folder("d", target: target)] + more, "d": [file("x"), folder("s")],
                "d/s": [file("y")],
            ])
        }
        func target(_ entry: ClassifiedEntry) -> AccessClassID {
            AccessClassID(Int64(entry.link?.target.last ?? 0))
        }
        try withCatalogue { catalogue in
            func scan(_ tree: FakeTree) throws -> RevisionFacts? {
                try catalogue.scan(tree) { writer in
                    _ = try writer.assignClasses(.candidate, from: 1) { $0.map(target) }
                }
            }
            #expect(try scan(tree("1")) != nil)
            catalogue.highest = 1
            #expect(try scan(tree("2")) != nil)
            let paths = ["d", "d/x", "d/s", "d/s/y"]
            for path in paths {
                #expect(try catalogue.accessClass(path, 1) == Int64(UInt8(ascii: "1")), "\(path)")
                #expect(try catalogue.accessClass(path, 2) == Int64(UInt8(ascii: "2")), "\(path)")
            }
            // One version, which came in the first revision.
            let x = try #require(try catalogue.entry("d/x", 2))
            #expect(try catalogue.entry("d/x", 1)?.id == x.id)
            #expect(try catalogue.reader().added(x, revision: 2) == 1)
            #expect(try catalogue.isSound(2))
            // What is compared with what is published is what was published.
            #expect(try scan(tree("1")) == nil)
            #expect(
                try catalogue.number("SELECT count(*) FROM entry WHERE added > 1 OR removed > 0")
                    == 0)

            // The same by one assignment of everything, as in a file of older make.
            try catalogue.scan(tree("2"))
            catalogue.highest = 2
            try catalogue.scan(tree(nil))
            catalogue.highest = 3
            try catalogue.assign(.everything, target)
            for (revision, accessClass) in [(1, 0x31), (2, 0x32), (3, 0)] {
                for path in paths {
                    #expect(
                        try catalogue.accessClass(path, revision) == Int64(accessClass), "\(path)")
                }
                #expect(try catalogue.isSound(revision))
            }
            try catalogue.reader().differences(from: 1, to: 3) { Issue.record("\($0)") }
            #expect(try scan(tree(nil)) == nil)
            let writer = try catalogue.writer()
            #expect(throws: Never.self) { try writer.discardCandidate() }
            #expect(try catalogue.accessClass("d/x", 1) == 0x31)
        }
    }

    @Test("A candidate that is thrown away takes no digest of a published version with it")
    func discarded() throws {
        try withCatalogue { catalogue in
            let digest = ContentDigest(.sha256, [UInt8](repeating: 1, count: 32))!
            let items = [file("x")]
            try catalogue.publish(FakeTree(["": [folder("d", target: "1")], "d": items])) {
                _ = try $0.take(digest, at: EntryPath("d/x"))
            }
            try catalogue.scan(FakeTree(["": [folder("d", target: "2")], "d": items])) {
                _ = try $0.assignClasses(.candidate, from: 1) { $0.map(sampleClass) }
            }
            let x = try #require(try catalogue.entry("d/x", 2)).id
            try catalogue.writer().discardCandidate()
            #expect(try catalogue.reader().digests(of: x).digests == [digest])
            #expect(try catalogue.paths(1) == ["d/", "d/x"])
            #expect(try catalogue.number("SELECT count(*) FROM entry") == 2)
        }
    }

    @Test("Many rows in many classes: what each is in, and where each class is found")
    func many() throws {
        try withCatalogue { catalogue in
            let names = (0..<30).map { "d\($0)" }
            var folders: [String: [FakeItem]] = ["": names.map { folder($0) }]
            for name in names { folders[name] = (0..<500).map { file("f\($0)") } }
            try catalogue.publish(FakeTree(folders))
            func number(_ entry: ClassifiedEntry) -> AccessClassID {
                guard entry.kind == .file else { return .none }
                return AccessClassID(Int64(entry.path[1]) * 100 + Int64(entry.path.last!))
            }
            #expect(try catalogue.assign(.everything, number) == 15_000)
            let reader = try catalogue.reader()
            for name in names {
                let id = try #require(try catalogue.entry(name, 1)).id
                for entry in try reader.list(id, after: [], limit: 1_000, revision: 1) {
                    let path = Array("\(name)/".utf8) + entry.name
                    #expect(
                        entry.accessClass == number(ClassifiedEntry(path: path, kind: .file)))
                    #expect(
                        try reader.folders(ofClass: entry.accessClass, limit: 100).contains(id))
                }
            }
            // d1 and d10 to d19, each with ten last digits.
            #expect(
                try reader.folderCount(ofClass: AccessClassID(0x31 * 100 + 0x30), limit: 99) == 11)
            #expect(try reader.folders(ofClass: .none, limit: 100) == [.root])
        }
    }
}
