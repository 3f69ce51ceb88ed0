internal import VolumeModel

/// The columns of both queries below, in their order.
enum EntryColumn {
    static let key: Int32 = 0
    static let id: Int32 = 1
    static let size: Int32 = 2
    static let modified: Int32 = 3
    static let version: Int32 = 4
    static let accessClass: Int32 = 5
    static let added: Int32 = 6
}

/// Where keys begin that come behind others.
enum KeyBound {
    /// The lowest key behind `key`, or behind nothing where it is empty: no key is empty, and what
    /// follows one directly is the same with a zero byte.
    static func behind(_ key: [UInt8]) -> [UInt8] { key.isEmpty ? [] : key + [0] }
}

/// The rows that a revision sees: those that came in it or before, and go after it if at all.
extension SQLiteConnection {
    /// A query for the row at `key`, to be stepped once.
    ///
    /// - Parameter key: read by the step, so it must live until then.
    func visibleRow(
        _ key: UnsafeRawBufferPointer, in folder: EntryID, revision: Int
    ) throws(PerigeeError) -> SQLiteStatement {
        let statement = try statement(
            """
            SELECT key, id, size, mtime, version, class, added FROM entry
            WHERE parent = ?1 AND key = ?2 AND added <= ?3 AND (removed IS NULL OR removed > ?3)
            """)
        statement.bind(1, folder.value)
        statement.bind(2, borrowing: key)
        statement.bind(3, revision)
        return statement
    }

    /// A query for the rows of `folder` with keys at or after `key`, in key order.
    ///
    /// - Parameter limit: the most of them; nil for all.
    func visibleRows(
        of folder: EntryID, from key: [UInt8] = [], limit: Int? = nil, revision: Int
    ) throws(PerigeeError) -> SQLiteStatement {
        let statement = try statement(
            """
            SELECT key, id, size, mtime, version, class, added FROM entry
            WHERE parent = ?1 AND key >= ?2 AND added <= ?3 AND (removed IS NULL OR removed > ?3)
            ORDER BY key LIMIT ?4
            """)
        statement.bind(1, folder.value)
        statement.bind(2, copying: key)
        statement.bind(3, revision)
        // A negative limit is none.
        statement.bind(4, limit ?? -1)
        return statement
    }

    /// Where a folder stands, whatever revision: the folder above it and its name there, or nil for
    /// an unknown number.
    func place(of folder: EntryID) throws(PerigeeError) -> (parent: EntryID, name: [UInt8])? {
        let statement = try statement("SELECT parent, name FROM folder WHERE id = ?1")
        defer { statement.reset() }
        statement.bind(1, folder.value)
        guard try statement.step() else { return nil }
        return (EntryID(statement.integer(0)), statement.array(1))
    }
}
