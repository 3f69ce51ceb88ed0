import Foundation
import PerigeeTesting
import Testing

extension CommandLineTests {
    @Suite struct UserAndTeamTests {
        @Test func `users are added, locked out, let in, listed and removed`() throws {
            try withSite { site in
                for name in ["jane", "ada", "x@y.org"] { try site.ok("user add \(name)") }
                try site.ok("team add calibration --title Calibration")
                try site.ok("team add-member calibration jane")
                try site.ok("user disable ada")
                #expect(
                    try site.ok("user ls").lines == [
                        "ada\tdisabled\t", "jane\tactive\tcalibration", "x@y.org\tactive\t",
                    ])
                try site.ok("user enable ada --quiet")
                let users = try objects(site.ok("user ls --json"))
                #expect(users.map { $0["state"] as? String } == ["active", "active", "active"])
                try site.ok("user rm jane")
                #expect(try site.ok("team ls").lines == ["calibration\t0 members\tCalibration"])
                #expect(try site.ok("user ls").lines.count == 2)
            }
        }

        @Test func `teams are shown with their members' roles and ends`() throws {
            try withSite { site in
                for name in ["ada", "jane"] { try site.ok("user add \(name)") }
                for name in ["euclid", "jwst"] { try site.ok("team add \(name)") }
                try site.ok("team add-member jwst jane --role owner --until 2099-01-01")
                try site.ok("team add-member jwst user:ada")
                try site.ok("team add-member jwst team:euclid --role manager")
                #expect(
                    try site.ok("team show jwst").lines == [
                        "Team       jwst", "  team:euclid\tmanager", "  user:ada\tmember",
                        "  user:jane\towner\tuntil 2099-01-01T00:00:00Z",
                    ])
                #expect(
                    try site.ok("team show euclid").lines == [
                        "Team       euclid", "Member of  jwst",
                    ])
                try site.ok("team add-member jwst jane --role member")
                try site.ok("team remove-member jwst ada")
                let shown = try objects(site.ok("team show jwst --json"))
                let members = try #require(shown.first?["members"] as? [[String: String]])
                #expect(
                    members == [
                        ["member": "team:euclid", "role": "manager"],
                        ["member": "user:jane", "role": "member"],
                    ])
                try site.ok("team remove-member jwst team:euclid")
                try site.ok("team rm euclid")
                #expect(try site.ok("team ls").lines == ["jwst\t1 member\t"])
            }
        }

        @Test(arguments: [
            ("user add ada", 1, "already"), ("user add Ada", 64, "no user name"),
            ("user rm eve", 1, "no user eve"), ("user disable eve", 1, "no user eve"),
            ("team add jwst", 1, "already"), ("team add a@b", 64, "no team name"),
            ("team show hst", 1, "no team hst"), ("team rm hst", 1, "no team hst"),
            ("team rm euclid", 1, "jwst"), ("team add-member jwst eve", 1, "no user eve"),
            ("team add-member hst ada", 1, "no team hst"),
            ("team add-member euclid team:jwst", 1, "cycle"),
            ("team add-member jwst ada --role boss", 64, "boss"),
            ("team add-member jwst ada --until 2001-01-01", 64, "over already"),
            ("team add-member jwst ada --until soon", 64, "soon"),
            ("team remove-member jwst ada", 1, "no member"),
        ])
        func `what cannot be is refused in words`(
            _ command: String, _ status: Int32, _ words: String
        ) throws {
            try withSite { site in
                try site.ok("user add ada")
                for name in ["euclid", "jwst"] { try site.ok("team add \(name)") }
                try site.ok("team add-member jwst team:euclid")
                let before = try site.ok("team ls --json").text
                let done = try site.run(command)
                #expect(done.status == status, "\(done)")
                #expect(done.errorText.contains(words), "\(done.errorText)")
                #expect(done.output == [])
                #expect(try site.ok("team ls --json").text == before)
            }
        }
    }
}
