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
    static let version = 3

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
        register(1, in: &migrator) { db in
            try db.execute(sql: first)
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        }
        register(2, in: &migrator) { db in
            try db.execute(sql: second)
            try db.execute(sql: credentials)
            try carryOverPublicVolumes(db)
            try chainEvents(db)
        }
        register(3, in: &migrator) { db in
            // How a root on another machine is talked to: JSON of RemoteSettings.
            try db.execute(sql: "ALTER TABLE root ADD COLUMN remote TEXT")
        }
        return migrator
    }

    private static func register(
        _ version: Int, in migrator: inout DatabaseMigrator,
        _ change: @escaping @Sendable (Database) throws -> Void
    ) {
        migrator.registerMigration("\(version)", foreignKeyChecks: .immediate) { db in
            try change(db)
            try db.execute(sql: "PRAGMA user_version = \(version)")
        }
    }
}
