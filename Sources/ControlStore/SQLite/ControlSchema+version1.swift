/// Version 1: roots, volumes, revisions and events.
extension ControlSchema {
    /// Times are nanoseconds since 1970, digests SHA-256.
    ///
    /// `volume.highest` outlives the revisions' rows, which may be removed one day; `AUTOINCREMENT`
    /// keeps an ordinal from being given twice, and `retired` a name that was published under.
    static let first = """
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
