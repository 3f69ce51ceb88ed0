package import VolumeModel

/// What a catalogue says of itself to somebody who doubts it.
extension CatalogueReader {
    /// The volume that the file belongs to, by its number; nil where it does not say.
    package func ordinal() throws(PerigeeError) -> Int? {
        try begin()
        return try connection.meta("ordinal").map { Int($0) }
    }

    /// What SQLite finds wrong with the file, at most `limit` lines; reads all of it.
    package func integrityFaults(limit: Int) throws(PerigeeError) -> [String] {
        try begin()
        let statement = try connection.statement(text: "PRAGMA integrity_check(\(max(1, limit)))")
        defer { statement.reset() }
        var faults: [String] = []
        while try statement.step() {
            faults.append(Printable.escaped(statement.array(0)))
        }
        return faults == ["ok"] ? [] : faults
    }

    /// The classes that entries of any revision or candidate have; reads all rows.
    package func classes() throws(PerigeeError) -> Set<AccessClassID> {
        try begin()
        let statement = try connection.statement("SELECT DISTINCT class FROM entry")
        defer { statement.reset() }
        var classes: Set<AccessClassID> = []
        while try statement.step() { classes.insert(AccessClassID(statement.integer(0))) }
        return classes
    }
}
