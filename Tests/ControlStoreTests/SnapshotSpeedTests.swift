import AccessControl
import GRDB
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Reading the policy")
struct SnapshotSpeedTests {
    @Test("A change that does not bear on the policy has it not read again")
    func reuse() throws {
        try withState { state in
            let store = try SQLiteControlStore(state)
            let volume = try store.addSample().name
            var poll = try ControlPoll(path: state.controlPath, known: nil)
            _ = poll.look()
            _ = try store.snapshot()
            // Behind the store's back, so that only who reads anew sees it.
            try store.queue.write { db in
                try db.execute(sql: "INSERT INTO user (name, disabled) VALUES ('ghost', 0)")
            }
            try store.publish(.sample(1))
            #expect(try store.snapshot().policy.users.isEmpty)
            let told = try #require(try poll.look()?.get())
            #expect(told.policy.users.isEmpty)
            #expect(told.volume(named: volume)?.current == RevisionNumber(1))
            try store.perform([.addUser(UserName("ada"))], at: nil)
            #expect(try store.snapshot().policy.users.count == 2)
            #expect(try poll.look()?.get().policy.users.count == 2)
        }
    }

    @Test("Of classes only new ones are read, and all of them in another life of the store")
    func newClasses() throws {
        try withStore { store in
            let volume = try store.addSample().name
            let key = try AttributeKey("proposal_id")
            func texts() throws -> [Int64: String?] {
                let classes = try store.snapshot().policy.volumes[volume]?.classes ?? [:]
                return Dictionary(
                    uniqueKeysWithValues: classes.map { ($0.key.value, $0.value.attributes[key]) })
            }
            _ = try store.number([AccessClass(attributes: [key: "a"])], of: volume)
            #expect(try texts() == [1: "a"])
            // Behind the store's back, so that only who reads it again sees it.
            try store.queue.write { db in
                try db.execute(sql: "UPDATE access_class SET attributes = 'proposal_id=z'")
            }
            _ = try store.number([AccessClass(attributes: [key: "b"])], of: volume)
            #expect(try texts() == [1: "a", 2: "b"])
            try store.queue.write { db in
                try db.execute(sql: "UPDATE generation SET value = value + 1")
                try db.execute(sql: "UPDATE epoch SET value = value + 1, policy = value + 1")
            }
            #expect(try texts() == [1: "z", 2: "b"])
        }
    }

    @Test("A volume that takes the name of a removed one has none of its classes")
    func removedVolume() throws {
        try withStore { store in
            let name = try store.addSample().name
            let key = try AttributeKey("proposal_id")
            _ = try store.number([AccessClass(attributes: [key: "a"])], of: name)
            #expect(try store.snapshot().policy.volumes[name]?.classes.count == 1)
            try store.removeVolume(named: name)
            _ = try store.addVolume(.sample())
            #expect(try store.snapshot().policy.volumes[name]?.classes == [:])
            let other = AccessClass(attributes: [key: "b"])
            _ = try store.number([other], of: name)
            #expect(
                try store.snapshot().policy.volumes[name]?.classes == [AccessClassID(1): other])
        }
    }

    @Test(
        "10,000 rules, 1,000 teams of 30 and 20,000 classes are read in bounded time",
        .timeLimit(.minutes(3)))
    func large() throws {
        try withStore { store in
            let volume = try store.addSample()
            // By SQL, since what is measured is the reading.
            try store.queue.write { db in
                let numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
                for sql in [
                    "WHERE i < 2999) INSERT INTO user SELECT 'user' || i, 0 FROM n",
                    "WHERE i < 999) INSERT INTO team SELECT 'jwst-' || i, NULL, 'p' FROM n",
                    """
                    WHERE i < 29999) INSERT INTO membership
                    SELECT 'jwst-' || (i / 30), 'user' || (i % 3000), 'member', NULL FROM n
                    """,
                    """
                    WHERE i < 9999) INSERT INTO rule
                    SELECT \(volume.ordinal), 'rule' || i, 'grant', 'read',
                        'team:jwst-' || (i % 1000), 'jw0' || i || '/**', 'embargoed', NULL, NULL,
                        'policies/jwst.yaml:' || i || ':5', 'policies' FROM n
                    """,
                    """
                    WHERE i < 19999) INSERT INTO access_class
                    SELECT \(volume.ordinal), i + 1,
                        'instrument=nircam' || char(10) || 'proposal_id=' || i, 0, x'', x'', 0
                    FROM n
                    """,
                ] { try db.execute(sql: "\(numbers) \(sql)") }
                try db.execute(sql: "UPDATE epoch SET value = value + 1, policy = value + 1")
            }
            let start = monotonicNanoseconds()
            let snapshot = try store.snapshot()
            let read = monotonicNanoseconds()
            #expect(try store.snapshot().epoch == snapshot.epoch)
            let again = monotonicNanoseconds()
            try store.perform([.addUser(UserName("ada"))], at: nil)
            let changed = monotonicNanoseconds()
            let next = try store.snapshot()
            let reread = monotonicNanoseconds()
            #expect(next.policy.users.count == snapshot.policy.users.count + 1)
            #expect(next.policy.volumes == snapshot.policy.volumes)
            let policy = try #require(snapshot.policy.volumes[volume.name])
            #expect(policy.rules.count == 10_000 && policy.classes.count == 20_000)
            #expect(snapshot.policy.teams.count == 1_000)
            #expect(snapshot.policy.teams.values.allSatisfy { $0.count == 30 })
            let milliseconds = { (from: UInt64, to: UInt64) in Double((to - from) / 1_000) / 1_000 }
            print(
                "snapshot of 10,000 rules, 30,000 memberships and 20,000 classes:"
                    + " \(milliseconds(start, read)) ms; again \(milliseconds(read, again)) ms;"
                    + " after a change of a user \(milliseconds(changed, reread)) ms")
        }
    }
}
