import Glibc
import PerigeeTesting
import Testing

/// A database of the state, as a test damages it.
enum Database: String, CaseIterable, CustomTestStringConvertible {
    case control = "control.sqlite"
    case catalogue = "catalogues/vol.sqlite"

    func path(_ site: Site) -> String { "\(site.state)/\(rawValue)" }
    var testDescription: String { rawValue }
}

extension CommandLineTests {
    @Suite struct DamagedStateTests {
        private static let readers = [
            "ls -R vol", "cat vol:f0", "stat vol:f1", "volume show vol", "volume scan vol",
            "volume verify vol",
        ]

        private func withPublished(_ body: (Site) throws -> Void) throws {
            try withSite { site in
                for index in 0..<300 { try site.write("f\(index)", "content of \(index)") }
                try site.publish()
                // What is in the logs goes to the files, so that the damage is not hidden by them.
                for database in Database.allCases {
                    try tool("python3", "-c", Self.checkpoint, database.path(site))
                    for suffix in ["-wal", "-shm"] { unlink(database.path(site) + suffix) }
                }
                try body(site)
            }
        }

        private static let checkpoint = """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1])
            c.execute('PRAGMA wal_checkpoint(TRUNCATE)')
            c.close()
            """

        @Test(.needs("python3"), arguments: Database.allCases)
        func `a newer one is refused with what to do, and is left as it is`(
            _ database: Database
        ) throws {
            try withPublished { site in
                try tool(
                    "python3", "-c",
                    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
                        + "c.execute('PRAGMA user_version = 9999'); c.commit(); c.close()",
                    database.path(site))
                let before = try DiskFile.read(database.path(site))
                for words in Self.readers where words != "volume show vol" {
                    expectRefusal(try site.run(words), 1, saying: "9999", "newer")
                }
                #expect(try DiskFile.read(database.path(site)) == before)
            }
        }

        @Test(.needs("python3"), arguments: Database.allCases)
        func `a truncated one is an error, never a crash or an empty volume`(
            _ database: Database
        ) throws {
            try withPublished { site in
                let whole = try DiskFile.read(database.path(site))
                for size in [0, 1, 20, 4_096, 9_000] {
                    try DiskFile.write(database.path(site), Array(whole.prefix(size)))
                    for suffix in ["-wal", "-shm"] { unlink(database.path(site) + suffix) }
                    for words in Self.readers {
                        let done = try site.run(words)
                        #expect(done.status == 1, "\(size) bytes: \(done)")
                        // What `verify` finds is its result, on standard output.
                        let said = done.errorText + done.text
                        #expect(said.contains("\n"), "\(words) says nothing: \(done)")
                        if !words.contains("verify") { #expect(done.output == []) }
                    }
                }
            }
        }

        @Test(.needs("python3"), arguments: Database.allCases)
        func `one that is another program's file is refused`(_ database: Database) throws {
            try withPublished { site in
                let path = database.path(site)
                unlink(path)
                try tool(
                    "python3", "-c",
                    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
                        + "c.execute('PRAGMA application_id = 77');"
                        + "c.execute('CREATE TABLE t(a)'); c.commit(); c.close()", path)
                for words in Self.readers {
                    let done = try site.run(words)
                    #expect(done.status == 1, "\(done)")
                }
                try DiskFile.write(path, Array("This is no database at all.".utf8))
                for words in Self.readers {
                    expectRefusal(try site.run(words), 1, saying: database.rawValue)
                }
            }
        }

        @Test(.needs("python3"), arguments: Database.allCases)
        func `flipped bytes end in the truth or in an error, never in a crash`(
            _ database: Database
        ) throws {
            try withPublished { site in
                var random = SeededRandom(announcing: "flipped bytes in \(database.rawValue)")
                let path = database.path(site)
                let whole = try DiskFile.read(path)
                let truth = try site.ok("ls -R vol").text
                for _ in 0..<25 {
                    var damaged = whole
                    let places = (0..<4).map { _ in random.below(whole.count) }
                    for place in places { damaged[place] ^= UInt8(1 + random.below(255)) }
                    for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
                    try DiskFile.write(path, damaged)
                    let listed = try site.run("ls -R vol", within: 20)
                    #expect(listed.signal == nil, "flipped \(places): \(listed)")
                    #expect(listed.status == 0 || listed.status == 1, "\(places): \(listed)")
                    guard listed.status == 0, listed.text != truth else { continue }
                    // Rows have no checksums of their own; `verify` compares with the digest.
                    let verified = try site.run("volume verify vol", within: 20)
                    #expect(verified.status == 1, "flipped \(places): \(verified)")
                }
                for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
                try DiskFile.write(path, whole)
                #expect(try site.ok("ls -R vol").text == truth)
            }
        }

        @Test func `a format file that is newer, empty or missing is an error`() throws {
            try withSite { site in
                let path = "\(site.state)/format"
                let whole = try DiskFile.read(path)
                try DiskFile.write(path, Array("perigee-state 99\n".utf8))
                expectRefusal(try site.run("volume ls"), 1, saying: "99")
                for text in ["", "perigee-state", "something else\n"] {
                    try DiskFile.write(path, Array(text.utf8))
                    expectRefusal(try site.run("volume ls"), 1, saying: "format")
                }
                try DiskFile.remove(path)
                expectRefusal(try site.run("volume ls"), 1, saying: "init")
                try DiskFile.write(path, whole)
                try site.ok("volume ls")
            }
        }

        @Test(.needsMounts(), .needs("python3"))
        func `a mount of one sound volume serves it beside a damaged one`() throws {
            try withPublished { site in
                let other = try site.makeFolder("other")
                try DiskFile.write("\(other)/file", Array("sound".utf8))
                try site.publish("sound", origin: other)
                try #require(truncate(Database.catalogue.path(site), 6_000) == 0)
                try site.withMount { mount in
                    #expect(contents("\(mount)/sound/file") == .ok(Array("sound".utf8)))
                    #expect(contents("\(mount)/vol/f0").value == nil)
                }
            }
        }
    }
}
