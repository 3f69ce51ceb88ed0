import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// What a scan cannot read, by a user whom the archive's modes bind.
    @Suite(.needsRoot(), .needs("setpriv")) struct UnreadableTests {
        private static let everything = ["a/", "a/s/", "a/s/z", "a/x", "b/", "b/y", "top"]

        /// Gives `body` a published volume over `a/x`, `a/s/z`, `b/y` and `top`.
        private func withVolume(_ body: (Site, OrdinaryUser) throws -> Void) throws {
            try withSite { site in
                for name in ["a/x", "a/s/z", "b/y", "top"] { try site.write(name, name) }
                try tool("chmod", "755", site.folder)
                let user = try OrdinaryUser(site)
                try user.ok("init --quiet")
                try user.ok("volume add vol --origin posix:\(site.origin) --public")
                try user.ok("volume scan vol --quiet")
                try user.ok("volume publish vol")
                #expect(try user.ok("ls -R vol").lines == Self.everything)
                try body(site, user)
            }
        }

        /// A path, a mode that forbids it, and what the report says.
        private static let closed = [
            ("a", "000", "unreadable-folder\ta"),
            // Names are told, and nothing else.
            ("a", "444", "unreadable-file\ta/x"),
            ("a/s", "000", "unreadable-folder\ta/s"),
            ("a/x", "000", "unreadable-file\ta/x"),
        ]

        @Test(arguments: closed)
        func `what cannot be read stays as it was published, and is reported`(
            _ path: String, _ mode: String, _ problem: String
        ) throws {
            try withVolume { site, user in
                try tool("chmod", mode, "\(site.origin)/\(path)")
                #expect(try user.ok("volume scan vol").text.contains("Nothing differs"))
                #expect(
                    try user.ok("volume show vol --problems").text.contains(problem))
                expectRefusal(
                    try user.run("volume scan vol --strict"), 1, saying: "unreadable")

                // What can be read is followed meanwhile.
                try site.write("b/new", "new")
                try user.ok("volume scan vol --quiet")
                try user.ok("volume publish vol")
                #expect(try user.ok("ls -R vol").lines == Self.everything.inserting("b/new"))
                #expect(try user.ok("cat vol:b/new").text == "new")
                let file = path == "a/s" ? "a/s/z" : "a/x"
                expectRefusal(try user.run("cat vol:\(file)"), 1, saying: "cannot be")

                // And what was closed, when it is open again.
                let isFolder = path != "a/x"
                try tool("chmod", isFolder ? "755" : "644", "\(site.origin)/\(path)")
                #expect(try user.ok("volume scan vol").text.contains("Nothing differs"))
                #expect(try user.ok("cat vol:\(file)").text == file)
                #expect(try !user.ok("volume show vol --problems").text.contains("unreadable"))
                try DiskFile.remove("\(site.origin)/\(file)")
                try user.ok("volume scan vol --quiet")
                #expect(
                    try user.ok("ls -R vol@candidate --owner").lines
                        == Self.everything.inserting("b/new").filter { $0 != file })
            }
        }

        @Test func `what is closed for good is taken out by excluding it`() throws {
            try withVolume { site, user in
                try tool("chmod", "444", "\(site.origin)/a")
                try user.ok("volume scan vol --quiet --exclude a/x")
                #expect(
                    try user.ok("ls -R vol@candidate --owner").lines
                        == Self.everything.filter { $0 != "a/x" })
                try user.ok("volume scan vol --quiet --exclude a")
                #expect(try user.ok("ls -R vol@candidate --owner").lines == ["b/", "b/y", "top"])
            }
        }

        @Test func `what is new and cannot be read is not served`() throws {
            try withVolume { site, user in
                for name in ["a/secret", "n/f"] { try site.write(name, "text") }
                try tool("chmod", "000", "\(site.origin)/a/secret")
                try tool("chmod", "000", "\(site.origin)/n")
                try user.ok("volume scan vol --quiet")
                #expect(
                    try user.ok("ls -R vol@candidate --owner").lines
                        == Self.everything.inserting("n/"))
            }
        }
    }
}

extension [String] {
    /// With one more line, in byte order.
    fileprivate func inserting(_ line: String) -> [String] {
        (self + [line]).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
