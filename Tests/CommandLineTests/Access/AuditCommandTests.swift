import AccessControl
import ControlStore
import Foundation
import GRDB
import PerigeeTesting
import Testing
import VolumeModel

extension CommandLineTests {
    @Suite struct AuditCommandTests {
        /// Changes of two volumes and users, and one open of each volume in between.
        private func withHistory(_ body: (Site) throws -> Void) throws {
            try withSite { site in
                for volume in ["vol", "other"] {
                    try site.write("\(volume)/x", "hello")
                    try site.ok(
                        ["volume", "add", volume, "--origin", "posix:\(site.origin)/\(volume)"])
                }
                let state = try StateFolder(path: site.state)
                let store = try SQLiteControlStore(state)
                let (ada, team) = (try UserName("ada"), try TeamName("hst"))
                try store.perform(
                    [
                        .addUser(ada), .addUser(UserName("eve")), .setTeam(team, TeamRecord()),
                        .setMembership(team, Membership(member: .user(ada))),
                    ], at: nil)
                let log = DataAuditLog(state) { _ in }
                for volume in ["vol", "other"] {
                    try log.recordDurably(
                        DataAccess(
                            principal: .user(ada, credential: nil), volume: VolumeName(volume),
                            revision: RevisionNumber(1), path: Array("a\nb".utf8),
                            frontEnd: .mount, decision: .read, rule: "public", request: 7))
                }
                log.stop()
                try store.setPublic(true, volume: VolumeName("vol"))
                try body(site)
            }
        }

        @Test func `changes and opens come in the order of time`() throws {
            try withHistory { site in
                let lines = try site.ok("audit").lines
                let kinds = lines.map { $0.split(separator: "\t")[2] }
                #expect(
                    kinds == [
                        "root-added", "volume-added", "root-added", "volume-added", "user-added",
                        "user-added", "team-added", "member-set", "read", "read", "made-public",
                    ])
                #expect(lines == lines.sorted { $0.prefix(19) < $1.prefix(19) })
                #expect(lines[8].hasSuffix("user:ada\tread\tvol@r1:a\\nb\tby mount, rule public"))
                #expect(lines[10].hasSuffix("grant read to anyone (volume set --public)"))
            }
        }

        @Test func `a filter lets through what is about its user, volume and time`() throws {
            try withHistory { site in
                let mine = try site.ok("audit --user ada").lines
                #expect(mine.count == 4)
                #expect(mine[1].contains("member-set\thst\tuser:ada as member"))
                let volume = try site.ok("audit show --volume other --json").lines
                #expect(volume.count == 2)
                #expect(volume[0].contains("\"action\":\"volume-added\""))
                #expect(volume[1].contains("\"path\":\"a\\nb\""))
                #expect(try site.ok("audit --since 2100-01-01").text.isEmpty)
                #expect(try site.run("audit --since yesterday").status == 64)
                #expect(try site.run("audit --volume NO").status == 64)
            }
        }

        @Test func `the chain is verified against a head that was noted`() throws {
            try withHistory { site in
                let first = try site.ok("audit verify")
                let head = try #require(first.text.split(separator: " ").last?.prefix(64))
                try site.ok("volume set vol --private")
                let later = try site.ok("audit verify --head \(head)")
                #expect(later.text.contains("The head that was noted is change 9"))
                #expect(try site.run("audit verify --head abc").status == 64)
                let other = String(repeating: "0f", count: 32)
                #expect(try site.run("audit verify --head \(other)").status == 1)
                let control = try DatabaseQueue(path: "\(site.state)/control.sqlite")
                try control.write { db in
                    try db.execute(sql: "UPDATE event SET subject = 'eve' WHERE sequence = 5")
                }
                let broken = try site.run("audit verify")
                #expect(broken.status == 1)
                #expect(broken.text.contains("Change 5 does not follow from the one before"))
                let json = try site.run("audit verify --json")
                #expect(json.status == 1 && json.text.contains("\"broken\":5"))
            }
        }
    }
}
