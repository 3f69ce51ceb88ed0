import Catalogue
import PerigeeTesting
import Testing
import VolumeModel

@Suite("Candidates and revisions")
struct CandidateTests {
    private static let first = FakeTree(
        [
            "": [file("a"), folder("d"), folder("e")], "d": [file("x"), folder("s")],
            "d/s": [file("y")], "e": [file("z")],
        ])

    /// The first tree with other listings at some paths.
    private static func changed(
        _ folders: [String: [FakeItem]], modified: Int64 = 1
    ) -> FakeTree {
        var tree = first
        for (path, items) in folders {
            tree.folders[path] = FakeFolder(items: items, modified: modified)
        }
        return tree
    }

    @Test("A first scan makes revision 1 of everything, and a second without change none")
    func first() throws {
        try withCatalogue { catalogue in
            let facts = try catalogue.publish(Self.first)
            #expect((facts.files, facts.folders, facts.bytes) == (4, 3, 4))
            #expect(try catalogue.paths(1) == ["a", "d/", "d/s/", "d/s/y", "d/x", "e/", "e/z"])
            #expect(try catalogue.scan(Self.first) == nil)
            #expect(try catalogue.number("SELECT count(*) FROM entry") == 7)
            #expect(try catalogue.number("SELECT count(*) FROM revision") == 1)
        }
    }

