internal import VolumeModel

/// The tables of a catalogue, and how older ones become the newest. Append only.
enum CatalogueSchema {
    /// "PRGC", so that no other SQLite file is taken for a catalogue.
    static let applicationID = 0x5052_4743

    /// The format that this version writes: the number of migrations.
    static var version: Int { migrations.count }

    /// Each step is run once, in order, in the transaction that raises `user_version`.
    static let migrations = [
        """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY) WITHOUT ROWID, STRICT;

        -- One row for each version of a name. Visible in revision r: added <= r, and removed is
        -- NULL or above r. A folder's key ends in a slash. No index by id or class: each would
        -- repeat the key.
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

        -- Leads upward. A folder's number belongs to its path for ever.
        CREATE TABLE folder(
            id INTEGER PRIMARY KEY,
            parent INTEGER NOT NULL,
            name BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX folder_parent ON folder(parent, name);

        -- Digests and totals of a folder, from revision `added` until its next row. `own_` is
        -- about the files directly in it; the rest about everything below.
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

        -- Where an entry that was reached by a link really is below its origin root, from revision
        -- `added` on; NULL where it stands where its name says again.
        CREATE TABLE link(
            id INTEGER NOT NULL,
            added INTEGER NOT NULL,
            target BLOB,
            PRIMARY KEY (id, added)
        ) WITHOUT ROWID, STRICT;

        -- What is known of a file version's content. etag: what its ETag was made from, for ever:
        -- 0 the version token, 1 md5, 2 sha256.
        CREATE TABLE digest(
            id INTEGER PRIMARY KEY,
            sha256 BLOB,
            md5 BLOB,
            etag INTEGER NOT NULL
        ) STRICT;

        -- What a source tells of a file version, where the entry's own size and mtime do not.
        CREATE TABLE fingerprint(
            source INTEGER NOT NULL,
            id INTEGER NOT NULL,
            mtime INTEGER NOT NULL,
            inode INTEGER,
            PRIMARY KEY (source, id)
        ) WITHOUT ROWID, STRICT;

        -- Complete candidates and published revisions; which are published, control says.
        CREATE TABLE revision(
            number INTEGER PRIMARY KEY,
            created INTEGER NOT NULL,
            files INTEGER NOT NULL,
            folders INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            state BLOB NOT NULL,
            content BLOB
        ) STRICT;

        -- What the last scan of each part left out.
        CREATE TABLE problem(
            number INTEGER PRIMARY KEY,
            kind INTEGER NOT NULL,
            path BLOB NOT NULL,
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX problem_path ON problem(path);
        """,
        """
        -- Which folders hold, directly, an entry of a class in any revision: what can be seen of
        -- some classes only is found from here upward. More may stand here than there is (rows of a
        -- discarded candidate), never less. Class 0 too, since a view may see that one alone: it
        -- costs 16 bytes for each folder.
        CREATE TABLE folder_class(
            class INTEGER NOT NULL,
            folder INTEGER NOT NULL,
            PRIMARY KEY (class, folder)
        ) WITHOUT ROWID, STRICT;
        INSERT INTO folder_class SELECT DISTINCT class, parent FROM entry;

        -- Names of files that have several at the origin, as the last scan of their folder saw them.
        CREATE TABLE hard_link(
            parent INTEGER NOT NULL,
            key BLOB NOT NULL,
            inode INTEGER NOT NULL,
            PRIMARY KEY (parent, key)
        ) WITHOUT ROWID, STRICT;
        """,
        """
        -- The entity tag of a file version at a source on another machine, as it is sent.
        ALTER TABLE fingerprint ADD COLUMN tag TEXT;
        """,
        """
        -- The root of a file version's tree digest, and the bytes of a leaf of it.
        ALTER TABLE digest ADD COLUMN tree BLOB;
        ALTER TABLE digest ADD COLUMN leaf INTEGER;

        -- Where the hashes of its leaves stand in the side file, how many there are, and the file's
        -- bytes: for files of several leaves only.
        CREATE TABLE leaves(
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            count INTEGER NOT NULL,
            size INTEGER NOT NULL
        ) STRICT;
        """,
    ]

    /// The first format that has `digest.tree` and `leaves`.
    static let withTrees = 4

    /// The first format that has `fingerprint.tag`.
    static let withTags = 3

    /// The first format that has `folder_class` and `hard_link`.
    static let withClassIndex = 2

    /// Makes an empty or older file one of this version.
    ///
    /// - Throws: `.newerFormat`, `.corrupt` where it is another program's file.
    static func migrate(_ connection: SQLiteConnection, path: String) throws(PerigeeError) {
        try check(connection, path: path)
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.transaction { () throws(PerigeeError) in
            let known = try number(connection, "PRAGMA user_version")
            for migration in migrations.dropFirst(known) { try connection.execute(migration) }
            try connection.execute("PRAGMA application_id = \(applicationID)")
            try connection.execute("PRAGMA user_version = \(version)")
        }
    }

    /// Checks that the file is a catalogue that this version reads.
    ///
    /// - Returns: its format's version, 0 for an empty file.
    /// - Throws: as `migrate`.
    @discardableResult
    static func check(_ connection: SQLiteConnection, path: String) throws(PerigeeError) -> Int {
        let found = try number(connection, "PRAGMA user_version")
        let application = try number(connection, "PRAGMA application_id")
        guard found <= version else {
            throw PerigeeError(
                .newerFormat,
                "the catalogue \(Printable.quoted(path)) has format \(found); this version of "
                    + "perigee reads up to \(version)",
                remedy: "use the newer perigee that wrote it")
        }
        guard application == applicationID || (found == 0 && application == 0) else {
            throw PerigeeError(
                .corrupt, "\(Printable.quoted(path)) is not a catalogue of perigee",
                remedy: "move the file out of the state folder")
        }
        return found
    }

    private static func number(_ connection: SQLiteConnection, _ sql: StaticString)
        throws(PerigeeError) -> Int
    {
        let statement = try connection.statement(sql)
        defer { statement.reset() }
        return try statement.step() ? Int(statement.integer(0)) : 0
    }
}
