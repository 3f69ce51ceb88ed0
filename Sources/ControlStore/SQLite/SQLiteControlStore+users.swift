internal import AccessControl
internal import GRDB
internal import VolumeModel

extension SQLiteControlStore {
    /// Adds a user within a change.
    func add(_ user: UserName, _ reader: ControlReader) throws {
        guard try !reader.exists("SELECT 1 FROM user WHERE name = ?", [user.string]) else {
            throw PerigeeError(
                .conflict, "there is a user \(user) already", remedy: "choose another name")
        }
        try reader.execute("INSERT INTO user (name, disabled) VALUES (?, 0)", [user.string])
        try record(reader.db, .userAdded, user.string)
    }

    /// Locks a user out within a change, or lets him in again.
    func setDisabled(_ isDisabled: Bool, _ user: UserName, _ reader: ControlReader) throws {
        guard try reader.user(user).isDisabled != isDisabled else { return }
        try reader.execute(
            "UPDATE user SET disabled = ? WHERE name = ?", [isDisabled, user.string])
        try record(reader.db, isDisabled ? .userDisabled : .userEnabled, user.string)
    }

    /// Removes a user within a change; his keys and tokens go with his row.
    func remove(_ user: UserName, _ reader: ControlReader) throws {
        _ = try reader.user(user)
        let rules = try reader.rules(about: ["user:\(user)"])
        guard rules.isEmpty else {
            throw PerigeeError(
                .conflict, "the user \(user) is named by \(listed(rules, "rule"))",
                remedy: "take that away first, or lock him out with `perigee user disable`")
        }
        let teams = try reader.rows(
            "SELECT team FROM membership WHERE user = ? ORDER BY team", [user.string]
        ) { try $0.text(0) }
        try reader.execute("DELETE FROM membership WHERE user = ?", [user.string])
        try reader.execute("DELETE FROM user WHERE name = ?", [user.string])
        try record(
            reader.db, .userRemoved, user.string,
            teams.isEmpty ? "" : "was in \(teams.map { "team:\($0)" }.joined(separator: ", "))")
    }
}

extension ControlReader {
    /// What is known of a user.
    ///
    /// - Throws: `.notFound`.
    func user(_ name: UserName) throws -> UserRecord {
        let disabled = try rows("SELECT disabled FROM user WHERE name = ?", [name.string]) {
            try $0.flag(0)
        }
        guard let isDisabled = disabled.first else {
            throw PerigeeError(
                .notFound, "there is no user \(name)", remedy: "`perigee user ls` lists them")
        }
        return UserRecord(isDisabled: isDisabled)
    }

    /// The rules with one of these subjects, as `volume/rule`.
    func rules(about subjects: [String]) throws -> [String] {
        var found: [String] = []
        for subject in subjects {
            found += try rows(
                """
                SELECT volume.name, rule.name FROM rule
                JOIN volume ON volume.ordinal = rule.volume
                WHERE rule.subject = ? ORDER BY volume.name, rule.name
                """, [subject]
            ) { "\(try $0.text(0))/\(try $0.text(1))" }
        }
        return found
    }
}

/// `the rule a`, `the rules a, b`, at most five by name.
func listed(_ names: [String], _ thing: String) -> String {
    let shown = names.prefix(5).joined(separator: ", ")
    return "the \(thing)\(names.count == 1 ? "" : "s") \(shown)"
        + (names.count > 5 ? " and \(names.count - 5) more" : "")
}
