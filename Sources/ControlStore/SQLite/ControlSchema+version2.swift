internal import FoundationEssentials
internal import GRDB

/// Version 2: users, teams, rules, what classes are, and events as a chain.
extension ControlSchema {
    /// Names are text, so that a file can be read without this program. An `until` or `from` is in
    /// nanoseconds since 1970, NULL for none.
    ///
    /// `epoch.policy` is the epoch of the last change that bears on who may see what: readers keep
    /// the policy that they have read while it stands still. `rule.conditions` has one condition a
    /// line: `embargoed`, `released` or `key=value`. `access_class.attributes` has one `key=value`
    /// a line, by key in byte order, so that one class is one text; `link` is 0 for none, 1 for one
    /// that leads to another place of the volume, 2 for one that leads out of it. A class's row
    /// stays as long as its volume, so no number is given twice.
    static let second = """
        ALTER TABLE epoch ADD COLUMN policy INTEGER NOT NULL DEFAULT 1;

        CREATE TABLE generation (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            value INTEGER NOT NULL CHECK (value >= 1)
        ) STRICT;
        INSERT INTO generation (id, value) VALUES (1, 1);
        CREATE TRIGGER generation_only_rises BEFORE UPDATE ON generation
        WHEN NEW.value <= OLD.value
        BEGIN SELECT RAISE(ABORT, 'the generation never goes back'); END;
        CREATE TRIGGER generation_stays BEFORE DELETE ON generation
        BEGIN SELECT RAISE(ABORT, 'the generation is never removed'); END;

        CREATE TABLE user (
            name TEXT NOT NULL PRIMARY KEY,
            disabled INTEGER NOT NULL CHECK (disabled IN (0, 1))
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE team (
            name TEXT NOT NULL PRIMARY KEY,
            title TEXT,
            label TEXT
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE membership (
            team TEXT NOT NULL REFERENCES team (name),
            user TEXT NOT NULL REFERENCES user (name),
            role TEXT NOT NULL CHECK (role IN ('member', 'manager', 'owner')),
            until INTEGER,
            PRIMARY KEY (team, user)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX membership_user ON membership (user);

        CREATE TABLE subteam (
            team TEXT NOT NULL REFERENCES team (name),
            member TEXT NOT NULL REFERENCES team (name) CHECK (member <> team),
            role TEXT NOT NULL CHECK (role IN ('member', 'manager', 'owner')),
            until INTEGER,
            PRIMARY KEY (team, member)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX subteam_member ON subteam (member);

        ALTER TABLE volume ADD COLUMN embargo INTEGER NOT NULL DEFAULT 0
            CHECK (embargo IN (0, 1));
        ALTER TABLE volume ADD COLUMN embargo_after TEXT;
        ALTER TABLE volume ADD COLUMN embargo_months INTEGER
            CHECK (embargo_months BETWEEN 0 AND 1200);
        ALTER TABLE volume ADD COLUMN metadata_with_data INTEGER NOT NULL DEFAULT 0
            CHECK (metadata_with_data IN (0, 1));
        ALTER TABLE volume ADD COLUMN revocation_hard INTEGER NOT NULL DEFAULT 0
            CHECK (revocation_hard IN (0, 1));
        ALTER TABLE volume ADD COLUMN audit_required INTEGER NOT NULL DEFAULT 0
            CHECK (audit_required IN (0, 1));
        ALTER TABLE volume ADD COLUMN class_generation INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE volume ADD COLUMN label TEXT;

        CREATE TABLE path_expression (
            volume INTEGER NOT NULL REFERENCES volume (ordinal) ON DELETE CASCADE,
            number INTEGER NOT NULL CHECK (number >= 1),
            text TEXT NOT NULL,
            PRIMARY KEY (volume, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE rule (
            volume INTEGER NOT NULL REFERENCES volume (ordinal) ON DELETE CASCADE,
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
            effect TEXT NOT NULL CHECK (effect IN ('grant', 'denial')),
            level TEXT NOT NULL CHECK (level IN ('none', 'discover', 'list', 'read')),
            subject TEXT NOT NULL,
            pattern TEXT,
            conditions TEXT NOT NULL,
            "from" INTEGER,
            until INTEGER,
            place TEXT NOT NULL,
            label TEXT,
            PRIMARY KEY (volume, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE attribute_row (
            volume INTEGER NOT NULL REFERENCES volume (ordinal) ON DELETE CASCADE,
            number INTEGER NOT NULL CHECK (number >= 1),
            pattern TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            line INTEGER NOT NULL,
            PRIMARY KEY (volume, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE release_row (
            volume INTEGER NOT NULL REFERENCES volume (ordinal) ON DELETE CASCADE,
            number INTEGER NOT NULL CHECK (number >= 1),
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            metadata INTEGER,
            data INTEGER,
            PRIMARY KEY (volume, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE access_class (
            volume INTEGER NOT NULL REFERENCES volume (ordinal) ON DELETE CASCADE,
            number INTEGER NOT NULL CHECK (number >= 1),
            attributes TEXT NOT NULL,
            link INTEGER NOT NULL CHECK (link IN (0, 1, 2)),
            link_path BLOB NOT NULL CHECK ((length(link_path) > 0) = (link > 0)),
            link_target BLOB NOT NULL CHECK (link = 1 OR length(link_target) = 0),
            target_class INTEGER NOT NULL CHECK (target_class >= 0),
            PRIMARY KEY (volume, number),
            UNIQUE (volume, attributes, link, link_path, link_target, target_class),
            CHECK (attributes <> '' OR link > 0)
        ) STRICT, WITHOUT ROWID;
        """

    /// What `volume.is_public` said, as the rule that says it now.
    static func carryOverPublicVolumes(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO rule (volume, name, effect, level, subject, conditions, place)
                SELECT ordinal, 'public', 'grant', 'read', 'anyone', '', ?
                FROM volume WHERE is_public = 1
                """, arguments: [PublicRule.place])
        try db.execute(sql: "ALTER TABLE volume DROP COLUMN is_public")
    }

    /// Gives every event its hash; of those written before, nobody noted the user's name.
    static func chainEvents(_ db: Database) throws {
        try db.execute(
            sql: """
                ALTER TABLE event RENAME TO event1;
                CREATE TABLE event (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    at INTEGER NOT NULL,
                    actor INTEGER NOT NULL,
                    actor_name TEXT NOT NULL,
                    action TEXT NOT NULL,
                    subject TEXT NOT NULL,
                    detail TEXT NOT NULL,
                    hash BLOB NOT NULL CHECK (length(hash) = 32)
                ) STRICT;
                """)
        let events = try Row.fetchCursor(
            db,
            sql: "SELECT sequence, at, actor, action, subject, detail FROM event1 ORDER BY sequence"
        )
        var head = EventChain.start
        while let row = try events.next() {
            let fields = EventChain.Fields(
                sequence: row[0], at: row[1], actor: row[2], actorName: "", action: row[3],
                subject: row[4], detail: row[5])
            head = EventChain.hash(after: head, fields)
            try db.execute(
                sql: "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    fields.sequence, fields.at, fields.actor, fields.actorName, fields.action,
                    fields.subject, fields.detail, Data(head),
                ])
        }
        try db.execute(sql: "DROP TABLE event1")
    }
}
