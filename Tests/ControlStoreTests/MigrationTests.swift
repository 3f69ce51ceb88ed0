import AccessControl
import Foundation
import GRDB
import Testing
import VolumeModel

@testable import ControlStore

@Suite("Control database of an earlier version")
struct MigrationTests {
    /// Gives `body` a state folder with a database as version 1 left it.
    private func withVersion1(_ body: (StateFolder) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let state = try StateFolder(path: "\(folder)/state")
            try state.create()
            let queue = try DatabaseQueue(path: state.controlPath)
            try queue.inDatabase { db in
                try db.execute(sql: "PRAGMA journal_mode = WAL")
                try db.execute(sql: ControlVersion1.schema)
                try db.execute(sql: ControlVersion1.content)
            }
            try queue.close()
            try body(state)
        }
    }

    @Test("Volumes keep everything, and a public one has the rule `public`")
    func volumes() throws {
        try withVersion1 { state in
            let store = try SQLiteControlStore(state)
            let snapshot = try store.snapshot()
            #expect(snapshot.epoch == Epoch(6))
            #expect(snapshot.roots.map(\.name.string) == ["archive"])
            #expect(snapshot.volumes.map(\.name.string) == ["closed", "open"])
            let (closed, open) = (snapshot.volumes[0], snapshot.volumes[1])
            #expect(!closed.isPublic && open.isPublic)
            #expect(open.ordinal == 2 && closed.ordinal == 3)
            #expect(open.metadata.title == "Open" && open.metadata.licence == "CC0")
            #expect(open.current == RevisionNumber(1) && open.highest == RevisionNumber(2))
            #expect(open.sources.map(\.subpath.description) == ["o"])
            #expect(open.settings == VolumeSettings())
            #expect(
                snapshot.policy.volumes == [
                    closed.name: VolumePolicy(),
                    open.name: VolumePolicy(rules: [
                        AccessRule(
                            name: "public", effect: .grant(.read), subject: .anyone,
                            place: "volume set --public")
                    ]),
                ])
            #expect(try store.revisions(of: open.name).map(\.number.value) == [1, 2])
            // Neither the ordinal nor the name of what was removed is given again.
            #expect(try store.addVolume(.sample("new")).ordinal == 5)
            #expect(failure { try store.addVolume(.sample("gone")) }?.code == .conflict)
            try store.setPublic(false, volume: open.name)
            #expect(try store.volume(named: open.name).isPublic == false)
        }
    }

    @Test("Its events become a chain, which goes on")
    func events() throws {
        try withVersion1 { state in
            let store = try SQLiteControlStore(state)
            let events = try store.history(after: 0, limit: 10)
            #expect(
                events.map { "\($0.sequence) \($0.actor) \($0.action.rawValue) \($0.detail)" } == [
                    "1 1000 root-added posix:/archive", "2 1000 volume-added ordinal 2",
                ])
            #expect(events.allSatisfy { $0.actorName.isEmpty })
            try store.addRoot(.sample("more"))
            let verification = try store.verifyAudit(noted: events[1].hash)
            #expect(verification.fault == nil)
            #expect(verification.noted == 2 && verification.head.sequence == 3)
        }
    }

    @Test("Two programs that open it at once find it migrated once", .timeLimit(.minutes(1)))
    func race() throws {
        try withVersion1 { state in
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                #expect(failure { _ = try SQLiteControlStore(state).snapshot() } == nil)
            }
            let events = try SQLiteControlStore(state).history(after: 0, limit: 10)
            #expect(events.count == 2)
        }
    }

    @Test("A migrated database and a new one have the same tables")
    func sameSchema() throws {
        func schema(_ state: StateFolder) throws -> [String: String] {
            let store = try SQLiteControlStore(state)
            let rows = try store.queue.read { db in
                try Row.fetchAll(
                    db, sql: "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
            }
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
        }
        try withVersion1 { old in
            try withState { new in
                let (migrated, made) = (try schema(old), try schema(new))
                #expect(migrated == made)
            }
        }
    }
}

