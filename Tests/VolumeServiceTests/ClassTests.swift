import AccessControl
import ControlStore
import PerigeeTesting
import Testing
import VolumeModel
import VolumeService

@Suite("Classes of entries", .timeLimit(.minutes(5)))
struct ClassTests {
    private func assignments(_ fixture: ClassFixture) throws -> Int {
        try fixture.fixture.store.history(after: 0, limit: 1_000)
            .count { $0.action == .classesAssigned }
    }

    @Test("What paths tell is known of every entry when its candidate is complete")
    func expressions() throws {
        try withClasses { volume in
            try volume.write("jw01288001/a")
            try volume.write("other/b")
            try volume.setExpressions("jw{proposal:5}*/**")
            try volume.scan()
            #expect(try volume.attributes("jw01288001/a", 1) == ["proposal": "01288"])
            #expect(try volume.attributes("jw01288001", 1) == ["proposal": "01288"])
            #expect(try volume.attributes("other/b", 1) == [:])
            _ = try volume.publisher.publish(volume.volume)

            // Of a next candidate only what is new is looked at.
            try volume.write("jw00005/c")
            let report = try volume.scan()
            #expect(report.reassigned == 2)
            #expect(try volume.attributes("jw00005/c", 2) == ["proposal": "00005"])
        }
    }

    @Test("A table is in force at once in all revisions, and makes none")
    func table() throws {
        try withClasses { volume in
            for name in ["a/x", "a/y", "b/z"] { try volume.write(name) }
            try volume.fixture.publish(volume.volume)
            try DiskFile.replace(volume.disk("a/x"), Array("longer".utf8))
            try volume.fixture.publish(volume.volume)
            let before = try volume.fixture.store.snapshot()
            let report = try volume.scan(["a/* proposal 7", "a/x kind science", "no/where kind x"])
            #expect(!report.hasCandidate)
            // x in two versions, and y.
            #expect(report.reassigned == 3)
            #expect(report.unusedAttributes.map(\.line) == [4])
            for revision in 1...2 {
                #expect(
                    try volume.attributes("a/x", revision) == ["proposal": "7", "kind": "science"])
                #expect(try volume.attributes("a/y", revision) == ["proposal": "7"])
                #expect(try volume.attributes("b/z", revision) == [:])
            }
            let after = try volume.fixture.store.snapshot()
            #expect(after.epoch > before.epoch)
            #expect(
                try #require(after.volume(named: volume.volume)).classGeneration
                    > #require(before.volume(named: volume.volume)).classGeneration)
            #expect(after.volume(named: volume.volume)?.highest?.value == 2)
            #expect(try volume.publisher.verify(volume.volume, at: .current).isCatalogueSound)

            // The same once more changes nothing, and a scan without a table keeps it.
            let told = try assignments(volume)
            #expect(
                try volume.scan(["a/* proposal 7", "a/x kind science", "no/where kind x"])
                    .reassigned == 0)
            try volume.scan()
            #expect(try volume.fixture.store.snapshot().epoch == after.epoch)
            #expect(try assignments(volume) == told)
            #expect(try volume.attributes("a/y", 1) == ["proposal": "7"])

