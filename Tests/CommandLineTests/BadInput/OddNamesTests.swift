import Glibc
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite struct OddNamesTests {
        private static let names = [
            "with blank", " leading and trailing ", "quo'te\"s", "colon:s:", "line\nfeed",
            "tab\there",
            "emoji 🛰️ and é", "e\u{301} decomposed", "back\\slash", "#hash?query&amp;", "-dash",
            "%2e%2e", "~", "@r1", "...", "star*[a]", "\u{1b}[31mred", "\u{202e}rtl",
            String(repeating: "x", count: 255), String(repeating: "🛰", count: 63),
        ]

        @Test func `every name that is UTF-8 is listed and read, by commands`() throws {
            try withSite { site in
                for name in Self.names { try site.write(name, "of \(name)") }
                for name in Self.names { try site.write("folder \(name.prefix(40))/\(name)", "in") }
                try site.publish()
                let rows = try objects(site.ok("ls vol --json"))
                let listed = rows.filter { $0["kind"] as? String == "file" }
                #expect(Set(listed.compactMap { $0["path"] as? String }) == Set(Self.names))
                for name in Self.names {
                    #expect(try site.ok(["cat", "vol:\(name)"]).text == "of \(name)")
                    let stat = try objects(site.ok(["stat", "vol:\(name)", "--json"]))
                    #expect(stat.first?["path"] as? String == name)
                }
                try site.ok("volume verify vol")
                #expect(try site.ok("volume show vol --problems").output == [])
            }
        }

        @Test(.needsMounts(), arguments: ["auto", "off"])
        func `every name that is UTF-8 is listed and read, in a mount`(_ mode: String) throws {
            try withSite { site in
                for name in Self.names { try site.write("folder/\(name)", "of \(name)") }
                try site.publish()
                try site.withMount(["--passthrough", mode]) { mount in
                    #expect(
                        listing("\(mount)/vol/folder")
                            == listing("\(site.origin)/folder"))
                    for name in Self.names {
                        let path = "\(mount)/vol/folder/\(name)"
                        #expect(contents(path) == .ok(Array("of \(name)".utf8)))
                        let stat = try objects(site.ok(["stat", path, "--json"]))
                        #expect(stat.first?["path"] as? String == "folder/\(name)")
                    }
                    let long = "\(mount)/vol/\(String(repeating: "x", count: 256))"
                    #expect(contents(long) == .failed(ENAMETOOLONG))
                }
            }
        }

        @Test func `a name is made safe for a terminal once, whoever speaks of it`() throws {
            let name = "a\nb\\c\u{1b}[31m'q"
            let safe = #"a\nb\\c\x1b[31m\'q"#
            try withSite { site in
                try site.write(name, "text")
                try site.write("folder \(name)/f", "text")
                try DiskFile.link("\(site.origin)/link \(name)", to: "nothing")
                try site.publish()
                func check(_ words: [String], _ status: Int32) throws {
                    let done = try site.run(words)
                    #expect(done.status == status, "\(done)")
                    let text = done.text + done.errorText
                    #expect(text.contains(safe), "\(words): \(text)")
                    for wrong in ["\u{1b}", #"\\n"#, #"\\x1b"#, #"\\\\"#] {
                        #expect(!text.contains(wrong), "\(words): \(text)")
                    }
                }
                try check(["ls", "vol:\(name)x"], 1)
                try check(["stat", "vol:\(name)"], 0)
                try check(["stat", "vol:\(name)x"], 1)
                try check(["stat", "\(site.origin)/\(name)"], 64)
                try check(["cat", "vol:folder \(name)"], 1)
                try check(["cat", "vol:\(name)x"], 1)
                try check(["policy", "explain", "vol:\(name)"], 0)
                try check(["volume", "show", "vol", "--problems"], 0)
                try check(["volume", "rollback", "vol:\(name)"], 64)
                try check(["volume", "rm", "vol@r1:\(name)"], 64)
                try check(["volume", "scan", "vol", "--attributes", "/\(name)"], 64)
                try check(["team", "sync", "--from", "/\(name)"], 1)
                try check(["mount", "/\(name)"], 1)
                try check(["apply", "-f", "/\(name)"], 1)
                for shown in try objects(site.ok("volume show vol --problems --json")) {
                    #expect(shown["path"] as? String == "link \(name)")
                }
                // A rule remembers its file as it is called, but for what breaks a line.
                let odd = #"it's \n"#
                let path = try site.writePolicy(
                    "kind: Policy\nvolume: vol\nrules:\n  - {name: r, deny: list, to: anyone}\n",
                    "\(odd)/p.yaml")
                try site.ok(["apply", "-f", path])
                let explained = try objects(site.ok("policy explain vol:a --json")).first
                let denial = explained?["denial"] as? [String: any Sendable]
                #expect(denial?["place"] as? String == "\(odd)/p.yaml")
                for command in ["policy explain vol:a", "audit"] {
                    let text = try site.ok(command).text
                    #expect(text.contains(#"it\'s \\n/p.yaml"#), "\(text)")
                }
                let control = try site.writePolicy(
                    "kind: Policy\nvolume: vol\nrules: [{name: r, deny: list, to: anyone}]\n",
                    "\(name)/p.yaml")
                try site.ok(["apply", "-f", control])
            }
        }

        @Test func `a name that is no UTF-8 is in the report, and what is beside it is served`()
            throws
        {
            try withSite { site in
                try site.write("good", "text")
                let bad: [[UInt8]] = [
                    [0xff, 0xfe], Array("b\u{e4}d".utf16).map { UInt8($0 & 0xff) },
                ]
                for name in bad {
                    try DiskFile.write(Array("\(site.origin)/".utf8) + name, [1])
                }
                let folder = Array("\(site.origin)/".utf8) + [0xc3, 0x28]
                try #require(withBytesPath(folder) { mkdir($0, 0o755) } == 0)
                try DiskFile.write(folder + Array("/below".utf8), [1])
                try site.publish()
                #expect(try site.ok("ls -R vol").lines == ["good"])
                let problems = try objects(site.ok("volume show vol --problems --json"))
                #expect(problems.count == 3)
                #expect(problems.allSatisfy { $0["kind"] as? String == "name-not-utf8" })
                expectRefusal(try site.run("volume scan vol --strict"), 1, saying: "name-not-utf8")
            }
        }

        @Test func `links, pipes, sockets and devices are in the report`() throws {
            try withSite { site in
                try site.write("d/f", "text")
                try DiskFile.link("\(site.origin)/to-file", to: "d/f")
                try DiskFile.link("\(site.origin)/to-folder", to: "d")
                try DiskFile.link("\(site.origin)/d/up", to: "..")
                try DiskFile.link("\(site.origin)/out", to: "/etc/passwd")
                try DiskFile.link("\(site.origin)/dangling", to: "nothing")
                try DiskFile.link("\(site.origin)/self", to: "self")
                try DiskFile.makePipe("\(site.origin)/pipe")
                let scan = try site.start(
                    ["volume", "add", "vol", "--origin", "posix:\(site.origin)"])
                #expect(try scan.wait().status == 0)
                try site.ok("volume scan vol --quiet", within: 20)
                #expect(
                    try site.ok("ls -R vol@candidate --owner").lines
                        == ["d/", "d/f", "to-file", "to-folder/", "to-folder/f"])
                let problems = try objects(site.ok("volume show vol --problems --json"))
                let found = problems.map { "\($0["kind"] ?? "") \($0["path"] ?? "")" }
                for expected in [
                    "link-leaves-root out", "link-dangles dangling", "link-to-ancestor d/up",
                    "special-file pipe",
                ] {
                    #expect(found.contains(expected), "\(found)")
                }
                #expect(found.contains { $0.hasSuffix(" self") }, "\(found)")
            }
        }

        @Test func `paths of more than 1,024 bytes are in the report`() throws {
            try withSite { site in
                let part = String(repeating: "p", count: 250)
                try site.write("\(part)/\(part)/\(part)/\(part)/fits", "text")
                try site.write("\(part)/\(part)/\(part)/\(part)/\(part)", "too long")
                try site.publish()
                #expect(try site.ok("ls -R vol").lines.last?.hasSuffix("/fits") == true)
                let problems = try objects(site.ok("volume show vol --problems --json"))
                #expect(problems.map { $0["kind"] as? String } == ["path-too-long"])
            }
        }
    }
}
