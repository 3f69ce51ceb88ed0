import PerigeeTesting
import Testing

extension CommandLineTests {
    /// URLs that read one file.
    @Suite struct PresignTests {
        private func withKey(_ body: (Site, String) throws -> Void) throws {
            try withSite { site in
                try site.write("a b/f+.txt", "text")
                try site.ok("volume add vol --origin posix:\(site.origin)")
                try site.scanAndPublish()
                try site.ok("user add jane")
                try site.ok("volume set vol --public")
                let made = try site.ok("key create --user jane --quiet")
                let id = try #require(made.lines.first?.split(separator: " ").last)
                try body(site, String(id))
            }
        }

        @Test func `a URL reads its file, and no other`() throws {
            try withKey { site, id in
                try site.withServed { served in
                    let done = try site.ok([
                        "presign", "vol:a b/f+.txt", "--user", "jane", "--endpoint",
                        "http://\(served.s3[0])", "--expires", "5m",
                    ])
                    let url = try #require(done.lines.first)
                    #expect(url.hasPrefix("http://\(served.s3[0])/vol/a%20b/f%2B.txt?"))
                    #expect(url.contains("X-Amz-Expires=300&"))
                    #expect(url.contains("X-Amz-Credential=\(id)%2F"))
                    let path = String(url.dropFirst("http://\(served.s3[0])".count))
                    let talk = try HTTPTalk(to: served.s3[0])
                    talk.send("GET \(path) HTTP/1.1\r\nhost: \(served.s3[0])\r\n\r\n")
                    #expect(try talk.answer().text == "text")
                    talk.send(
                        "GET \(path.replacing("f%2B", with: "g")) HTTP/1.1\r\n"
                            + "host: \(served.s3[0])\r\n\r\n")
                    #expect(try talk.answer().status == 403)
                }
                #expect(try site.ok("audit").text.contains("presign vol:a b/f+.txt"))
            }
        }

        @Test(arguments: ["key rm ID", "user disable jane", "user rm jane"])
        func `a URL ends within a second with its key and its user`(_ words: String) throws {
            try withKey { site, id in
                try site.withServed { served in
                    let url = try site.ok([
                        "presign", "vol:a b/f+.txt", "--user", "jane", "--endpoint",
                        "http://\(served.s3[0])",
                    ]).lines.first
                    let path = try #require(url).dropFirst("http://\(served.s3[0])".count)
                    let talk = try HTTPTalk(to: served.s3[0])
                    let answer = {
                        talk.send("GET \(path) HTTP/1.1\r\nhost: \(served.s3[0])\r\n\r\n")
                        return try talk.answer()
                    }
                    #expect(try answer().text == "text")
                    try site.ok(words.replacing("ID", with: id))
                    // The file is public: it is the URL that has ended.
                    #expect(
                        try eventually(within: 2) {
                            let answer = try answer()
                            return answer.status == 403
                                && answer.text.contains("<Code>InvalidAccessKeyId</Code>")
                        })
                }
            }
        }

        @Test func `what cannot be signed is refused`() throws {
            try withKey { site, id in
                let presign = { (words: [String]) in
                    try site.run(["presign", "vol:a b/f+.txt"] + words)
                }
                expectRefusal(try presign([]), 64, saying: "--user")
                expectRefusal(try presign(["--user", "joe"]), 1, saying: "joe has no key")
                expectRefusal(
                    try presign(["--user", "jane", "--expires", "8d"]), 64, saying: "1s to 7d")
                expectRefusal(
                    try presign(["--access-key", "PGKAX"]), 1, saying: "no key 'PGKAX'")
                expectRefusal(
                    try presign(["--user", "jane", "--endpoint", "s3.example.org"]), 64,
                    saying: "no endpoint")
                expectRefusal(
                    try site.run(["presign", "vol:a b", "--user", "jane"]), 64, saying: "a folder")
                expectRefusal(
                    try site.run(["presign", "vol:nowhere", "--user", "jane"]), 1,
                    saying: "does not exist")
                try site.ok("key create --user jane --expires 10m --quiet")
                expectRefusal(
                    try presign(["--user", "jane", "--expires", "1h"]), 64, saying: "ends at",
                    "before the URL would")
                try site.ok("user disable jane")
                expectRefusal(
                    try presign(["--access-key", id]), 1, saying: "user disabled")
            }
        }
    }
}
