import Foundation
import PerigeeTesting
import Testing

extension Site {
    /// Writes a table of teams, and gives its path.
    fileprivate func table(_ text: String, _ name: String = "t.tsv") throws -> String {
        try DiskFile.write("\(folder)/\(name)", Array(text.utf8))
        return "\(folder)/\(name)"
    }

    fileprivate func sync(_ text: String, _ flags: String...) throws -> Finished {
        try run(["team", "sync", "--from", try table(text)] + flags)
    }

    /// All teams with their members, and all users.
    fileprivate func everything() throws -> String {
        try ok("team ls --json").text + ok("user ls --json").text
    }
}

extension CommandLineTests {
    @Suite struct TeamSyncTests {
        @Test func `a table makes users and teams, and again changes nothing`() throws {
            try withSite { site in
                let text = """
                    # proposals of 2026
                    team\tuser\trole\tuntil

                    hst-1\tada\towner\t2099-01-01
                    hst-1\tjane
                    hst-2\tjane\t\t2099-06-30T12:00:00+02:00\r
                    hst-2\tjane\tmember\t2099-06-30T10:00:00Z
                    """
                let planned = try site.sync(text, "--dry-run")
                #expect(
                    planned.lines == [
                        "+ user ada", "+ user jane", "+ team hst-1",
                        "+ hst-1 user:ada owner until 2099-01-01T00:00:00Z",
                        "+ hst-1 user:jane member", "+ team hst-2",
                        "+ hst-2 user:jane member until 2099-06-30T10:00:00Z",
                        "Nothing was done: 7 changes for 2 teams",
                    ])
                #expect(try site.ok("team ls").text == "")
                let done = try site.sync(text)
                #expect(done.status == 0)
                #expect(done.lines.dropLast() == planned.lines.dropLast())
                #expect(done.lines.last == "Done: 7 changes for 2 teams")
                let after = try site.everything()
                let again = try site.sync("\u{feff}" + text)
                #expect(again.status == 0)
                #expect(again.text.hasPrefix("Nothing to do: 2 teams are as "))
                #expect(try site.everything() == after)
                let shown = try objects(site.ok("team show hst-1 --json"))
                #expect(shown.first?["label"] as? String == "sync")
            }
        }

        @Test func `policy files cannot take the label of a sync`() throws {
            try withSite { site in
                #expect(try site.sync("team\tuser\nhst-1\tada\n").status == 0)
                let path = try site.writePolicy("kind: Team\nname: crew\n")
                for flags in [[], ["--prune"], ["--dry-run"]] {
                    expectRefusal(
                        try site.run(["apply", "-f", path, "--label", "sync"] + flags), 64,
                        saying: "the label sync", "perigee team sync", "another label")
                }
                #expect(try objects(site.ok("team ls --json")).count == 1)
            }
        }

