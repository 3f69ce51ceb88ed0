/// A catalogue as the first format had it, in the SQL of its time: a small tree of one revision.
///
///     a, d/, d/x, d/s/, d/s/y, e/ (empty)
enum VersionOne {
    static let sql = """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY) WITHOUT ROWID, STRICT;
        CREATE TABLE entry(
            parent INTEGER NOT NULL,
            key BLOB NOT NULL,
            added INTEGER NOT NULL,
            removed INTEGER,
            id INTEGER NOT NULL,
            size INTEGER NOT NULL,
            mtime INTEGER NOT NULL,
            version INTEGER NOT NULL,
            class INTEGER NOT NULL,
            PRIMARY KEY (parent, key, added)
        ) WITHOUT ROWID, STRICT;
        CREATE INDEX entry_added ON entry(added) WHERE added > 1;
        CREATE INDEX entry_removed ON entry(removed) WHERE removed IS NOT NULL;
        CREATE TABLE folder(
            id INTEGER PRIMARY KEY,
            parent INTEGER NOT NULL,
            name BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX folder_parent ON folder(parent, name);
        CREATE TABLE folder_state(
            folder INTEGER NOT NULL,
            added INTEGER NOT NULL,
            own_files INTEGER NOT NULL,
            own_bytes INTEGER NOT NULL,
            own_state BLOB NOT NULL,
            own_content BLOB,
            files INTEGER NOT NULL,
            folders INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            state BLOB NOT NULL,
            content BLOB,
            PRIMARY KEY (folder, added)
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE link(
            id INTEGER NOT NULL,
            added INTEGER NOT NULL,
            target BLOB,
            PRIMARY KEY (id, added)
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE digest(
            id INTEGER PRIMARY KEY,
            sha256 BLOB,
            md5 BLOB,
            etag INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE fingerprint(
            source INTEGER NOT NULL,
            id INTEGER NOT NULL,
            mtime INTEGER NOT NULL,
            inode INTEGER,
            PRIMARY KEY (source, id)
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE revision(
            number INTEGER PRIMARY KEY,
            created INTEGER NOT NULL,
            files INTEGER NOT NULL,
            folders INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            state BLOB NOT NULL,
            content BLOB
        ) STRICT;
        CREATE TABLE problem(
            number INTEGER PRIMARY KEY,
            kind INTEGER NOT NULL,
            path BLOB NOT NULL,
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX problem_path ON problem(path);
        PRAGMA journal_mode = WAL;
        PRAGMA application_id = 0x50524743;
        PRAGMA user_version = 1;

        INSERT INTO meta VALUES ('ordinal', 1), ('next_id', 8), ('unpublished_in', 1),
            ('unpublished_from', 2);
        INSERT INTO folder VALUES (3, 1, X'64'), (4, 1, X'65'), (5, 3, X'73');
        INSERT INTO entry(parent, key, added, removed, id, size, mtime, version, class) VALUES
            (1, X'61', 1, NULL, 2, 1, 1, 11, 0),
            (1, X'642F', 1, NULL, 3, 0, 1, 0, 0),
            (1, X'652F', 1, NULL, 4, 0, 1, 0, 0),
            (3, X'732F', 1, NULL, 5, 0, 1, 0, 0),
            (3, X'78', 1, NULL, 6, 1, 1, 12, 0),
            (5, X'79', 1, NULL, 7, 1, 1, 13, 0);
        INSERT INTO revision VALUES (1, 1, 3, 3, 3, zeroblob(32), NULL);
        """
}
