package import VolumeModel

extension CatalogueReader {
    /// The class that a version has now: in `revision` where that holds it, else in the newest one
    /// that does (behind a link that was aimed elsewhere a version has a class for each target); nil
    /// where no row has that version any more.
    package func accessClass(
        of entry: Entry, revision: Int
    ) throws(PerigeeError) -> AccessClassID? {
        try begin()
        return try withBytes(entry.key) { key throws(PerigeeError) in
            let statement = try connection.statement(
                """
                SELECT class FROM entry WHERE parent = ?1 AND key = ?2 AND id = ?3
                ORDER BY added <= ?4 AND (removed IS NULL OR removed > ?4) DESC, added DESC LIMIT 1
                """)
            defer { statement.reset() }
            statement.bind(1, entry.parent.value)
            statement.bind(2, borrowing: key)
            statement.bind(3, entry.id.value)
            statement.bind(4, revision)
            return try statement.step() ? AccessClassID(statement.integer(0)) : nil
        }
    }

    /// The folder that holds a folder; nil for the root and for an unknown number.
    package func folder(above folder: EntryID) throws(PerigeeError) -> EntryID? {
        try begin()
        return try connection.place(of: folder)?.parent
    }
}
