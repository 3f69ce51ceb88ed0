package import VolumeModel

/// From access classes to the folders that hold them, and upward.
extension CatalogueReader {
    /// Whether the file says which folders hold a class.
    ///
    /// A file that an older version wrote does not, until the next scan brings it up to date; the
    /// calls below that are about classes are only for files that do.
    package func hasClassIndex() throws(PerigeeError) -> Bool {
        if knowsClassIndex { return true }
        // A format is never taken back.
        knowsClassIndex = try format() >= CatalogueSchema.withClassIndex
        return knowsClassIndex
    }

    /// Whether the file has entity tags.
    func hasTags() throws(PerigeeError) -> Bool {
        if knowsTags { return true }
        knowsTags = try format() >= CatalogueSchema.withTags
        return knowsTags
    }

    func format() throws(PerigeeError) -> Int64 {
        try begin()
        let statement = try connection.statement("PRAGMA user_version")
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }

    /// At most `limit` folders that hold, directly, an entry of a class, those with numbers above
    /// `last`, in the order of their numbers.
    ///
    /// In some revision, or in a candidate that is gone: whether `revision` has the folder, and the
    /// entry in it, is the caller's to look up.
    package func folders(
        ofClass accessClass: AccessClassID, after last: EntryID = EntryID(0), limit: Int
    ) throws(PerigeeError) -> [EntryID] {
        try begin()
        let statement = try connection.statement(
            """
            SELECT folder FROM folder_class WHERE class = ?1 AND folder > ?2
            ORDER BY folder LIMIT ?3
            """)
        defer { statement.reset() }
        statement.bind(1, accessClass.value)
        statement.bind(2, last.value)
        statement.bind(3, limit)
        var folders: [EntryID] = []
        while try statement.step() { folders.append(EntryID(statement.integer(0))) }
        return folders
    }

    /// How many folders `folders(ofClass:after:limit:)` has in all; counting stops at `limit`.
    package func folderCount(ofClass accessClass: AccessClassID, limit: Int)
        throws(PerigeeError) -> Int
    {
        try begin()
        let statement = try connection.statement(
            "SELECT count(*) FROM (SELECT 1 FROM folder_class WHERE class = ?1 LIMIT ?2)")
        defer { statement.reset() }
        statement.bind(1, accessClass.value)
        statement.bind(2, limit)
        return try statement.step() ? Int(statement.integer(0)) : 0
    }

    /// Whether a folder holds no entry at all in `revision`; also where it is not there.
    package func isEmpty(_ folder: EntryID, revision: Int) throws(PerigeeError) -> Bool {
        try begin()
        let statement = try connection.visibleRows(of: folder, limit: 1, revision: revision)
        defer { statement.reset() }
        return try !statement.step()
    }

    /// Where a folder stands, which it does for ever: the folder above it and its name there; nil
    /// for the root and for an unknown number.
    package func place(of folder: EntryID)
        throws(PerigeeError) -> (parent: EntryID, name: [UInt8])?
    {
        try begin()
        return try connection.place(of: folder)
    }
}

extension SQLiteConnection {
    /// Notes that a folder holds an entry of a class.
    func mark(folder: Int64, accessClass: Int64) throws(PerigeeError) {
        let statement = try statement(
            "INSERT OR IGNORE INTO folder_class(class, folder) VALUES (?1, ?2)")
        statement.bind(1, accessClass)
        statement.bind(2, folder)
        try statement.run()
    }
}
