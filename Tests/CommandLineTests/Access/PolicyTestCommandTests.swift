import Foundation
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite struct PolicyTestCommandTests {
        private static let policy = """
            kind: Policy
            volume: hst
            rules:
              - name: public
                grant: list
                to: anyone
              - {name: team, grant: read, to: "team:hst-{proposal_id}"}

            """
        private static let cases = """
            kind: Test
            volume: hst
            at: 2026-01-01
            cases:
              - {as: anyone, path: a, level: list}
              - {as: anyone, path: a, level: read}
              - as: {user: pi, teams: [hst-12]}
                path: a
                attributes: {proposal_id: "12"}
                level: none

            """

        @Test func `a level other than expected is told with its line and the rule`() throws {
            try withTemporaryFolder { folder in
                let site = Site(folder: folder)
                let policies = try site.writePolicy(Self.policy)
                let tests = try site.writePolicy(Self.cases, "policies/tests/t.yaml")
                // By the folder, by the file, and from elsewhere: no state is there or made.
                for words in [
                    ["\(site.folder)/policies/tests"], ["\(site.folder)/policies/tests/"], [tests],
                    [tests, "-f", policies], [tests, "-f", "\(site.folder)/policies"],
                ] {
                    let done = try site.run(["policy", "test"] + words)
                    #expect(done.status == 1 && done.errors == [], "\(done)")
                    let text = done.text
                    #expect(
                        text.contains("\(tests):6:5: anyone has level list, not read, on hst:a"))
                    #expect(text.contains("grant public"))
                    #expect(text.contains("policies/p.yaml:4:5"), "\(text)")
                    #expect(
                        text.contains("\(tests):7:5: user:pi in hst-12 has level read, not none"))
                    #expect(text.contains("team hst-12 <- user pi"))
                    #expect(done.lines.last == "2 of 3 assertions fail")
                }
                #expect(!DiskFile.exists(site.state))
                let json = try site.run(["policy", "test", tests, "--json"])
                #expect(json.status == 1)
                let failures = try #require(
                    try objects(json).first?["failures"] as? [[String: Any]])
                #expect(failures.map { $0["line"] as? Int } == [6, 7])
                #expect(failures.map { $0["found"] as? String } == ["list", "read"])
                let fine = Self.cases.replacing("level: read", with: "level: list")
                    .replacing("level: none", with: "level: read")
                try site.writePolicy(fine, "policies/tests/t.yaml")
                #expect(
                    try site.ok(["policy", "test", tests]).lines == ["3 assertions, and all hold"])
                #expect(try site.ok(["policy", "test", tests, "--quiet"]).output == [])
            }
        }

        @Test func `the folder above is found from where the tests are named`() throws {
            try withTemporaryFolder { folder in
                let site = Site(folder: folder)
                try site.writePolicy(Self.policy)
                try site.writePolicy(
                    Self.cases.replacing("level: read", with: "level: list")
                        .replacing("level: none", with: "level: read"), "policies/tests/t.yaml")
                for (place, words) in [
                    ("policies/tests", "."), ("policies/tests", "t.yaml"),
                    ("policies/tests", "./t.yaml"),
                    ("policies", "tests"), ("policies", "tests/t.yaml"), ("", "policies/tests//"),
                    ("policies/tests", "../tests"),
                ] {
                    let shell =
                        "cd '\(folder)/\(place)' && exec '\(Site.program)' policy test \(words)"
                    let done = try Child(["sh", "-c", shell], environment: site.environment).wait()
                    #expect(done.status == 0, "\(place) \(words): \(done)\(done.text)")
                }
            }
        }

        @Test func `faulty assertions are told where they stand`() throws {
            try withTemporaryFolder { folder in
                let site = Site(folder: folder)
                try site.writePolicy(Self.policy)
                let head = "kind: Test\nvolume: hst\nat: 2026-01-01\n"
                for (text, line, column, words) in [
                    (head, 1, 1, "needs the key `cases`"),
                    (head + "cases:\n  - {as: anyone}\n", 5, 5, "needs the key `level`"),
                    (head + "cases:\n  - {level: read}\n", 5, 5, "does not say `as`"),
                    (head + "cases:\n  - {as: me, level: read}\n", 5, 10, "nobody who can ask"),
                    (head + "cases:\n  - {as: anyone, level: full}\n", 5, 25, "no level"),
                    (head + "cases:\n  - {as: {teams: []}, level: read}\n", 5, 10, "`user`"),
                    (
                        head + "cases:\n  - {as: {user: a, teams: [b#c]}, level: read}\n", 5, 28,
                        "no role"
                    ),
                    (head + "cases:\n  - {as: anyone, path: a/../b, level: read}\n", 5, 24, "path"),
                    (head + "attributes: {p: 12}\ncases: []\n", 4, 17, "write \"12\""),
                    (head + "attributes: {P: a}\ncases: []\n", 4, 14, "no attribute key"),
                    (
                        "kind: Test\nvolume: psa\nat: 2026-01-01\ncases:\n"
                            + "  - {as: anyone, level: read}\n", 2, 9,
                        "do not speak of a volume psa"
                    ),
                    ("kind: Policy\nvolume: hst\nrules: []\n", 1, 7, "perigee apply"),
                ] {
                    let path = try site.writePolicy(text, "policies/tests/t.yaml")
                    expectRefusal(
                        try site.run(["policy", "test", path]), 1,
                        saying: "\(path):\(line):\(column): ", words)
                }
                let path = try site.writePolicy(head + "cases: []\n", "policies/tests/t.yaml")
                expectRefusal(try site.run(["policy", "test", path]), 1, saying: "no assertion")
                try site.writePolicy("kind: Policy\nvolume: 12\nrules: []\n")
                try site.writePolicy(Self.cases, "policies/tests/t.yaml")
                expectRefusal(
                    try site.run(["policy", "test", path]), 1, saying: "p.yaml:2:9: ")
            }
        }
    }
}
