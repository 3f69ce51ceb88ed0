internal import GRDB
internal import VolumeModel

/// The one table from SQLite's result codes to `PerigeeError`.
enum SQLiteFailure {
    /// What `error` means for the database at `path`.
    static func translated(_ error: any Error, path: String) -> PerigeeError {
        if let error = error as? PerigeeError { return error }
        let file = Printable.quoted(path)
        guard let code = (error as? DatabaseError)?.resultCode else {
            return PerigeeError(
                .storageFailed, "the control database \(file) cannot be used", cause: error)
        }
        let extended = (error as? DatabaseError)?.extendedResultCode.rawValue
        if extended == FullDisk.noSharedMemory { return FullDisk.error(path, cause: error) }
        switch code {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return PerigeeError(
                .busy, "the control database \(file) is being written by another process",
                remedy: "try again; `fuser \(path)` tells who holds it", cause: error)
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            return corrupt(path, "is damaged", cause: error)
        case .SQLITE_FULL:
            return FullDisk.error(path, cause: error)
        case .SQLITE_IOERR, .SQLITE_CANTOPEN:
            return PerigeeError(
                .storageFailed, "the control database \(file) cannot be read or written",
                remedy:
                    "see that the disk is not full (df), at the folder's rights, and for disk errors"
                    + " in the kernel's log",
                cause: error)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            return PerigeeError(
                .storageFailed, "the control database \(file) cannot be written",
                remedy: "see that the state folder is on a file system mounted for writing",
                cause: error)
        case .SQLITE_CONSTRAINT:
            return PerigeeError(
                .conflict, "the control database \(file) does not allow the change", cause: error)
        default:
            return PerigeeError(
                .storageFailed, "the control database \(file) cannot be used", cause: error)
        }
    }

    /// A database that does not hold what its format promises.
    static func corrupt(
        _ path: String, _ what: String, cause: (any Error)? = nil
    ) -> PerigeeError {
        PerigeeError(
            .corrupt, "the control database \(Printable.quoted(path)) \(what)",
            remedy: "stop what uses it and restore the state folder from a backup; do not delete"
                + " its `-wal` file, which may hold the last changes",
            cause: cause)
    }
}
