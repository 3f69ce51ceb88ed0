import Glibc
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite(.needsRoot()) struct StateFolderTests {
        private static let commands = [
            "init", "volume ls", "volume scan vol", "volume publish vol", "ls vol", "cat vol:f",
        ]

        @Test func `another user's is refused by every command`() throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try #require(chown(site.state, OrdinaryUser.uid, OrdinaryUser.uid) == 0)
                for words in Self.commands {
                    expectRefusal(try site.run(words), 1, saying: "belongs to")
                }
                let point = try site.makeFolder("mnt")
                expectRefusal(try site.run("mount \(point)"), 1, saying: "belongs to")
                try #require(chown(site.state, 0, 0) == 0)
                #expect(try site.ok("cat vol:f").text == "text")
            }
        }

        @Test(arguments: ["777", "770", "1777", "720"])
        func `one that others can write is refused`(_ mode: String) throws {
            try withSite { site in
                try site.write("f", "text")
                try site.publish()
                try tool("chmod", mode, site.state)
                for words in Self.commands {
                    expectRefusal(try site.run(words), 1, saying: "chmod 700")
                }
            }
        }

        @Test(.needsMounts(), .needs("bindfs"))
        func `one on a FUSE file system is refused`() throws {
            try withSite { site in
                let below = try site.makeFolder("below")
                let point = try site.makeFolder("fuse")
                try tool("bindfs", below, point)
                expectRefusal(
                    try site.run(["init", "--state", "\(point)/state"]), 64, saying: "network")
                #expect(listing(below) == .ok([]))
                // One that was made elsewhere and moved there.
                try tool("cp", "-a", site.state, "\(below)/state")
                for words in ["volume ls", "ls vol"] {
                    expectRefusal(
                        try site.run(words.words + ["--state", "\(point)/state"]), 64,
                        saying: "network")
                }
            }
        }

        @Test func `a folder with other things, a file, and a place below a file are refused`()
            throws
        {
            try withTemporaryFolder { folder in
                let site = Site(folder: folder)
                try DiskFile.makeFolder(site.state)
                try DiskFile.write("\(site.state)/thesis.tex", [1])
                expectRefusal(try site.run("init"), 1, saying: "not empty", "thesis.tex")
                try DiskFile.write("\(folder)/file", [1])
                #expect(try site.run(["init", "--state", "\(folder)/file"]).status != 0)
                #expect(try site.run(["init", "--state", "\(folder)/file/x"]).status != 0)
                #expect(listing(folder) == .ok(["file", "state"]))
            }
        }

        @Test func `one without room for its files cannot be made half`() throws {
            try withSite { site in
                let point = try site.makeFolder("tiny")
                try tool("mount", "-t", "tmpfs", "-o", "size=16k", "none", point)
                let done = try site.run(["init", "--state", "\(point)/state"])
                #expect(done.status == 1, "\(done)")
                try tool("mount", "-o", "remount,size=8m", point)
                try site.ok(["init", "--state", "\(point)/state"])
                try site.ok(["volume", "ls", "--state", "\(point)/state"])
            }
        }
    }
}