/// A database as version 1 of the format has it.
private enum ControlVersion1 {
    static let schema = """
        PRAGMA application_id = 1346855796;
        PRAGMA user_version = 1;
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1');
        CREATE TABLE epoch (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            value INTEGER NOT NULL CHECK (value >= 1)
        ) STRICT;
        INSERT INTO epoch (id, value) VALUES (1, 1);
        CREATE TRIGGER epoch_only_rises BEFORE UPDATE ON epoch WHEN NEW.value <= OLD.value
        BEGIN SELECT RAISE(ABORT, 'the epoch never goes back'); END;
        CREATE TRIGGER epoch_stays BEFORE DELETE ON epoch
        BEGIN SELECT RAISE(ABORT, 'the epoch is never removed'); END;

        CREATE TABLE root (
            name TEXT NOT NULL PRIMARY KEY,
            origin TEXT NOT NULL,
            files TEXT NOT NULL,
            locality TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            created INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE volume (
            ordinal INTEGER PRIMARY KEY AUTOINCREMENT CHECK (ordinal BETWEEN 1 AND 4095),
            name TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            abstract TEXT, domain TEXT, mission TEXT, contact TEXT, creator TEXT, licence TEXT,
            doi TEXT,
            is_public INTEGER NOT NULL CHECK (is_public IN (0, 1)),
            current INTEGER,
            highest INTEGER CHECK (highest BETWEEN 1 AND 32766),
            created INTEGER NOT NULL,
            FOREIGN KEY (ordinal, current) REFERENCES revision (volume, number),
            CHECK ((current IS NULL) = (highest IS NULL) AND current <= highest)
        ) STRICT;

        CREATE TABLE retired (
            name TEXT NOT NULL PRIMARY KEY,
            ordinal INTEGER NOT NULL,
            highest INTEGER NOT NULL,
            removed INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE source (
            volume INTEGER NOT NULL REFERENCES volume (ordinal),
            number INTEGER NOT NULL CHECK (number >= 1),
            root TEXT NOT NULL REFERENCES root (name),
            subpath TEXT NOT NULL,
            zone TEXT,
            priority INTEGER NOT NULL,
            PRIMARY KEY (volume, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE revision (
            volume INTEGER NOT NULL REFERENCES volume (ordinal),
            number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 32766),
            published INTEGER NOT NULL,
            files INTEGER NOT NULL CHECK (files >= 0),
            folders INTEGER NOT NULL CHECK (folders >= 0),
            bytes INTEGER NOT NULL CHECK (bytes >= 0),
            state_digest BLOB NOT NULL CHECK (length(state_digest) = 32),
            content_digest BLOB CHECK (length(content_digest) = 32),
            note TEXT,
            PRIMARY KEY (volume, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE event (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            actor INTEGER NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT;
        """

    static let content = """
        INSERT INTO root VALUES
            ('archive', 'posix:/archive', 'replaced', 'auto', 'size+mtime', 5);
        INSERT INTO volume (ordinal, name, title, licence, is_public, created) VALUES
            (2, 'open', 'Open', 'CC0', 1, 7), (3, 'closed', 'Closed', NULL, 0, 8),
            (4, 'gone', 'Gone', NULL, 1, 9);
        DELETE FROM volume WHERE ordinal = 4;
        INSERT INTO retired VALUES ('gone', 4, 1, 10);
        INSERT INTO source VALUES
            (2, 1, 'archive', 'o', NULL, 0), (3, 1, 'archive', '', 'garching', 2);
        INSERT INTO revision VALUES
            (2, 1, 11, 1, 2, 3, randomblob(32), NULL, NULL),
            (2, 2, 12, 1, 2, 3, randomblob(32), randomblob(32), 'second');
        UPDATE volume SET current = 1, highest = 2 WHERE ordinal = 2;
        INSERT INTO event (at, actor, action, subject, detail) VALUES
            (5, 1000, 'root-added', 'archive', 'posix:/archive'),
            (7, 1000, 'volume-added', 'open', 'ordinal 2');
        UPDATE epoch SET value = 6;
        """
}
