import GRDB
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Chain of events")
struct AuditChainTests {
    /// A store with six events, and its heads after each.
    private func withChain(_ body: (SQLiteControlStore, [AuditHead]) throws -> Void) throws {
        try withStore { store in
            let volume = try VolumeName("hst-stis")
            var heads = [try store.auditHead()]
            let changes: [() throws -> Void] = [
                { try store.addRoot(.sample()) },
                { try store.addVolume(.sample()) },
                { try store.setPublic(true, volume: volume) },
                { try store.perform([.addUser(UserName("alice"))], at: nil) },
                { try store.publish(.sample(1)) },
                { try store.setPublic(false, volume: volume) },
            ]
            for change in changes {
                try change()
                heads.append(try store.auditHead())
            }
            try body(store, heads)
        }
    }

    @Test("A chain that nobody touched holds, and every head that was noted is in it")
    func intact() throws {
        try withChain { store, heads in
            #expect(heads.map(\.sequence) == Array(0...6))
            for head in heads {
                #expect(
                    try store.verifyAudit(noted: head.hash)
                        == AuditVerification(head: heads[6], fault: nil, noted: head.sequence))
            }
            let other = try store.verifyAudit(noted: [UInt8](repeating: 7, count: 32))
            #expect(other.fault == nil && other.noted == nil)
        }
    }

    @Test(
        "The first event that was changed, left out, put in or moved is named",
        arguments: [
            ("UPDATE event SET at = at + 1 WHERE sequence = 2", 2),
            ("UPDATE event SET actor = 1 - actor WHERE sequence = 3", 3),
            ("UPDATE event SET actor_name = 'eve' WHERE sequence = 3", 3),
            ("UPDATE event SET action = 'made-private' WHERE sequence = 3", 3),
            ("UPDATE event SET subject = 'hst' WHERE sequence = 3", 3),
            ("UPDATE event SET detail = detail || ' ' WHERE sequence = 6", 6),
            // What moves from one field to the next is another event.
            ("UPDATE event SET subject = 'alic', detail = 'e' WHERE sequence = 4", 4),
            ("UPDATE event SET hash = randomblob(32) WHERE sequence = 1", 1),
            ("DELETE FROM event WHERE sequence = 1", 1),
            ("DELETE FROM event WHERE sequence = 4", 4),
            ("DELETE FROM event WHERE sequence = 6", 6),
            ("DELETE FROM event", 1),
            (
                """
                DELETE FROM event WHERE sequence = 4;
                UPDATE event SET sequence = sequence - 1 WHERE sequence > 4
                """, 4
            ),
            (
                """
                INSERT INTO event SELECT sequence + 1, at, actor, actor_name, action, subject,
                    detail, hash FROM event WHERE sequence = 6
                """, 7
            ),
            (
                """
                UPDATE event SET sequence = 100 WHERE sequence = 2;
                UPDATE event SET sequence = 2 WHERE sequence = 5;
                UPDATE event SET sequence = 5 WHERE sequence = 100
                """, 2
            ),
        ])
    func tampered(sql: String, sequence: Int64) throws {
        try withChain { store, heads in
            try store.queue.write { try $0.execute(sql: sql) }
            let found = try store.verifyAudit(noted: heads[6].hash)
            #expect(found.fault?.sequence == sequence)
            #expect(sequence == 7 || found.noted == nil)
        }
    }

    @Test("Events cut from the end with their counter show against a head that was noted")
    func cut() throws {
        try withChain { store, heads in
            try store.queue.write { db in
                try db.execute(
                    sql: """
                        DELETE FROM event WHERE sequence > 4;
                        UPDATE sqlite_sequence SET seq = 4 WHERE name = 'event'
                        """)
            }
            let found = try store.verifyAudit(noted: heads[6].hash)
            #expect(found == AuditVerification(head: heads[4], fault: nil, noted: nil))
            #expect(try store.verifyAudit(noted: heads[3].hash).noted == 3)
        }
    }

    @Test("The hash of an event is the one that OnDiskFormats gives")
    func vector() {
        let fields = EventChain.Fields(
            sequence: 1, at: 99, actor: 1_234, actorName: "jane", action: "user-added",
            subject: "ada", detail: "via \u{2604}")
        #expect(
            Hex.encode(EventChain.hash(after: EventChain.start, fields))
                == "0ac75dc958f25dd1986f2e80c6cc288fa1c46c7999111c2b04d60674128edae3")
    }

    @Test("A change whose event cannot be written is not made")
    func unwritable() throws {
        try withChain { store, heads in
            let before = try store.snapshot()
            try store.queue.write { db in
                try db.execute(
                    sql: """
                        CREATE TRIGGER full BEFORE INSERT ON event
                        BEGIN SELECT RAISE(ABORT, 'no events'); END
                        """)
            }
            #expect(
                failure { try store.perform([.addUser(UserName("bob"))], at: nil) } != nil)
            #expect(failure { try store.publish(.sample(2)) } != nil)
            #expect(try store.snapshot() == before)
            #expect(try store.auditHead() == heads[6])
        }
    }

    @Test("Events name the user by number and by name")
    func actor() throws {
        try withState { state in
            try SQLiteControlStore(state, actor: 0).addRoot(.sample("a"))
            try SQLiteControlStore(state, actor: 4_000_000_000).addRoot(.sample("b"))
            let events = try SQLiteControlStore(state).history(after: 0, limit: 10)
            #expect(events.map(\.actor) == [0, 4_000_000_000])
            #expect(events.map(\.actorName) == ["root", ""])
        }
    }
}
