internal import GRDB
internal import VolumeModel

/// The control database's format: who wrote it, its version, and how one version becomes the next.
///
/// Migrations are only ever appended. Each sets `user_version` to its own number in its own
/// transaction, so that a file says what it is before a table is read.
enum ControlSchema {
    /// `PRAGMA application_id`: "PGct" as a big-endian number.
    static let applicationID: Int32 = 0x5047_6374
    /// The version that this program writes.
    static let version = 1

    /// Brings a database to `version`.
    static func migrate(_ queue: DatabaseQueue) throws {
        try migrator.migrate(queue)
    }

    /// What a database says of itself, before anything else is believed of it.
    ///
    /// - Throws: `PerigeeError.corrupt` where it is not ours, `.newerFormat`, and what GRDB throws.
    /// - Returns: its version.
    static func checkedVersion(_ db: Database, path: String) throws -> Int {
        let application = try Int32.fetchOne(db, sql: "PRAGMA application_id")
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard application == applicationID, version >= 1 else {
            throw SQLiteFailure.corrupt(path, "is no control database of Perigee")
        }
        guard version <= Self.version else {
            throw PerigeeError(
                .newerFormat,
                "the control database \(Printable.quoted(path)) has format \(version), and this"
                    + " program knows up to \(Self.version)",
                remedy: "use the version of perigee that wrote it, or a newer one")
        }
        return version
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: first)
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: "PRAGMA user_version = 1")
        }
        return migrator
    }

    /// Times are nanoseconds since 1970, digests SHA-256.
    ///
    /// `volume.highest` outlives the revisions' rows, which may be removed one day; `AUTOINCREMENT`
    /// keeps an ordinal from being given twice, and `retired` a name that was published under.
    private static let first = """
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
}
