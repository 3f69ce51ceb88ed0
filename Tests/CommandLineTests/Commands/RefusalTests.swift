import Foundation
import PerigeeTesting
import Testing

/// Whether a refusal is complete: the status, nothing on standard output, a reason, and what to do.
func expectRefusal(
    _ done: Finished, _ status: Int32, saying words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(done.status == status, "\(done)", sourceLocation: sourceLocation)
    #expect(done.output == [], "\(done.text)", sourceLocation: sourceLocation)
    let text = done.errorText
    #expect(
        text.split(separator: "\n").count >= 2, "no remedy: \(done)", sourceLocation: sourceLocation
    )
    for word in words {
        #expect(
            text.lowercased().contains(word.lowercased()), "\(word) is not in: \(done)",
            sourceLocation: sourceLocation)
    }
}

/// Whether a refusal with `--json` is one object with a message and a remedy.
func expectError(
    _ done: Finished, _ status: Int32, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(done.status == status, "\(done)", sourceLocation: sourceLocation)
    let object = try? JSONSerialization.jsonObject(with: Data(done.errors))
    let error = (object as? [String: [String: String]])?["error"]
    for key in ["code", "message", "remedy"] {
        #expect(
            error?[key]?.isEmpty == false, "no \(key) in: \(done)", sourceLocation: sourceLocation)
    }
}

extension CommandLineTests {
    @Suite struct RefusalTests {
        private static let wrongWords = [
            "ls Hst", "ls h", "ls hst@", "ls hst@r0", "ls hst@1", "ls hst@rX", "ls hst@latest",
            "ls hst:a/../b", "ls hst:a//b", "stat hst:./x", "cat hst:..", "ls data", "ls r12",
            "volume show -x", "volume add data --origin posix:/tmp", "volume add hst",
            "volume add hst --origin posix:/tmp --source a:b", "volume add hst --origin ftp:/x",
            "volume add hst --origin posix:relative", "root add BAD --origin posix:/tmp",
            "root add ok --origin posix:/tmp --files sometimes", "volume scan hst --threads 0",
            "volume scan hst --timeout 0", "volume scan hst --prefix a --changes b",
            "volume scan hst --digest md4", "volume rollback hst",
            "volume rollback hst@candidate", "volume rm hst@r1", "volume diff hst@r1 other",
            "volume set hst", "mount", "mount /tmp --at-root", "mount /tmp --threads 9", "bogus",
            "unmount", "cat", "init extra",
        ]

        @Test func `wrong words are a usage error that says what to write`() throws {
            try withSite { site in
                try site.publish("hst")
                for words in Self.wrongWords {
                    let plain = try site.run(words)
                    expectRefusal(plain, 64)
                    #expect(plain.errorText.hasPrefix("perigee: "), "\(plain)")
                    let json = try site.run("\(words) --json")
                    expectError(json, 64)
                }
            }
        }

        private static let failures = [
            ("ls nope", "no volume nope"), ("volume show nope", "no volume nope"),
            ("volume scan nope", "no volume nope"), ("volume publish nope", "no volume nope"),
            ("volume rm nope", "no volume nope"), ("volume set nope --public", "no volume nope"),
            ("volume verify nope", "no volume nope"), ("ls hst@r7", "hst@r7"),
            ("ls hst@candidate --owner", "candidate"), ("volume show hst@r7", "hst@r7"),
            ("volume rollback hst@r7", "r7"), ("volume publish hst", "candidate"),
            ("volume rm hst@candidate", "candidate"), ("cat hst:missing", "missing"),
            ("cat hst:folder", "folder"), ("stat hst:missing", "missing"), ("ls hst:file/x", "x"),
            ("root rm hst", "hst"), ("root rm nope", "nope"), ("volume diff hst@r1 hst@r2", "r2"),
            ("volume add hst --origin posix:/usr/include", "hst"),
        ]

        @Test func `what is not there or cannot be is a failure with a remedy`() throws {
            try withSite { site in
                try site.write("folder/file", "text")
                try site.write("file", "text")
                try site.publish("hst")
                for (words, expected) in Self.failures {
                    expectRefusal(try site.run(words), 1, saying: expected)
                    expectError(try site.run("\(words) --json"), 1)
                }
            }
        }

