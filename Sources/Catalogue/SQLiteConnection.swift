internal import CSQLite
internal import Glibc
internal import VolumeModel

/// One connection to one SQLite file, for one thread at a time, with its statements kept prepared.
///
/// Raw, since a catalogue's look-ups are the hot path of `stat` and `open`: no transaction per
/// look-up, no row objects, columns by position.
final class SQLiteConnection {
    /// What the connection is for.
    enum Mode {
        case reading
        case writing
        /// Writing, and making the file where there is none.
        case creating
    }

    private let handle: OpaquePointer
    private let path: String
    private var statements: [String: SQLiteStatement] = [:]
    /// The same by the address of a literal, which never moves: to hash the text of a statement
    /// costs as much as to run it.
    private var literals: [UnsafePointer<UInt8>: SQLiteStatement] = [:]

    /// - Throws: `.notFound`, `.corrupt`, `.storageFailed`.
    init(path: String, mode: Mode) throws(PerigeeError) {
        self.path = path
        var handle: OpaquePointer?
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW
        if mode == .creating { flags |= SQLITE_OPEN_CREATE }
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let error = Self.error(code, handle, path)
            sqlite3_close(handle)
            throw error
        }
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 10_000)
        // A misspelt column must be an error, never a string.
        _ = perigee_sqlite3_db_config_int(handle, SQLITE_DBCONFIG_DQS_DML, 0)
        _ = perigee_sqlite3_db_config_int(handle, SQLITE_DBCONFIG_DQS_DDL, 0)
        _ = perigee_sqlite3_db_config_int(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
    }

    deinit {
        for statement in statements.values { statement.finalize() }
        sqlite3_close_v2(handle)
    }

    /// Runs SQL that returns nothing.
    ///
    /// - Throws: `.busy`, `.corrupt`, `.storageFailed`.
    func execute(_ sql: String) throws(PerigeeError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw Self.error(code, handle, path) }
    }

    /// The prepared statement for `sql`, reset; made at its first use.
    func statement(_ sql: StaticString) throws(PerigeeError) -> SQLiteStatement {
        if let known = literals[sql.utf8Start] {
            known.reset()
            return known
        }
        let made = try statement(text: "\(sql)")
        literals[sql.utf8Start] = made
        return made
    }

    /// The same for SQL that is put together from constants.
    func statement(text: String) throws(PerigeeError) -> SQLiteStatement {
        if let known = statements[text] {
            known.reset()
            return known
        }
        var raw: OpaquePointer?
        let code = sqlite3_prepare_v3(
            handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &raw, nil)
        guard code == SQLITE_OK, let raw else { throw Self.error(code, handle, path) }
        // Not `self`, which holds the statement: neither would ever go away.
        let made = SQLiteStatement(raw) { [handle, path] code in Self.error(code, handle, path) }
        statements[text] = made
        return made
    }

    /// Rows changed by the last statement.
    var changes: Int { Int(sqlite3_changes64(handle)) }

    /// Whether a transaction is open.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Runs `body` between BEGIN IMMEDIATE and COMMIT, or rolls back.
    func transaction<Result>(_ body: () throws(PerigeeError) -> Result) throws(PerigeeError)
        -> Result
    {
        try execute("BEGIN IMMEDIATE")
        do throws(PerigeeError) {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // After some errors SQLite has rolled back by itself.
            if isInTransaction { try? execute("ROLLBACK") }
            throw error
        }
    }

    private static func error(_ code: Int32, _ handle: OpaquePointer?, _ path: String)
        -> PerigeeError
    {
        let words = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "cannot open"
        let cause = SQLiteFailure(code: code, message: words)
        let file = Printable.quoted(path)
        // SQLite calls a full disk an I/O error where shared memory cannot grow.
        let isFull = handle.map { sqlite3_system_errno($0) } == ENOSPC
        return switch isFull && code & 0xff == SQLITE_IOERR ? SQLITE_FULL : code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED:
            PerigeeError(
                .busy, "the catalogue \(file) is locked by another process",
                remedy: "wait for the other command to end", cause: cause)
        case SQLITE_FULL:
            PerigeeError(
                .storageFailed, "no space is left for the catalogue \(file)",
                remedy: "free space on the state folder's disk and run the command again",
                cause: cause)
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            PerigeeError(
                .corrupt, "the catalogue \(file) is damaged",
                remedy: "restore the state folder from a backup, or remove the volume and "
                    + "publish it again", cause: cause)
        case SQLITE_CANTOPEN:
            PerigeeError(
                .notFound, "the catalogue \(file) cannot be opened",
                remedy: "scan the volume first; check the state folder's permissions",
                cause: cause)
        default:
            PerigeeError(
                .storageFailed, "the catalogue \(file) cannot be used",
                remedy: "check the state folder's disk and permissions", cause: cause)
        }
    }
}

/// SQLite's own words.
package struct SQLiteFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The extended result code.
    package let code: Int32
    /// `sqlite3_errmsg`.
    package let message: String

    package var description: String { "\(message) (SQLite \(code))" }
}
