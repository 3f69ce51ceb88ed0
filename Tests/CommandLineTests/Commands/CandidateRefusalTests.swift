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
