import AccessControl
import ControlStore
import Foundation
import GRDB
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite struct BackupCommandTests {
        @Test func `a backup is restored, checked and read again`() throws {
            try withSite { site in
                try site.write("a/x.fits", "hello")
                try site.publish()
                let backup = "\(site.folder)/backup"
                let made = try site.ok("backup \(backup) --json")
                #expect(made.text.contains("\"catalogues/vol.sqlite\""))
                try site.write("a/y.fits", "later")
                try site.scanAndPublish()
                #expect(try site.run("cat vol:a/y.fits").text == "later")
                let restored = try site.ok("restore \(backup)")
                #expect(restored.text.contains("generation 2"))
                #expect(restored.text.contains(".replaced-"))
                #expect(try site.ok("check").text == "All is sound\n")
                #expect(try site.ok("cat vol:a/x.fits").text == "hello")
                #expect(try site.run("cat vol:a/y.fits").status == 1)
                // The chain goes on from the backup's head.
                let head = try #require(
                    made.text.components(separatedBy: "\"head\":\"").last?.prefix(64))
                let audit = try site.ok("audit verify --head \(head) --json")
                #expect(audit.text.contains("\"noted\":"))
                // What was not in the backup is scanned again.
                try site.scanAndPublish()
                #expect(try site.ok("cat vol:a/y.fits").text == "later")
                #expect(try site.ok("check").status == 0)
            }
        }

        @Test func `what a restore would open is listed and needs a word`() throws {
            try withSite { site in
                try site.write("x", "hello")
                try site.publish()
                let backup = "\(site.folder)/backup"
                try site.ok("backup \(backup) --quiet")
                try site.ok("volume set vol --private")
                let refused = try site.run("restore \(backup)")
                #expect(refused.status == 1)
                #expect(refused.errorText.contains("opens: vol public: grant read to anyone"))
                #expect(refused.errorText.contains("--accept"))
                #expect(try site.run("cat vol:x").status == 1)
                let done = try site.ok("restore \(backup) --accept --json")
                #expect(done.text.contains("grant read to anyone"))
                #expect(try site.ok("cat vol:x").text == "hello")
            }
        }

        @Test func `a restore puts entries into their classes, or says of which volumes it cannot`()
            throws
        {
            try withSite { site in
                let name = try VolumeName("vol")
                for path in ["p1/a", "p2/b"] { try site.write(path, path) }
                try site.publish()
                let rule = AccessRule(
                    name: "closed", effect: .denial(.none), subject: .anyone,
                    conditions: [.attribute(try AttributeKey("part"), equals: "1")])
                let expressions = [try PathExpression("p{part}/**")]
                func change(_ operations: [ControlOperation]) throws {
                    try SQLiteControlStore(try StateFolder(path: site.state))
                        .perform(operations, at: nil)
                }
                // As where a scan ends between the copies of control and of the catalogue.
                try change([
                    .setSettings(name, VolumeSettings(expressions: expressions)),
                    .setRule(name, rule, label: nil),
                ])
                try site.ok("backup \(site.folder)/first --quiet")
                let first = try site.ok("restore \(site.folder)/first")
                #expect(first.errors == [])
                #expect(try site.ok("ls -R vol").lines == ["p2/", "p2/b"])

                try change([
                    .setAttributeRows(
                        name,
                        try ["x", "y"].enumerated().map { line, value in
                            AttributeRow(
                                pattern: try PathPattern("p1"), key: try AttributeKey("k"),
                                value: value, line: line + 2)
                        })
                ])
                try site.ok("backup \(site.folder)/second --quiet")
                let second = try site.run("restore \(site.folder)/second --json")
                #expect(second.status == 0, "\(second)")
                #expect(second.errorText.contains("perigee volume scan vol"))
                let report = try #require(try objects(second).first)
                let unfinished = try #require(report["unfinished"] as? [String: String])
                #expect(unfinished.keys.contains("vol"))
            }
        }

        @Test func `into another state nothing of the present one is touched`() throws {
            try withSite { site in
                try site.write("x", "hello")
                try site.publish()
                try site.ok("backup \(site.folder)/backup --quiet")
                try site.ok("restore \(site.folder)/backup --state \(site.folder)/other")
                try site.ok("check --state \(site.folder)/other --quick")
                #expect(try site.ok("cat vol:x --state \(site.folder)/other").text == "hello")
                #expect(try site.ok("check").status == 0)
            }
        }

        @Test(.needsMounts())
        func `a restore waits for no mount, and says which has to end`() throws {
            try withSite { site in
                try site.write("x", "hello")
                try site.publish()
                let backup = "\(site.folder)/backup"
                try site.ok("backup \(backup) --quiet")
                try site.withMount { point in
                    let refused = try site.run("restore \(backup)")
                    #expect(refused.status == 1)
                    #expect(refused.errorText.contains("\(try site.daemon()) ("))
                    #expect(try DiskFile.read("\(point)/vol/x") == Array("hello".utf8))
                    try site.ok("unmount \(point)")
                }
                try site.ok("restore \(backup)")
            }
        }

        @Test func `a check names what is not sound and what to do, with status 1`() throws {
            try withSite { site in
                try site.write("x", "hello")
                try site.publish()
                let queue = try DatabaseQueue(path: "\(site.state)/catalogues/vol.sqlite")
                try queue.write { try $0.execute(sql: "UPDATE entry SET size = 6") }
                let rows = try site.run("check")
                #expect(rows.status == 1)
                #expect(rows.text.contains("vol: vol@r1 has rows that do not give the digest"))
                #expect(rows.text.contains("perigee restore"))
                // The quick one believes the catalogue.
                #expect(try site.run("check --quick").status == 0)
                try queue.write { db in
                    try db.execute(sql: "UPDATE entry SET size = 5, class = 77")
                }
                let classes = try site.run("check --json")
                #expect(classes.status == 1)
                #expect(classes.text.contains("1 classes that control does not know"))
                try queue.write { db in
                    try db.execute(sql: "UPDATE entry SET class = 0; DELETE FROM revision")
                }
                let gone = try site.run("check")
                #expect(gone.text.contains("vol@r1 was published and is not in the catalogue"))
                try queue.close()
                try FileManager.default.removeItem(atPath: "\(site.state)/catalogues/vol.sqlite")
                #expect(try site.run("check").text.contains("is gone"))
                let control = try DatabaseQueue(path: "\(site.state)/control.sqlite")
                try control.write { try $0.execute(sql: "UPDATE event SET detail = 'x'") }
                #expect(try site.run("check").text.contains("event 1 of the audit chain"))
            }
        }
    }
}
