internal import GRDB
internal import VolumeModel

/// The copy of a control database in a backup that is being made.
struct ControlCopy {
    let volumes: [VolumeRecord]
    let epoch: Epoch
    let head: AuditHead

    private let queue: DatabaseQueue
    private let path: String

    /// - Throws: `.corrupt`, `.storageFailed`.
    init(path: String) throws(PerigeeError) {
        self.path = path
        queue = try SQLiteControlStore.connect(path, busyTimeout: 0).queue
        do {
            (volumes, epoch, head) = try queue.read { db in
                let reader = ControlReader(db: db, path: path)
                return (try reader.volumes(), try reader.epoch(), try reader.head())
            }
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
    }

    /// Whether all its volumes are still there, so that the catalogues of that name were theirs.
    func areStill(in store: SQLiteControlStore) throws(PerigeeError) -> Bool {
        let ordinals = Set(try store.volumes().map(\.ordinal))
        return volumes.allSatisfy { ordinals.contains($0.ordinal) }
    }

    /// Adds the classes that were numbered since the copy was made. Catalogues that were copied
    /// later may have entries in them, and a number must never come to mean another class. Such
    /// rows never change, so the copy stays consistent.
    func addNewClasses(of store: SQLiteControlStore) throws(PerigeeError) {
        do {
            for volume in volumes {
                let last =
                    try queue.read { db in
                        try Int64.fetchOne(
                            db, sql: "SELECT max(number) FROM access_class WHERE volume = ?",
                            arguments: [volume.ordinal])
                    } ?? 0
                let rows = try store.queue.read { db in
                    try Row.fetchAll(
                        db, sql: "SELECT * FROM access_class WHERE volume = ? AND number > ?",
                        arguments: [volume.ordinal, last])
                }
                guard !rows.isEmpty else { continue }
                try queue.write { db in
                    for row in rows {
                        try db.execute(
                            sql: "INSERT INTO access_class VALUES (?, ?, ?, ?, ?, ?, ?)",
                            arguments: StatementArguments(row.databaseValues))
                    }
                }
            }
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
    }

    /// Ends the connection, so that the file is whole by itself.
    func close() throws(PerigeeError) {
        do {
            try queue.close()
        } catch {
            throw SQLiteFailure.translated(error, path: path)
        }
    }
}
