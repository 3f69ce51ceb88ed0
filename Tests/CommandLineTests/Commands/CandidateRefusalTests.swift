import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// What a scan and a publish ask about before they take something away.
    @Suite struct CandidateRefusalTests {
        private func withFiles(_ count: Int, _ body: (Site) throws -> Void) throws {
            try withSite { site in
                for index in 0..<count { try site.write("d/f\(index)", "\(index)") }
                try site.write("top", "text")
                try site.publish()
                try body(site)
            }
        }

        private func remove(_ range: Range<Int>, _ site: Site) throws {
            for index in range { try DiskFile.remove("\(site.origin)/d/f\(index)") }
        }

        @Test func `a publish that takes most files away is refused with the numbers`() throws {
            try withFiles(20) { site in
                try remove(0..<11, site)
                try site.ok("volume scan vol")
                let before = try site.ok("volume show vol --json").text
                expectRefusal(
                    try site.run("volume publish vol"), 1, saying: "11 of the 21 files",
                    "vol@r1", "perigee volume diff vol vol@candidate", "--force")
                #expect(try site.ok("volume show vol --json").text == before)
                let gone = try site.ok("volume diff vol vol@candidate").lines
                #expect(gone.count { $0.hasPrefix("- d/f") } == 11)
                try site.ok("volume publish vol --force")
                #expect(try site.ok("ls vol:d").lines.count == 9)
            }
        }

        @Test func `half of the files, or ten, go without a question`() throws {
            try withFiles(21) { site in
                try remove(0..<11, site)
                try site.scanAndPublish()
                try remove(11..<21, site)
                try site.scanAndPublish()
                #expect(try site.ok("ls -R vol").lines == ["d/", "top"])
            }
        }

        @Test func `a folder that was moved counts as gone`() throws {
            try withFiles(20) { site in
                try DiskFile.move("\(site.origin)/d", to: "\(site.origin)/e")
                try site.ok("volume scan vol")
                expectRefusal(
                    try site.run("volume publish vol"), 1, saying: "20 of the 21 files")
            }
        }

        @Test func `what is compared is what readers see, also after a rollback`() throws {
            try withFiles(20) { site in
                try remove(0..<20, site)
                try site.ok("volume scan vol")
                try site.ok("volume publish vol --force")
                try site.ok("volume rollback vol@r1")
                try site.write("new", "text")
                try site.ok("volume scan vol")
                expectRefusal(
                    try site.run("volume publish vol"), 1, saying: "20 of the 21 files", "vol@r1")
                try site.ok("volume rollback vol@r2")
                try site.ok("volume publish vol")
            }
        }

        @Test(arguments: ["nope", "nope/deeper", "d/nope", "top/x"])
        func `a prefix that names nothing is an error that names it`(_ prefix: String) throws {
            try withFiles(2) { site in
                expectRefusal(
                    try site.run("volume scan vol --prefix \(prefix)"), 1, saying: "'\(prefix)'",
                    site.origin, "--prefix")
                expectRefusal(try site.run("ls vol@candidate --owner"), 1, saying: "no candidate")
            }
        }

        @Test func `a prefix that was published and is gone is a removal, however often`() throws {
            try withFiles(2) { site in
                try DiskFile.move("\(site.origin)/d", to: "\(site.folder)/away")
                for removed in [2, 0] {
                    let done = try site.ok("volume scan vol --prefix d")
                    #expect(done.text.contains("\(removed) removed"), "\(done.text)")
                    #expect(try site.ok("ls -R vol@candidate --owner").lines == ["top"])
                }
                try site.ok("volume publish vol")
                expectRefusal(try site.run("ls vol:d"), 1, saying: "vol:d")
                // No revision that is served holds it now, but r1 does not make it known for ever.
                expectRefusal(try site.run("volume scan vol --prefix d"), 1, saying: "'d'")
            }
        }

        @Test(arguments: ["--prefix d", "--changes LIST"])
        func `a part of an empty source is refused as the whole is`(_ words: String) throws {
            try withFiles(2) { site in
                let list = "\(site.folder)/list"
                try DiskFile.write(list, Array("d\ntop\n".utf8))
                try DiskFile.move(site.origin, to: "\(site.folder)/away")
                try DiskFile.makeFolder(site.origin)
                let scan = "volume scan vol " + words.replacing("LIST", with: list)
                expectRefusal(try site.run(scan), 1, saying: "is empty", "--allow-empty")
                #expect(try site.ok("ls -R vol").lines.count == 4)
                try site.ok("\(scan) --allow-empty")
                #expect(try site.ok("ls vol@candidate --owner").lines.contains("d/") == false)
            }
        }

        @Test func `.perigee at a volume's root is kept for the mount's own files`() throws {
            try withSite { site in
                try site.write(".perigee/secret", "text")
                try site.write("d/.perigee/shown", "text")
                try site.write(".perigee-sample", "text")
                try site.publish()
                #expect(
                    try site.ok("ls -R vol").lines == [
                        ".perigee-sample", "d/", "d/.perigee/", "d/.perigee/shown",
                    ])
                #expect(
                    try site.ok("volume show vol --problems").lines == ["reserved-name\t.perigee"])
                expectRefusal(
                    try site.run("volume scan vol --strict"), 1, saying: "1 reserved-name")
                try site.ok("volume scan vol --prefix .perigee/secret")
                expectRefusal(try site.run("ls vol@candidate --owner"), 1, saying: "no candidate")
                try site.ok(["volume", "scan", "vol", "--strict", "--exclude", ".perigee"])
                #expect(try site.ok("volume show vol --problems").lines == [])
            }
        }
    }
}
