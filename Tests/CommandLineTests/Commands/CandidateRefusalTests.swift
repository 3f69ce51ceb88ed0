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

        @Test(arguments: ["nope", "nope/deeper", "d/nope", "top/x"])
        func `a prefix that names nothing is an error that names it`(_ prefix: String) throws {
            try withFiles(2) { site in
                expectRefusal(
                    try site.run("volume scan vol --prefix \(prefix)"), 1, saying: "'\(prefix)'",
                    site.origin, "--prefix")
                expectRefusal(try site.run("ls vol@candidate"), 1, saying: "no candidate")
            }
        }

        @Test func `a prefix that was published and is gone is a removal, however often`() throws {
            try withFiles(2) { site in
                try DiskFile.move("\(site.origin)/d", to: "\(site.folder)/away")
                for removed in [2, 0] {
                    let done = try site.ok("volume scan vol --prefix d")
                    #expect(done.text.contains("\(removed) removed"), "\(done.text)")
                    #expect(try site.ok("ls -R vol@candidate").lines == ["top"])
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
                #expect(try site.ok("ls vol@candidate").lines.contains("d/") == false)
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
                expectRefusal(try site.run("ls vol@candidate"), 1, saying: "no candidate")
                try site.ok(["volume", "scan", "vol", "--strict", "--exclude", ".perigee"])
                #expect(try site.ok("volume show vol --problems").lines == [])
            }
        }
    }
}
