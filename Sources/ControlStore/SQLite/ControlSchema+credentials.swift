extension ControlSchema {
    /// Keys and tokens, for the migration that makes `user` and `generation`.
    ///
    /// `volumes` is a JSON list of names, or NULL where the credential is not limited. `sealing`
    /// names the state in the key file, and the key that new secrets are sealed with.
    static let credentials = """
        CREATE TABLE credential (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('key', 'token')),
            user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
            volumes TEXT,
            created INTEGER NOT NULL,
            expires INTEGER,
            generation INTEGER NOT NULL,
            comment TEXT NOT NULL,
            access_key TEXT UNIQUE,
            sealed_secret BLOB,
            sealing_key BLOB CHECK (length(sealing_key) = 8),
            hash BLOB UNIQUE CHECK (length(hash) = 32),
            CHECK ((kind = 'key') = (access_key IS NOT NULL)),
            CHECK ((kind = 'key') = (sealed_secret IS NOT NULL)),
            CHECK ((kind = 'key') = (sealing_key IS NOT NULL)),
            CHECK ((kind = 'token') = (hash IS NOT NULL))
        ) STRICT;
        CREATE INDEX credential_by_user ON credential (user);

        CREATE TABLE sealing (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            state BLOB NOT NULL CHECK (length(state) = 8),
            current BLOB CHECK (length(current) = 8)
        ) STRICT;
        INSERT INTO sealing (id, state) VALUES (1, randomblob(8));
        """
}