            // Another takes its place.
            try volume.scan(["b/** proposal 9"]) { $0.allowsFewerAttributes = true }
            #expect(try volume.attributes("a/x", 1) == [:])
            #expect(try volume.attributes("b/z", 2) == ["proposal": "9"])
        }
    }

    @Test("Times of release are attributes, and what a table says takes the place of a path's word")
    func precedence() throws {
        try withClasses { volume in
            try volume.write("jw1/a")
            try volume.write("jw2/a")
            try volume.setExpressions("jw{proposal}/**")
            let text = """
                glob\tkey\tvalue\tmetadata_release\tdata_release
                jw1\tproposal\tone\t-\t2030-01-01
                jw2\t\t\t2029-01-01T12:00:00Z\t
                """
            let rows = try AttributeTable.parse(Array(text.utf8), named: "t")
            _ = try volume.publisher.scan(
                volume.volume, options: scanOptions { $0.attributes = rows })
            #expect(
                try volume.attributes("jw1/a", 1)
                    == ["proposal": "one", "data_release": "2030-01-01"])
            #expect(
                try volume.attributes("jw2/a", 1)
                    == ["proposal": "2", "metadata_release": "2029-01-01T12:00:00Z"])
        }
    }

    @Test("Where path expressions have changed, all is assigned anew, by whoever comes first")
    func changedExpressions() throws {
        try withClasses { volume in
            try volume.write("jw1/a")
            try volume.fixture.publish(volume.volume)
            let publisher = volume.publisher
            #expect(try publisher.assignClassesIfNeeded(volume.volume) == 0)
            try volume.setExpressions("jw{proposal}/**")
            #expect(try publisher.assignClassesIfNeeded(volume.volume) == 2)
            #expect(try volume.attributes("jw1/a", 1) == ["proposal": "1"])
            #expect(try publisher.assignClassesIfNeeded(volume.volume) == 0)
            #expect(try assignments(volume) == 1)

            try volume.setExpressions("j{letter}1/**")
            #expect(try volume.scan().reassigned == 2)
            #expect(try volume.attributes("jw1/a", 1) == ["letter": "w"])
            #expect(try publisher.assignClassesIfNeeded(volume.volume) == 0)
            #expect(try assignments(volume) == 2)
        }
    }

    @Test("A volume that was never scanned has nothing to assign")
    func neverScanned() throws {
        try withClasses { volume in
            try volume.setExpressions("jw{proposal}/**")
            #expect(try volume.publisher.assignClassesIfNeeded(volume.volume) == 0)
            #expect(
                failure {
                    _ = try volume.publisher.assignClassesIfNeeded(try VolumeName("none"))
                }?.code == nil)
        }
    }

    @Test("A scan that fails leaves the table and the classes as they were")
    func refused() throws {
        try withClasses { volume in
            for index in 0..<20 { try volume.write("d\(index)/x") }
            let rows = (0..<20).map { "d\($0) number \($0)" }
            try volume.scan(rows)
            _ = try volume.publisher.publish(volume.volume)
            let epoch = try volume.fixture.store.snapshot().epoch
            func refused(_ lines: [String], _ change: (inout ScanOptions) -> Void = { _ in })
                -> PerigeeError?
            {
                failure { try volume.scan(lines, change) }
            }
            // Two rows say different things of one entry.
            let clash = refused(rows + ["**/x number 3"])
            #expect(clash?.code == .conflict)
            #expect(clash?.message.contains("d0/x") == true)
            #expect(refused(rows + ["gone/** number 3"]) { $0.isStrict = true }?.code == .conflict)
            // Three of twenty go, and of two none too many.
            #expect(refused(Array(rows.dropLast(3)))?.code == .conflict)
            try DiskFile.makePipe(volume.disk("pipe"))
            #expect(refused(Array(rows.dropLast(1))) { $0.isStrict = true }?.code == .conflict)
            #expect(try volume.fixture.store.snapshot().epoch == epoch)
            #expect(try volume.attributes("d19/x", 1) == ["number": "19"])
            #expect(try volume.scan(Array(rows.dropLast(2))).reassigned == 4)
            #expect(try volume.attributes("d19/x", 1) == [:])
            // Other rows, as many: those before are gone all the same.
            #expect(refused((0..<18).map { "d\($0)/x number \($0)" })?.code == .conflict)
        }
    }

    @Test("Entries at and below a link are told by what is really there")
    func links() throws {
        try withClasses { volume in
            try volume.write("data/closed/x")
            try volume.write("data/open/y")
            try DiskFile.makeFolders(volume.fixture.archive("outside/in"))
            try DiskFile.write(volume.fixture.archive("outside/in/z"), [1])
            try DiskFile.link(volume.disk("latest"), to: "data/closed")
            try DiskFile.link(volume.disk("data/closed/nested"), to: "../open")
            try DiskFile.link(volume.disk("file"), to: "data/open/y")
            try DiskFile.link(volume.disk("far"), to: "../outside")
            try volume.scan(["data/closed team a", "data/open team b", "latest name l"])
            let classes = try volume.classes(1)
            let known = try volume.policy().classes
            func link(_ path: String) throws -> (String, String?, [String: String])? {
                guard let link = try #require(classes[path]).link else { return nil }
                let target =
                    link.targetClass == .none
                    ? AccessClass() : try #require(known[link.targetClass])
                #expect(target.link == nil)
                return (
                    String(decoding: link.path, as: UTF8.self),
                    link.target.map { String(decoding: $0, as: UTF8.self) },
                    Dictionary(
                        uniqueKeysWithValues: target.attributes.map { ($0.key.string, $0.value) })
                )
            }
            let team = { (name: String) in ["team": name] }
            for (path, expected) in [
                ("latest", ("latest", "data/closed", team("a"))),
                ("latest/x", ("latest", "data/closed", team("a"))),
                ("latest/nested", ("latest/nested", "data/open", team("b"))),
                ("latest/nested/y", ("latest/nested", "data/open", team("b"))),
                ("data/closed/nested/y", ("data/closed/nested", "data/open", team("b"))),
                ("file", ("file", "data/open/y", team("b"))),
                ("far/in/z", ("far", nil, [:])),
            ] as [(String, (String, String?, [String: String]))] {
                #expect(try #require(try link(path)) == expected, "\(path)")
            }
            #expect(try link("data/closed/x") == nil)
            #expect(try volume.attributes("latest/x", 1) == ["name": "l"])
            #expect(try volume.attributes("data/closed/nested/y", 1) == ["team": "a"])
        }
    }

    @Test("Links count without any attribute, also in a file that an older version scanned")
    func linksAlone() throws {
        try withClasses { volume in
            try volume.write("data/x")
            try DiskFile.link(volume.disk("latest"), to: "data")
            try volume.scan()
            #expect(try volume.classes(1)["latest/x"]?.link != nil)
            #expect(try volume.classes(1)["data/x"] == AccessClass())
            _ = try volume.publisher.publish(volume.volume)
            #expect(try volume.publisher.assignClassesIfNeeded(volume.volume) == 0)

            // A link that is led elsewhere: each revision has its own target's.
            try volume.write("other/x")
            try DiskFile.setModified(
                volume.disk("other/x"), try DiskFile.modified(volume.disk("data/x")))
            try DiskFile.remove(volume.disk("latest"))
            try DiskFile.link(volume.disk("latest"), to: "other")
            try volume.scan()
            #expect(try volume.classes(1)["latest/x"]?.link?.target == Array("data".utf8))
            #expect(try volume.classes(2)["latest/x"]?.link?.target == Array("other".utf8))
        }
    }
}