    @Test("A change of one file deep down adds one row and marks one")
    func delta() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.first)
            let facts = try catalogue.publish(
                Self.changed(["d/s": [file("y", size: 9, modified: 2)]]))
            #expect(facts.bytes == 12)
            #expect(try catalogue.number("SELECT count(*) FROM entry WHERE added = 2") == 1)
            #expect(try catalogue.number("SELECT count(*) FROM entry WHERE removed = 2") == 1)
            // A state a level: the folder, the one above, and the root.
            #expect(try catalogue.number("SELECT count(*) FROM folder_state WHERE added = 2") == 3)
            #expect(try catalogue.entry("d/s/y", 1)?.size == 1)
            #expect(try catalogue.entry("d/s/y", 2)?.size == 9)
            #expect(try catalogue.isSound(1))
            #expect(try catalogue.isSound(2))
        }
    }

    @Test(
        "A folder of very many files becomes what the scan found, whatever changed in it",
        arguments: [4_096, 4_097])
    func manyChanges(_ count: Int) throws {
        func name(_ index: Int) -> String { "f\(100_000 + index)" }
        let before = FakeTree(["": (0..<count).map { file(name($0 * 2)) }])
        let all = (0..<count).map { file(name($0 * 2), size: 2) }
        let trees = [
            FakeTree(["": all]), FakeTree(["": []]),
            // Between, behind and before those that were there.
            FakeTree(["": all + (0..<count).map { file(name($0 * 2 + 1)) }]),
            FakeTree(["": all + (0..<count).map { file("z\($0)") }]),
            FakeTree(["": (0..<count).map { file("a\($0)") } + before.folders[""]!.items]),
            FakeTree(["": (0..<count).map { folder(name($0 * 2)) }]),
            FakeTree(["": before.folders[""]!.items.enumerated().filter { $0.0 % 3 > 0 }.map(\.1)]),
        ]
        for tree in trees {
            try withCatalogue { catalogue in
                try catalogue.publish(before)
                let facts = try catalogue.publish(tree)
                try withCatalogue { fresh in
                    let state = try fresh.publish(tree).state
                    #expect(state == facts.state)
                    #expect(try fresh.paths(1) == catalogue.paths(2))
                }
                #expect(try catalogue.isSound(1))
                #expect(try catalogue.isSound(2))
                #expect(try catalogue.paths(1).count == count)
                // The same once more is no change, and the way back is one.
                #expect(try catalogue.scan(tree) == nil)
                #expect(try catalogue.publish(before).state == catalogue.state(1))
            }
        }
    }

    @Test("A folder of very many files is removed with all of them")
    func manyRemoved() throws {
        try withCatalogue { catalogue in
            let files = (0..<9_000).map { file("f\($0)") }
            try catalogue.publish(
                FakeTree(["": [folder("d"), file("a")], "d": files + [folder("s")], "d/s": files]))
            let facts = try catalogue.publish(FakeTree(["": [file("a")]]))
            #expect((facts.files, facts.folders) == (1, 0))
            #expect(
                try catalogue.number("SELECT count(*) FROM entry WHERE removed IS NULL") == 1)
            #expect(try catalogue.isSound(1))
        }
    }

    @Test("Folders keep their numbers for ever; a file's number is one version's")
    func numbers() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.first)
            let without = Self.changed(["": [file("a", size: 2)]])
            try catalogue.publish(without)
            try catalogue.publish(Self.first)
            for path in ["d", "d/s", "e"] {
                #expect(try catalogue.entry(path, 2) == nil)
                let id = try #require(try catalogue.entry(path, 1)?.id)
                #expect(try catalogue.entry(path, 3)?.id == id)
                #expect(try catalogue.reader().folder(id, revision: 2) == nil)
                #expect(try catalogue.reader().folder(id, revision: 3)?.id == id)
            }
            let versions = try [1, 2, 3].map { try #require(try catalogue.entry("a", $0)).id }
            #expect(Set(versions).count == 3)
            #expect(try catalogue.entry("d/x", 1)?.id != catalogue.entry("d/x", 3)?.id)
            #expect(try catalogue.paths(2) == ["a"])
            for revision in 1...3 { #expect(try catalogue.isSound(revision)) }
        }
    }

    @Test("A file that becomes a folder, and back, is one of the two in each revision")
    func kinds() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(FakeTree(["": [file("n")]]))
            try catalogue.publish(FakeTree(["": [folder("n")], "n": [file("x")]]))
            try catalogue.publish(FakeTree(["": [file("n")]]))
            #expect(try catalogue.paths(1) == ["n"])
            #expect(try catalogue.paths(2) == ["n/", "n/x"])
            #expect(try catalogue.paths(3) == ["n"])
        }
    }

    @Test("Scans of parts go on with the candidate")
    func continued() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.first)
            try catalogue.scan(Self.changed(["e": [file("z"), file("z2")]], modified: 5))
            let facts = try catalogue.publish(
                Self.changed(
                    ["e": [file("z"), file("z2")], "d": [folder("s"), file("x", size: 8)]],
                    modified: 5))
            #expect(facts.number == 2)
            #expect(
                try catalogue.paths(2) == [
                    "a", "d/", "d/s/", "d/s/y", "d/x", "e/", "e/z", "e/z2",
                ])
            #expect(try catalogue.isSound(2))
            #expect(try catalogue.paths(1).count == 7)
        }
    }

    @Test("A change that is taken back before the publish leaves no candidate and no rows")
    func reverted() throws {
        for (name, tree) in [
            ("file changed", Self.changed(["d": [file("x", size: 7), folder("s")]])),
            (
                "file changed, and its folder's time",
                Self.changed(
                    ["d": [file("x", size: 7), folder("s")]], modified: 9)
            ),
            ("file added", Self.changed(["d": [file("x"), file("w"), folder("s")]], modified: 9)),
            ("file removed", Self.changed(["e": []], modified: 9)),
            ("folder removed", Self.changed(["": [file("a"), folder("e")]])),
            (
                "folder added",
                Self.changed(
                    ["": [file("a"), folder("d"), folder("e"), folder("n")], "n": [file("q")]])
            ),
            ("all removed", FakeTree(["": []])),
            (
                "folder reached by a link",
                Self.changed(
                    ["": [file("a"), folder("d"), folder("e", target: "d/s")]])
            ),
            (
                "file reached by a link",
                Self.changed(
                    ["e": [file("z", target: "d/x")]])
            ),
        ] {
            try withCatalogue { catalogue in
                let published = try catalogue.publish(Self.first)
                #expect(try catalogue.scan(tree) != nil, "\(name)")
                let writer = try catalogue.writer()
                try writer.begin()
                try Self.first.scan(into: writer)
                #expect(writer.counts.removed >= 0 && writer.counts.added >= 0, "\(name)")
                #expect(try writer.finish() == nil, "\(name)")
                #expect(try catalogue.number("SELECT count(*) FROM entry") == 7, "\(name)")
                #expect(
                    try catalogue.number("SELECT count(*) FROM entry WHERE removed IS NOT NULL")
                        == 0, "\(name)")
                #expect(
                    try catalogue.number("SELECT count(*) FROM link") == 0, "\(name)")
                #expect(try catalogue.reader().revision(2) == nil, "\(name)")
                #expect(try catalogue.reader().revision(1) == published, "\(name)")
                #expect(try catalogue.isSound(1), "\(name)")
                #expect(try catalogue.scan(Self.first) == nil, "\(name)")
            }
        }
    }

    @Test("What a folder's content digest was survives its going and coming back")
    func revertedContent() throws {
        try withCatalogue { catalogue in
            let published = try catalogue.publish(Self.first) { writer in
                for path in ["a", "d/x", "d/s/y", "e/z"] {
                    let digest = try #require(
                        ContentDigest(.sha256, [UInt8](repeating: 1, count: 32)))
                    _ = try writer.take(digest, at: EntryPath(path))
                }
            }
            #expect(published.content != nil)
            try catalogue.scan(Self.changed(["": [file("a"), folder("e")]]))
            #expect(try catalogue.scan(Self.first) == nil)
            #expect(try catalogue.reader().revision(1) == published)
        }
    }

    @Test("A candidate that is thrown away leaves no rows, and its numbers to nobody")
    func discarded() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.first)
            try catalogue.scan(
                Self.changed(["e": [file("z", size: 3), file("n")], "": [file("a"), folder("e")]]))
            let lost = try #require(try catalogue.entry("e/n", 2)?.id)
            try catalogue.writer().discardCandidate()
            #expect(try catalogue.reader().revision(2) == nil)
            #expect(try catalogue.number("SELECT count(*) FROM entry") == 7)
            #expect(try catalogue.scan(Self.first) == nil)
            #expect(try catalogue.isSound(1))
            try catalogue.publish(Self.changed(["e": [file("z"), file("m")]]))
            #expect(try #require(try catalogue.entry("e/m", 2)).id > lost)
        }
    }

    @Test("What a restored control store does not know is taken back")
    func restored() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.first)
            try catalogue.publish(Self.changed(["e": [file("z", size: 3)]]))
            try catalogue.publish(Self.changed(["e": []]))
            catalogue.highest = 1
            // Revision 2 is continued as a candidate, 3 is gone.
            let facts = try #require(
                try catalogue.scan(Self.changed(["e": [file("z", size: 4)]])))
            #expect(facts.number == 2)
            #expect(try catalogue.reader().revision(3) == nil)
            #expect(try catalogue.entry("e/z", 2)?.size == 4)
            #expect(try catalogue.isSound(1))
            #expect(try catalogue.isSound(2))
        }
    }

    @Test("A scan is one transaction: nothing is seen of it before its end, or if it is undone")
    func atomic() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.first)
            let writer = try catalogue.writer()
            try writer.begin()
            try FakeTree(["": [file("only")]]).scan(into: writer)
            #expect(try catalogue.paths(1).count == 7)
            #expect(try catalogue.paths(2).count == 7)
            writer.rollback()
            #expect(try catalogue.scan(Self.first) == nil)
            #expect(try catalogue.isSound(1))
        }
    }

    @Test("The totals of every folder are those of what lies below it")
    func totals() throws {
        try withCatalogue { catalogue in
            try catalogue.publish(Self.first)
            try catalogue.publish(
                Self.changed(["d/s": [file("y", size: 10), file("y2", size: 100)]]))
            let reader = try catalogue.reader()
            for (path, files, folders, bytes) in [
                ("", 5, 3, 113), ("d", 3, 1, 111), ("d/s", 2, 0, 110), ("e", 1, 0, 1),
            ] as [(String, Int64, Int64, Int64)] {
                let id = try #require(try reader.entry(at: EntryPath(path), revision: 2)).id
                let state = try #require(try reader.state(of: id, revision: 2))
                #expect((state.files, state.folders, state.bytes) == (files, folders, bytes))
            }
        }
    }

    @Test("Sizes whose sum has no number end at the highest one")
    func hugeSizes() throws {
        try withCatalogue { catalogue in
            let huge = Int64.max - 1
            let tree = FakeTree([
                "": [file("a", size: huge), file("b", size: huge), folder("d")],
                "d": [file("x", size: huge)],
            ])
            let first = try catalogue.publish(tree)
            #expect(first.bytes == .max)
            var changed = tree
            changed.folders["d"]?.items.append(file("y", size: huge))
            let second = try catalogue.publish(changed)
            #expect(second.bytes == .max)
            #expect(try catalogue.isSound(2))
        }
    }

    @Test("A name that the origin lists twice, since it went and came back meanwhile, is one entry")
    func listedTwice() throws {
        try withCatalogue { catalogue in
            let twice = FakeTree([
                "": [file("a"), file("b", size: 1), file("b", size: 2), folder("d"), folder("d")],
                "d": [file("x"), file("x")],
            ])
            let first = try catalogue.publish(twice)
            #expect((first.files, first.folders, first.bytes) == (3, 1, 4))
            #expect(try catalogue.paths(1) == ["a", "b", "d/", "d/x"])
            // Where the folder has rows already, too.
            let again = try catalogue.publish(
                FakeTree([
                    "": [file("a"), file("a", size: 6), file("b", size: 2), folder("d")],
                    "d": [file("x")],
                ]))
            #expect((again.files, again.bytes) == (3, 9))
            #expect(try catalogue.paths(2) == ["a", "b", "d/", "d/x"])
            #expect(try catalogue.entry("a", 2)?.size == 6)
            #expect(try catalogue.isSound(2))
        }
    }
}
