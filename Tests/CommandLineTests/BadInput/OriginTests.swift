import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite struct OriginTests {
        private let add = ["volume", "add", "vol", "--public", "--origin"]

        @Test func `a missing one and one that is no folder are refused`() throws {
            try withSite { site in
                expectRefusal(try site.run(add + ["posix:\(site.folder)/none"]), 1, saying: "none")
                try DiskFile.write("\(site.folder)/file", [1])
                expectRefusal(
                    try site.run(add + ["posix:\(site.folder)/file"]), 1, saying: "folder")
                try DiskFile.link("\(site.folder)/loop", to: "loop")
                #expect(try site.run(add + ["posix:\(site.folder)/loop"]).status == 1)
                try site.ok("root add archive --origin posix:\(site.origin)")
                expectRefusal(
                    try site.run("volume add vol --source archive:none"), 1, saying: "none")
                expectRefusal(
                    try site.run("volume add vol --source other:none"), 1, saying: "other")
                #expect(try site.ok("volume ls").output == [])
            }
        }

        @Test func `one that overlaps the state is refused, through links too`() throws {
            try withSite { site in
                try DiskFile.link("\(site.folder)/link", to: site.state)
                for path in [
                    site.folder, site.state, "\(site.state)/catalogues", "/", "\(site.folder)/link",
                ] {
                    expectRefusal(try site.run(add + ["posix:\(path)"]), 64, saying: "overlap")
                }
            }
        }

        @Test func `one that goes away is an error of the scan, and loses nothing`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try DiskFile.move(site.origin, to: "\(site.folder)/away")
                let done = try site.run("volume scan vol")
                expectRefusal(done, 1, saying: "origin")
                #expect(try site.ok("ls vol").text == "f\n")
                try DiskFile.move("\(site.folder)/away", to: site.origin)
                #expect(try site.ok("volume scan vol").text.contains("Nothing differs"))
            }
        }

        @Test(.needsRoot(), .needs("setpriv"))
        func `what an ordinary user cannot read is in the report, not in the volume`() throws {
            try withSite { site in
                for name in ["open/f", "closed/f", "secret"] { try site.write(name, "text") }
                try tool("chmod", "700", "\(site.origin)/closed")
                try tool("chmod", "600", "\(site.origin)/secret")
                try tool("chmod", "755", site.folder)
                let user = try OrdinaryUser(site)
                try user.ok("init")
                try user.ok("volume add vol --origin posix:\(site.origin) --public")
                try user.ok("volume scan vol --quiet")
                #expect(
                    try user.ok("ls -R vol@candidate --owner").lines == [
                        "closed/", "open/", "open/f",
                    ])
                let problems = try user.ok("volume show vol --problems").text
                #expect(problems.contains("unreadable-folder\tclosed"))
                #expect(problems.contains("unreadable-file\tsecret"))
                expectRefusal(
                    try user.run("volume scan vol --strict"), 1, saying: "unreadable")
                try tool("chmod", "700", site.origin)
                expectRefusal(
                    try user.run("volume add other --origin posix:\(site.origin)"), 1,
                    saying: "cannot be listed")
                expectRefusal(try user.run("volume scan vol"), 1, saying: "origin")
                #expect(
                    try user.ok("ls -R vol@candidate --owner").lines.count == 3,
                    "nothing was changed")
            }
        }
    }
}
