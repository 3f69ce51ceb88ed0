internal import GRDB
internal import Glibc
internal import VolumeModel

/// A copy of a database that others may be writing, as one of its commits left it.
enum DatabaseCopy {
    /// Copies with SQLite's backup API, in one step: it reads one snapshot of the log, and neither
    /// waits for writers nor holds them up.
    ///
    /// - Returns: the format that the copy says it has.
    /// - Throws: `.notFound` where there is no such file, `.corrupt` where the copy is damaged,
    ///   `.storageFailed`, `.busy`.
    static func make(of source: String, at target: String) throws(PerigeeError) -> Int {
        guard fileExists(source) else {
            throw PerigeeError(.notFound, "there is no database \(Printable.quoted(source))")
        }
        do {
            var reading = Configuration()
            reading.readonly = true
            reading.busyMode = .timeout(10)
            let from = try DatabaseQueue(
                path: FullDisk.isFull(source) ? FullDisk.uri(source) : source,
                configuration: reading)
            var writing = Configuration()
            writing.prepareDatabase { db in
                // Synced as a whole when it is complete.
                try db.execute(sql: "PRAGMA synchronous = OFF")
            }
            let copy = try DatabaseQueue(path: target, configuration: writing)
            try from.backup(to: copy)
            let (faults, format) = try copy.inDatabase { db in
                (
                    try String.fetchAll(db, sql: "PRAGMA quick_check(1)"),
                    try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                )
            }
            guard faults == ["ok"] else {
                throw PerigeeError(
                    .corrupt,
                    "the database \(Printable.quoted(source)) is damaged:"
                        + " \(faults.first ?? "it does not say how")",
                    remedy: "`perigee check` tells more; keep the backups that there are")
            }
            try copy.close()
            try from.close()
            guard chmod(target, 0o600) == 0 else { throw storageFailed(target, errno) }
            return format
        } catch let error as PerigeeError {
            throw error
        } catch {
            throw PerigeeError(
                SQLiteFailure.translated(error, path: source).code,
                "the database \(Printable.quoted(source)) cannot be copied to"
                    + " \(Printable.quoted(target))",
                remedy: "see that the disk has room (df) and that both can be read and written",
                cause: error)
        }
    }
}
