import Foundation
import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    /// What a server takes over while it runs.
    @Suite struct ReloadTests {
        private func withConfigured(
            _ text: String, _ body: (Site, Served, String) throws -> Void
        ) throws {
            try withSite { site in
                try site.write("a/f", "text")
                try site.publish()
                let file = "\(site.folder)/perigee.yaml"
                try DiskFile.write(file, Array(text.utf8))
                try site.withServed(Site.anyPorts + ["--config", file]) { served in
                    try body(site, served, file)
                }
            }
        }

        private func change(_ served: Served, _ file: String, to text: String) throws {
            let before = try served.metric(#"perigee_reloads_total{result="applied"}"#) ?? 0
            try DiskFile.write(file, Array(text.utf8))
            served.child.kill(SIGHUP)
            let isApplied = try eventually(within: 10) {
                try served.metric(#"perigee_reloads_total{result="applied"}"#) ?? 0 > before
            }
            #expect(isApplied, "\(served.log)")
        }

        @Test func `aliases, origins of pages and limits change with the next request`() throws {
            try withConfigured("shutdown: 5s\n") { site, served, file in
                #expect(try served.get("/other/f").status == 404)
                let kept = try HTTPTalk(to: served.s3[0])
                kept.request("/vol/a/f")
                #expect(try kept.answer().status == 200)
                try change(
                    served, file,
                    to: """
                        s3:
                          aliases: {other: {volume: vol, prefix: a/}}
                          cors-origins: ["https://portal.example.org"]
                          limits: {header-bytes: 1KiB}
                        """)
                let answer = try served.get(
                    "/other/f", ["origin: https://portal.example.org"])
                #expect(answer.text == "text")
                #expect(
                    answer.field("access-control-allow-origin") == "https://portal.example.org")
                let long = "x-long: " + String(repeating: "a", count: 1_200)
                let refused = try served.get("/other/f", [long])
                #expect(refused.text.contains("<Code>RequestHeaderSectionTooLarge</Code>"))
                kept.request("/other/f")
                #expect(try kept.answer().text == "text", "on a connection that was open before")
            }
        }

        @Test func `a broken file changes nothing, and is told with line and column`() throws {
            try withConfigured("s3:\n  aliases: {other: {volume: vol}}\n") { site, served, file in
                try DiskFile.write(file, Array("s3:\n  aliases: {}\n  regon: a\n".utf8))
                served.child.kill(SIGHUP)
                #expect(served.logs("error the configuration stays as it was", "\(file):3:3"))
                #expect(try served.get("/other/a/f").text == "text")
                #expect(try served.metric(#"perigee_reloads_total{result="refused"}"#) == 1)
            }
        }

        @Test func `what needs a restart is said`() throws {
            try withSite { site in
                let file = "\(site.folder)/perigee.yaml"
                let text = { (port: String) in
                    Array("s3:\n  listen: 127.0.0.1:\(port)\nadmin: {listen: 127.0.0.1:0}\n".utf8)
                }
                try DiskFile.write(file, text("0"))
                try site.withServed(["--config", file]) { served in
                    try DiskFile.write(file, text("1"))
                    served.child.kill(SIGHUP)
                    #expect(served.logs("needs a restart", "key=s3.listen"))
                    #expect(try served.get("/").status == 200)
                }
            }
        }

        @Test func `the level of the log changes`() throws {
            try withConfigured("log-level: error\n") { site, served, file in
                try change(served, file, to: "log-level: info\n")
                #expect(served.logs("notice the configuration was read again"))
                #expect(!served.log.contains("listener is up"))
            }
        }

        @Test func `the access log goes on in a new file after a rotation`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                let path = "\(site.folder)/access.log"
                let file = "\(site.folder)/perigee.yaml"
                let text = "access-log: \(path)\n"
                try DiskFile.write(file, Array(text.utf8))
                try site.withServed(Site.anyPorts + ["--config", file]) { served in
                    #expect(try served.get("/vol/f?X-Amz-Secret=hidden").status != 0)
                    #expect(eventually(within: 5) { lines(path).count == 1 })
                    #expect(rename(path, "\(path).1") == 0)
                    #expect(try served.get("/vol/f").status == 200)
                    #expect(eventually(within: 5) { lines("\(path).1").count == 2 })
                    try change(served, file, to: text)
                    #expect(try served.get("/vol/g").status == 404)
                    #expect(eventually(within: 5) { lines(path).count == 1 })
                    #expect(lines("\(path).1").count == 2)
                    let last = try #require(lines(path).first)
                    let object = try #require(
                        JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
                    #expect(object["path"] as? String == "/vol/g")
                    #expect(object["status"] as? Int == 404)
                    #expect(object["principal"] as? String == "anyone")
                    #expect(!lines("\(path).1").joined().contains("hidden"))
                }
            }
        }

        @Test func `an access log that nobody takes holds up no request, and not the end`() throws {
            try withSite { site in
                let pipe = "\(site.folder)/pipe"
                try DiskFile.makePipe(pipe)
                let refused = try site.run(["serve", "--access-log", pipe] + Site.anyPorts)
                expectRefusal(refused, 1, saying: "the access log", "cannot be written")
                // Open, and never read.
                let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
                defer { close(reader) }
                try site.withServed(Site.anyPorts + ["--access-log", pipe]) { served in
                    let talk = try HTTPTalk(to: served.s3[0])
                    // More than a pipe holds, 64 KiB, and than the 8 MiB that wait for it.
                    let key = String(repeating: "k", count: 15_000)
                    for _ in 0..<620 {
                        talk.request("/vol/\(key)")
                        #expect(try talk.answer().status == 400)
                    }
                    let lost = try served.metric("perigee_access_log_lost_total") ?? 0
                    #expect(lost > 10 && lost < 100, "\(lost)")
                    served.child.kill(SIGTERM)
                    #expect(try served.child.wait(10).status == 0)
                }
            }
        }

        private func lines(_ path: String) -> [String] {
            guard case .ok(let bytes) = contents(path) else { return [] }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0) }
        }
    }
}
