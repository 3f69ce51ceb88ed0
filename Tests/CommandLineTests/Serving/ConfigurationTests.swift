import Foundation
import PerigeeTesting
import Testing
import VolumeService

extension CommandLineTests {
    /// Where a server's settings come from, and which are refused.
    @Suite struct ConfigurationTests {
        private struct Row: Decodable {
            var key: String
            var value: String?
            var origin: String
        }

        private func rows(
            _ site: Site, _ flags: [String] = [], _ variables: [String: String?] = [:]
        ) throws -> [String: Row] {
            let child = try Child(
                [Site.program, "serve", "--print-config", "--json"] + flags,
                environment: site.environment.merging(variables) { $1 })
            let done = try child.wait()
            guard done.status == 0 else { throw ProcessFailure(description: "\(done)") }
            let rows = try done.lines.map {
                try JSONDecoder().decode(Row.self, from: Data($0.utf8))
            }
            return Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0) })
        }

        private func write(_ site: Site, _ text: String) throws -> String {
            let path = "\(site.folder)/perigee.yaml"
            try DiskFile.write(path, Array(text.utf8))
            return path
        }

        @Test func `without anything said the defaults hold`() throws {
            try withSite { site in
                let rows = try rows(site)
                #expect(rows["s3.listen"]?.value == "127.0.0.1:9000")
                #expect(rows["admin.listen"]?.value == "127.0.0.1:9001")
                #expect(rows["s3.region"]?.value == "us-east-1")
                #expect(rows["s3.domains"]?.value == "localhost")
                #expect(rows["s3.limits.header-bytes"]?.value == "16KiB")
                #expect(rows["s3.limits.idle"]?.value == "75s")
                #expect(rows["shutdown"]?.value == "30s")
                #expect(rows["access-log"]?.value == "off")
                #expect(rows["s3.tls.certificate"]?.value == nil)
                #expect(rows.values.allSatisfy { $0.origin == "default" })
            }
        }

        @Test func `a flag goes before the environment, that before the file`() throws {
            try withSite { site in
                let file = try write(
                    site,
                    """
                    s3:
                      listen: ["0.0.0.0:9100", "[::1]:9100"]
                      region: eu-central-1
                      limits: {connections: 7, idle: 1m, header-bytes: 32KiB}
                    log-level: debug
                    access-log: off
                    """)
                let rows = try rows(
                    site, ["--config", file, "--region", "eu-west-3", "--limit", "write=90s"],
                    [
                        "PERIGEE_S3_REGION": "eu-west-2", "PERIGEE_S3_LIMITS_CONNECTIONS": "8",
                        "PERIGEE_S3_DOMAINS": "a.example, b.example", "PERIGEE_SHUTDOWN": "",
                    ])
                let shown = { (key: String) in
                    "\(rows[key]?.value ?? "none") \(rows[key]?.origin ?? "none")"
                }
                #expect(shown("s3.listen") == "0.0.0.0:9100,[::1]:9100 \(file):2:3")
                #expect(shown("s3.region") == "eu-west-3 --region")
                #expect(shown("s3.limits.connections") == "8 $PERIGEE_S3_LIMITS_CONNECTIONS")
                #expect(shown("s3.limits.idle") == "1m \(file):4:28")
                #expect(shown("s3.limits.header-bytes") == "32KiB \(file):4:38")
                #expect(shown("s3.limits.write") == "90s --limit write")
                #expect(shown("s3.domains") == "a.example,b.example $PERIGEE_S3_DOMAINS")
                #expect(shown("shutdown") == "30s default")
                #expect(shown("log-level") == "debug \(file):5:1")
            }
        }

        @Test func `an alias names a volume, a revision and a prefix, in each source`() throws {
            try withSite { site in
                let file = try write(
                    site,
                    """
                    s3:
                      aliases:
                        stpubdata: {volume: hst, prefix: hst/public/}
                        nasa-irsa-euclid-q1: {volume: euclid-q1@r2}
                    """)
                #expect(
                    try rows(site, ["--config", file])["s3.aliases"]?.value
                        == "nasa-irsa-euclid-q1=euclid-q1@r2,stpubdata=hst:hst/public/")
                #expect(
                    try rows(site, ["--alias", "one=hst", "--alias", "two=hst@r1:a/"])[
                        "s3.aliases"]?.value == "one=hst,two=hst@r1:a/")
                #expect(
                    try rows(site, [], ["PERIGEE_S3_ALIASES": "one=hst,two=hst:b/"])[
                        "s3.aliases"]?.value == "one=hst,two=hst:b/")
            }
        }

        @Test(arguments: [
            ("s3:\n  lissten: a\n", "2:3", "has no key 'lissten'"),
            ("s3:\n  region: a\n  region: b\n", "3:3", "stands there twice"),
            ("s3:\n  region: [a]\n", "2:11", "is text, and this is a list"),
            ("s3:\n  region: 12\n", "2:11", "without quotes is a number"),
            (
                "s3:\n  limits:\n    connections: many\n", "3:18",
                "cannot be `s3.limits.connections`"
            ),
            ("s3:\n  limits:\n    connections: 0\n", "3:18", "cannot be `s3.limits.connections`"),
            ("s3:\n  limits:\n    idle: 75\n", "3:11", "is no span of time"),
            ("s3:\n  limits:\n    header-bytes: 16KB\n", "3:19", "is no number of bytes"),
            ("s3:\n  listen: 9000\n", "2:11", "is a number"),
            ("s3:\n  listen: \"::1:9000\"\n", "2:11", "is no address to listen on"),
            ("s3:\n  listen: localhost:65536\n", "2:11", "is no address to listen on"),
            ("s3: 1\n", "1:5", "`s3` is a mapping"),
            ("- a\n", "1:1", "the configuration is a mapping"),
            ("shutdown: {}\n", "1:11", "is one value"),
            ("shutdown: 2h\n", "1:11", "is out of bounds"),
            ("log-level: loud\n", "1:12", "is no level"),
            ("a: &x 1\n", "1:4", "anchor"),
            ("s3:\n\tregion: a\n", "2:1", "tab"),
            ("shutdown: 1s\n---\nshutdown: 2s\n", "3:1", "second document"),
            ("s3:\n  aliases: {ab: {volume: hst}}\n", "2:26", "cannot be a bucket's name"),
            ("s3:\n  aliases: {abc: {volume: hst@x}}\n", "2:27", "is no revision"),
            ("s3:\n  aliases: {abc: {prefix: a}}\n", "2:18", "needs the key `volume`"),
            ("s3:\n  aliases: {abc: {volume: hst, prefix: a}}\n", "2:27", "end it with a slash"),
            ("s3:\n  cors-origins: [example.org]\n", "2:18", "is no origin of pages"),
        ])
        func `what is wrong in a file is told with line and column`(
            _ text: String, _ place: String, _ words: String
        ) throws {
            try withSite { site in
                let file = try write(site, text)
                let done = try site.run(["serve", "--config", file, "--print-config"])
                expectRefusal(done, 64, saying: "\(file):\(place): ", words)
            }
        }

        @Test(arguments: [
            ("--listen", "nowhere", "is no address"), ("--shutdown", "soon", "is no span"),
            ("--alias", "abc", "is no alias"), ("--limit", "idel=3s", "s3.limits.idel"),
            ("--tls-key", "/key", "no s3.tls.certificate"),
            ("--config", "/nowhere", "No such file"),
            ("--admin-listen", "127.0.0.1:9000", "two listeners"),
        ])
        func `what is wrong in a flag is told`(
            _ flag: String, _ value: String, _ words: String
        ) throws {
            try withSite { site in
                expectRefusal(try site.run(["serve", flag, value]), 64, saying: words)
            }
        }

        @Test func `the article has every setting with its default, and every metric`() throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path
            let article = try String(
                contentsOfFile: "\(root)/Sources/perigee/Documentation.docc/Operations.md",
                encoding: .utf8)
            let table = article.split(separator: "\n").filter { $0.hasPrefix("| `") }
            try withSite { site in
                for row in try rows(site).values {
                    let value = row.value.map { "`\($0)`" } ?? "none"
                    #expect(
                        table.contains { $0.hasPrefix("| `\(row.key)` | \(value) |") },
                        "\(row.key) \(value)")
                }
            }
            for name in MetricNames.help.keys {
                #expect(table.contains { $0.hasPrefix("| `\(name)` |") }, "\(name)")
            }
        }

        @Test func `an unknown variable of the server's is refused`() throws {
            try withSite { site in
                let done = try Child(
                    [Site.program, "serve", "--print-config"],
                    environment: site.environment.merging(["PERIGEE_S3_LISTENS": "a"]) { $1 }
                ).wait()
                expectRefusal(done, 64, saying: "'PERIGEE_S3_LISTENS'")
            }
        }
    }
}