        @Test func `members become exactly those of the table, and other teams stay`() throws {
            try withSite { site in
                for name in ["ada", "eve"] { try site.ok("user add \(name)") }
                for name in ["by-hand", "in-table"] {
                    try site.ok("team add \(name)")
                    try site.ok("team add-member \(name) ada")
                }
                try site.ok("team add-member in-table team:by-hand")
                let rows = (0..<40).map { "hst-1\tuser\($0)\n" }.joined()
                #expect(try site.sync(rows + "in-table\teve\tmanager\n").status == 1)
                let forced = try site.sync(rows + "in-table\teve\tmanager\n", "--force")
                #expect(forced.status == 0)
                #expect(forced.lines.contains("- in-table team:by-hand member"))
                #expect(forced.lines.contains("- in-table user:ada member"))
                #expect(
                    try site.ok("team show in-table").lines == [
                        "Team       in-table", "  user:eve\tmanager",
                    ])
                // A team that a person made stays his when a table has ruled it.
                let moved = try site.sync(rows + "hst-2\teve\n", "--json")
                #expect(moved.status == 0, "\(moved)")
                #expect(try objects(moved).last?["removed"] as? Int == 0)
                #expect(try site.ok("team show in-table").text.contains("user:eve"))
                #expect(try site.ok("team show by-hand").text.contains("user:ada"))
                // One that a sync made is emptied when no table names it.
                #expect(try site.sync(rows).lines.first == "- hst-2 user:eve member")
                #expect(try site.ok("team show hst-2").text.contains("user:") == false)
            }
        }

        @Test func `a change of role or end is one change`() throws {
            try withSite { site in
                let made = try site.sync("t\tada\n")
                #expect(made.status == 0)
                #expect(
                    try site.sync("t\tada\tmanager\n").lines.first == "~ t user:ada manager")
                #expect(
                    try site.sync("t\tada\tmanager\t2099-01-01\n").lines.first
                        == "~ t user:ada manager until 2099-01-01T00:00:00Z")
            }
        }

        @Test func `a tenth may go, and more only with --force`() throws {
            try withSite { site in
                let rows = (0..<20).map { "t\tuser\($0)\n" }
                #expect(try site.sync(rows.joined()).status == 0)
                let refused = try site.sync(rows.dropLast(3).joined())
                #expect(refused.status == 1)
                #expect(refused.errorText.contains("takes 3 of 20 memberships away"))
                #expect(refused.errorText.contains("--force"))
                #expect(refused.output == [])
                let planned = try site.sync(rows.dropLast(3).joined(), "--dry-run")
                #expect(planned.lines.count == 4)
                #expect(try site.ok("team ls").lines == ["t\t20 members\t"])
                #expect(try site.sync(rows.dropLast(2).joined()).status == 0)
                #expect(try site.sync("# nobody\n").status == 1)
                #expect(try site.sync("# nobody\n", "--force").status == 0)
                #expect(try site.ok("team ls").lines == ["t\t0 members\t"])
            }
        }

        @Test(arguments: [
            ("t\n", "t.tsv:2: the line has 1 of 2 to 4 fields"),
            ("t\ta\tmember\t\t\n", "t.tsv:2: the line has 5 of 2 to 4 fields"),
            ("t ada\n", "t.tsv:2: the line has 1"), ("T\tada\n", "t.tsv:2: 'T' is no team name"),
            ("t\tAda\n", "t.tsv:2: 'Ada' is no user name"),
            ("t\tada\tboss\n", "t.tsv:2: 'boss' is no role"),
            ("t\tada\t\t2026-13-01\n", "t.tsv:2: '2026-13-01' is no instant"),
            ("t\tada\nt\tada\towner\n", "t.tsv:3: ada is in t already, otherwise, by line 2"),
            ("\t\nt\tx\n\tada\n", "t.tsv:4: '' is no team name"),
            ("t\tada\u{1b}[2J\n", "t.tsv:2: 'ada\\x1b[2J' is no user name"),
            ("team\tuser\nteam\tuser\tno\n", "t.tsv:3: 'no' is no role"),
            ("t\tA\n#\nt\tB\nt\tC\n", "2 more lines off: t.tsv:4, t.tsv:5"),
        ])
        func `a line that is off is named, and nothing is done`(
            _ text: String, _ words: String
        ) throws {
            try withSite { site in
                try site.ok("user add eve")
                let before = try site.everything()
                _ = try site.table("# table\n" + text)
                let done = try run(
                    ["sh", "-c", "cd \(site.folder) && \(Site.program) team sync --from t.tsv"],
                    environment: site.environment)
                #expect(done.status == 64)
                #expect(done.errorText.contains(words), "\(done.errorText)")
                #expect(done.errorText.contains("nothing was changed"))
                #expect(try site.everything() == before)
            }
        }

        @Test func `what is no table is refused`() throws {
            try withSite { site in
                #expect(try site.sync("").status == 64)
                #expect(try site.run("team sync --from \(site.folder)/absent").status == 1)
                #expect(try site.run("team sync --from \(site.folder)").status == 1)
                try DiskFile.write("\(site.folder)/b.tsv", [0xff, 0x09, 0xfe, 0x0a])
                let done = try site.run("team sync --from \(site.folder)/b.tsv")
                #expect(done.status == 64)
                #expect(done.errorText.contains("b.tsv:1: the line is no UTF-8"))
                try DiskFile.setSize("\(site.folder)/large.tsv", 65 << 20)
                #expect(try site.run("team sync --from \(site.folder)/large.tsv").status == 64)
            }
        }

        @Test func `a team of policy files is not a table's to change`() throws {
            try withSite { site in
                try site.writePolicy("kind: Team\nname: euclid\n")
                try site.ok(["apply", "-f", "\(site.folder)/policies"])
                let done = try site.sync("euclid\tada\n")
                #expect(done.status == 1)
                #expect(done.errorText.contains("t.tsv:1: the team euclid is made by policy files"))
                #expect(try site.ok("user ls").text == "")
            }
        }

        @Test func `three thousand teams are synced in seconds, and in less when nothing changed`()
            throws
        {
            try withSite { site in
                let rows = (0..<3_000).map { team in
                    (0..<4).map { "jwst-\(team)\tuser\((team * 7 + $0 * 13) % 2_000)\n" }.joined()
                }
                let first = try site.sync(rows.joined(), "--quiet")
                #expect(first.status == 0, "\(first)")
                let second = try site.sync(rows.joined(), "--quiet")
                #expect(second.status == 0)
                print("team sync of 12,000 memberships: \(first.seconds) s, \(second.seconds) s")
                #expect(first.seconds < 30)
            }
        }
    }
}
