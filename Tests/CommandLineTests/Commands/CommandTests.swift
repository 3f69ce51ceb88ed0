import Foundation
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite struct CommandTests {
        private static let commands = [
            "init", "root", "root add", "root ls", "root set", "root rm", "volume", "volume add",
            "volume scan", "volume publish", "volume ls", "volume show", "volume diff",
            "volume verify", "volume rollback", "volume set", "volume source", "volume source add",
            "volume source rm", "volume source ls", "volume rm", "volume release-dates",
            "volume takedown", "ls", "stat", "cat", "serve", "presign",
            "mount", "unmount", "apply", "policy", "policy test", "policy explain",
            "user", "user add", "user ls", "user disable", "user enable", "user rm", "team",
            "team add", "team ls", "team show", "team add-member", "team remove-member", "team rm",
            "team sync", "key", "key create", "key ls", "key rm", "key renew", "token",
            "token create", "token ls", "token rm", "token renew", "secrets", "secrets rotate",
            "sample-archive", "audit", "audit show", "audit verify", "backup",
            "restore", "check", "cache", "cache stats", "cache ls", "cache verify", "cache evict",
            "cache warm", "prefetch",
        ]

        @Test(arguments: commands + [""])
        func `help explains with an example`(_ command: String) throws {
            try withTemporaryFolder { folder in
                let done = try Site(folder: folder).run("\(command) --help")
                #expect(done.status == 0)
                #expect(done.errors == [])
                #expect(done.text.contains("Example"), "\(command)")
                #expect(done.text.contains("perigee \(command.split(separator: " ").first ?? "")"))
            }
        }

        @Test(arguments: commands + [""])
        func `help's paragraphs are wrapped once`(_ command: String) throws {
            try withTemporaryFolder { folder in
                let text = try Site(folder: folder).run("\(command) --help").text
                let overview = text.components(separatedBy: "USAGE:")[0]
                // A line that was broken in the source and again for 80 columns leaves a stump.
                let lines = overview.components(separatedBy: "\n")
                for (line, next) in zip(lines, lines.dropFirst()) where !line.hasPrefix(" ") {
                    let ends = [":", "."].contains { line.hasSuffix($0) } || line.isEmpty
                    let isInside = !next.isEmpty && !next.hasPrefix(" ") && !ends
                    #expect(!isInside || line.count > 60, "\(line)")
                }
            }
        }

        @Test func `help names every command, and the tests know them all`() throws {
            try withTemporaryFolder { folder in
                let site = Site(folder: folder)
                var found: [String] = []
                for (prefix, words) in [
                    ("", "--help"), ("root ", "root --help"),
                    ("volume ", "volume --help"), ("volume source ", "volume source --help"),
                    ("policy ", "policy --help"),
                    ("audit ", "audit --help"),
                    ("user ", "user --help"), ("team ", "team --help"), ("key ", "key --help"),
                    ("token ", "token --help"), ("secrets ", "secrets --help"),
                    ("cache ", "cache --help"),
                ] {
                    let text = try site.run(words).text
                    let list = text.components(separatedBy: "SUBCOMMANDS:").last ?? ""
                    for line in list.split(separator: "\n") where line.hasPrefix("  ") {
                        guard line.dropFirst(2).first != " ",
                            let name = line.split(separator: " ").first
                        else { continue }
                        if name != "See" { found.append(prefix + name) }
                    }
                }
                #expect(Set(found) == Set(Self.commands))
            }
        }

        @Test(arguments: ["bash", "zsh", "fish"])
        func `the shell completions come with the binary`(_ shell: String) throws {
            try withTemporaryFolder { folder in
                let done = try Site(folder: folder).run("--generate-completion-script \(shell)")
                #expect(done.status == 0)
                #expect(done.text.contains("rollback"))
                guard shell != "fish", Machine.has(shell) else { return }
                let script = "\(folder)/completions"
                try DiskFile.write(script, done.output)
                #expect(try run([shell, "-n", script]).status == 0)
            }
        }

        @Test(.needs("bash"))
        func `bash completes commands, flags and folders`() throws {
            try withTemporaryFolder { folder in
                let site = Site(folder: folder)
                let script = "\(folder)/completions"
                try DiskFile.write(
                    script, try site.ok("--generate-completion-script bash").output)
                try DiskFile.makeFolder("\(folder)/mountpoint")
                for (words, expected) in [
                    ("perigee volume pub", "publish"),
                    ("perigee volume publish hst --fo", "--force"),
                    ("perigee unm", "unmount"), ("perigee mount moun", "mountpoint"),
                    ("perigee root add a --files re", "replaced"),
                ] {
                    let ask = """
                        cd '\(folder)'; . ./completions
                        COMP_LINE='\(words)'; COMP_POINT=${#COMP_LINE}
                        read -ra COMP_WORDS <<< "$COMP_LINE"
                        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                        $(complete -p perigee | sed 's/.*-F \\([^ ]*\\).*/\\1/') perigee \
                            "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2> /dev/null
                        printf '%s\\n' "${COMPREPLY[@]}"
                        """
                    let done = try run(["bash", "-c", ask])
                    #expect(
                        done.lines.contains { $0.hasPrefix(expected) }, "\(words): \(done.text)")
                }
            }
        }

        @Test func `the whole way works, and with json each line is one object`() throws {
            try withSite { site in
                try site.write("a/b.fits", "first")
                let steps = [
                    "init", "root add archive --origin posix:\(site.origin)", "root ls",
                    "volume add hst --source archive:a --title HST --public", "volume ls",
                    "volume scan hst", "volume show hst", "volume publish hst --note why",
                    "volume show hst@r1", "volume show hst --problems", "ls hst",
                    "ls -l -R hst@r1:",
                    "stat hst:b.fits", "volume verify hst", "volume diff hst@r1 hst",
                    "volume set hst --private", "volume rollback hst@r1",
                ]
                for step in steps {
                    let done = try site.ok("\(step) --json")
                    _ = try objects(done)
                    #expect(done.errors == [], "\(step): \(done.errorText)")
                }
                #expect(try site.ok("cat hst:b.fits --owner").text == "first")
                try site.write("a/c.fits", "second")
                _ = try objects(site.ok("volume scan hst --json"))
                let candidate = try objects(site.ok("ls hst@candidate --owner --json"))
                #expect(candidate.map { $0["path"] as? String } == ["b.fits", "c.fits"])
                let changes = try objects(site.ok("volume diff hst hst@candidate --json"))
                #expect(changes.compactMap { $0["path"] as? String } == ["c.fits"])
                for step in ["volume rm hst@candidate", "volume rm hst", "root rm archive"] {
                    #expect(try objects(site.ok("\(step) --json")).count == 1)
                }
                let archive = "\(site.folder)/sample"
                #expect(
                    try objects(site.ok("sample-archive \(archive) --files 12 --json")).count == 1)
            }
        }

        @Test func `init may be run twice, and the second time changes nothing`() throws {
            try withSite { site in
                try site.publish()
                let before = try site.ok("volume show vol --json").text
                try site.ok("init")
                #expect(try site.ok("volume show vol --json").text == before)
                #expect(try #require(Facts(site.state)).mode & 0o777 == 0o700)
            }
        }

        @Test func `the state is where --state, the environment or the home says`() throws {
            try withTemporaryFolder { folder in
                let clean: [String: String?] = [
                    "PERIGEE_STATE": nil, "XDG_STATE_HOME": nil, "HOME": folder,
                ]
                let home = try run([Site.program, "init"], environment: clean)
                #expect(home.status == 0, "\(home)")
                #expect(DiskFile.exists("\(folder)/.local/state/perigee/control.sqlite"))
                let flag = try run(
                    [Site.program, "init", "--state", "\(folder)/by flag"],
                    environment: ["PERIGEE_STATE": "\(folder)/never"])
                #expect(flag.status == 0, "\(flag)")
                #expect(DiskFile.exists("\(folder)/by flag/control.sqlite"))
                #expect(!DiskFile.exists("\(folder)/never"))
            }
        }

        @Test func `a scan by hand and by machine tells how far it is`() throws {
            try withSite { site in
                // 24 GB of holes: hashing them takes longer than the interval of the lines.
                for name in ["a", "b", "c"] {
                    try DiskFile.setSize("\(site.origin)/\(name)", 8 << 30)
                }
                try site.ok("volume add vol --origin posix:\(site.origin)")
                let scan = try site.start("volume scan vol --digest sha256".words)
                let hasLine = try eventually(within: 20) {
                    if let done = scan.poll() {
                        throw ProcessFailure(description: "the scan was too quick: \(done)")
                    }
                    return scan.errorsSoFar.contains(UInt8(ascii: "\n"))
                }
                scan.kill(SIGINT)
                _ = try scan.wait(20)
                let text = String(decoding: scan.errorsSoFar, as: UTF8.self)
                #expect(hasLine)
                #expect(!text.contains("\u{1b}"), "no terminal, no escapes")
                #expect(!text.contains("\r"))
                #expect(text.contains(" files"), "\(text)")
                #expect(text.contains("left"), "\(text)")
            }
        }
    }
}

extension String {
    /// Its words.
    var words: [String] { split(separator: " ").map { String($0) } }
}
