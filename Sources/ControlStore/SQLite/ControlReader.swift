internal import AccessControl
internal import GRDB
internal import VolumeModel

/// Reads records within one transaction of one connection.
struct ControlReader {
    /// The connection, in a transaction.
    let db: Database
    /// The database file, for messages.
    let path: String

    /// Everything that servers answer by.
    ///
    /// - Parameter known: what was read of the policy before; replaced where it has changed since.
    func snapshot(_ known: inout PolicyRead?) throws -> ControlSnapshot {
        let policy = try policy(known)
        known = policy
        return ControlSnapshot(
            epoch: try epoch(), volumes: try volumes(), roots: try roots(), policy: policy.policy,
            credentials: try credentials(), teams: policy.teams, ruleLabels: policy.ruleLabels,
            classIndexes: policy.classIndexes)
    }

    /// How often the store has been changed.
    func epoch() throws -> Epoch {
        guard let value = try Int64.fetchOne(db, sql: "SELECT value FROM epoch") else {
            throw SQLiteFailure.corrupt(path, "has no epoch")
        }
        return Epoch(value)
    }

    /// Which life of the store this is: raised by each restore.
    func generation() throws -> Int64 {
        guard let value = try Int64.fetchOne(db, sql: "SELECT value FROM generation") else {
            throw SQLiteFailure.corrupt(path, "has no generation")
        }
        return value
    }

    /// The root of that name.
    ///
    /// - Throws: `.notFound`.
    func root(named name: RootName) throws -> OriginRoot {
        guard let root = try roots(named: name).first else {
            throw PerigeeError(
                .notFound, "there is no root \(name)", remedy: "`perigee root ls` lists them")
        }
        return root
    }

    /// All roots, or the one of that name, by name in byte order.
    func roots(named name: RootName? = nil) throws -> [OriginRoot] {
        try rows(
            """
            SELECT name, origin, files, locality, fingerprint, created, remote FROM root
            WHERE ?1 IS NULL OR name = ?1 ORDER BY name
            """, [name?.string]
        ) { columns in
            OriginRoot(
                name: try RootName(columns.text(0)),
                origin: try OriginLocation(parsing: columns.text(1)),
                files: try columns.required(FilesContract(rawValue: columns.text(2)), 2),
                locality: try columns.required(Locality(rawValue: columns.text(3)), 3),
                fingerprint: try columns.required(Fingerprint(rawValue: columns.text(4)), 4),
                remote: try columns.optionalText(6).map { text throws(PerigeeError) in
                    try RemoteSettings(parsing: text)
                },
                created: Timestamp(nanoseconds: try columns.integer(5)))
        }
    }

    /// What `record` makes of each row.
    func rows<Record>(
        _ sql: String, _ arguments: StatementArguments = [],
        _ record: (Columns) throws -> Record
    ) throws -> [Record] {
        var records: [Record] = []
        try forEach(sql, arguments) { records.append(try record($0)) }
        return records
    }

    /// Calls `body` with each row.
    func forEach(
        _ sql: String, _ arguments: StatementArguments = [], _ body: (Columns) throws -> Void
    ) throws {
        let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        do {
            while let row = try cursor.next() { try body(Columns(row, path: path)) }
        } catch let error as PerigeeError where error.code == .invalidArgument {
            // A row that says what no change would have let in.
            throw SQLiteFailure.corrupt(path, "holds what is none of its own", cause: error)
        }
    }

    /// Whether there is any row.
    func exists(_ sql: String, _ arguments: StatementArguments) throws -> Bool {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments) != nil
    }

    /// Runs one statement, compiled once for a connection.
    func execute(_ sql: String, _ arguments: StatementArguments = []) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
