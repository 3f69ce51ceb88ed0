import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite struct TreeDigestTests {
        /// Of the seven bytes `content`, made with Python's hashlib.
        private static let content =
            "af29755b1ad57e35e9dad90f53a39687943203265e4ba4544366b7bba54cbdfc"

        @Test func `a scan with trees is shown by stat and compared by verify`() throws {
            try withSite { site in
                try site.write("f", "content")
                try site.publish()
                try site.ok("volume scan vol --digest tree --digest sha256")
                let shown = try #require(try objects(site.ok("stat vol:f --json")).first)
                let digests = try #require(shown["digests"] as? [String: String])
                #expect(digests["sha256-tree"] == Self.content)
                #expect(digests["sha256"]?.count == 64)
                #expect(try site.ok("stat vol:f").text.contains(Self.content))
                #expect(try site.ok("volume verify vol").status == 0)
            }
        }

        @Test func `a folder cannot be distrusted, and a root on another machine can`() throws {
            try withSite { site in
                expectRefusal(
                    try site.run("root add f --origin posix:/tmp --trust no"), 64,
                    saying: "has to be trusted")
                try site.write("f", "content")
                try site.publish()
                let root = try #require(try objects(site.ok("root ls --json")).first)
                let name = try #require(root["name"] as? String)
                expectRefusal(
                    try site.run("root set \(name) --trust no"), 64, saying: "has to be trusted")
                try site.ok("root set \(name) --trust yes")
                expectRefusal(try site.run("root set gone --trust no"), 1, saying: "gone")
            }
        }
    }
}