        @Test func `a reason is said once, about a path that a terminal cannot be driven with`()
            throws
        {
            try withSite { site in
                try site.write("f", "one")
                try site.publish("hst")
                try DiskFile.replace("\(site.origin)/f", Array("another".utf8))
                let stale = try site.run("cat hst:f")
                expectRefusal(stale, 1, saying: "is not what was published")
                #expect(stale.errorText.split(separator: "\n").count == 2, "\(stale)")
                let verified = try site.run("volume verify hst")
                #expect(verified.status == 1)
                #expect(verified.lines.first == "f: is not what was published", "\(verified.text)")
                try DiskFile.remove("\(site.origin)/f")
                #expect(
                    try site.run("volume verify hst").lines.first
                        == "f: is no longer at its origin: No such file or directory")
                let missing = try site.run(["ls", "hst:\u{1b}[31m"])
                expectRefusal(missing, 1, saying: "does not exist")
                #expect(!missing.errors.contains(0x1b), "\(missing)")
            }
        }

        @Test func `the root that a removed volume leaves is said how to take away`() throws {
            try withSite { site in
                try site.publish("hst")
                try site.ok("volume rm hst")
                expectRefusal(
                    try site.run(
                        ["volume", "add", "hst", "--reuse-name", "--origin", "posix:/usr/include"]),
                    1, saying: "there is a root hst already", "perigee root rm hst")
            }
        }

        @Test func `two volumes are not compared, and the usage shown is this command's`() throws {
            try withSite { site in
                expectRefusal(
                    try site.run("volume diff hst jwst"), 64, saying: "hst and jwst",
                    "perigee volume diff hst")
            }
        }

        @Test func `lists of digests and changes may come through a pipe, not from a device`()
            throws
        {
            try withSite { site in
                try site.write("f", "one")
                try site.publish("hst")
                try site.write("g", "two")
                let sum = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
                let shell =
                    "printf '\(sum)  g\\n' | '\(Site.program)' volume scan hst "
                    + "--digests-from /dev/stdin"
                let done = try Child(["sh", "-c", shell], environment: site.environment).wait()
                #expect(done.status == 0, "\(done)")
                #expect(try site.ok("stat hst@candidate:g --owner").text.contains(sum))
                for flag in ["--digests-from", "--changes"] {
                    expectRefusal(
                        try site.run(["volume", "scan", "hst", flag, "/dev/zero"]), 64,
                        saying: "'/dev/zero' cannot be read")
                }
            }
        }

        @Test func `without a state every command says how to make one`() throws {
            try withTemporaryFolder { folder in
                let site = Site(folder: folder)
                for words in [
                    "volume ls", "root ls", "volume scan hst", "ls hst", "cat hst:a", "stat hst:a",
                    "mount \(folder)",
                ] {
                    expectRefusal(try site.run(words), 1, saying: "perigee init")
                }
                #expect(!DiskFile.exists(site.state))
            }
        }

        @Test func `a path of this machine where a volume is meant is told as such`() throws {
            try withSite { site in
                try site.publish("hst")
                let folder = try site.makeFolder("mp")
                try DiskFile.write("\(folder)/file", [1])
                try DiskFile.makeFolder("\(site.folder)/archive")
                for (words, advice) in [
                    ("stat mp", "perigee stat ./mp"), ("stat archive", "perigee stat ./archive"),
                    ("ls mp", "with: ls mp"), ("ls archive", "with: ls archive"),
                    ("ls ./mp", "with: ls ./mp"), ("cat mp/file", "with: cat mp/file"),
                ] {
                    let shell = "cd '\(site.folder)' && exec '\(Site.program)' \(words)"
                    let done = try Child(["sh", "-c", shell], environment: site.environment).wait()
                    let status = try #require(done.status)
                    #expect(status == 1 || status == 64)
                    expectRefusal(done, status, saying: "is a path of this machine", advice)
                }
                let none = try site.run("stat nowhere")
                #expect(!none.errorText.contains("path of this machine"), "\(none)")
            }
        }

        @Test func `a removed volume's name is not given to another by accident`() throws {
            try withSite { site in
                try site.write("f", "one")
                try site.publish("hst")
                try site.ok("volume rm hst")
                let again = ["volume", "add", "hst", "--origin", "posix:\(site.origin)"]
                try site.ok("root rm hst")
                expectRefusal(try site.run(again), 1, saying: "--reuse-name")
                try site.ok(again + ["--reuse-name"])
                try site.scanAndPublish("hst")
            }
        }
    }
}
