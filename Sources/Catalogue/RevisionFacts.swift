package import VolumeModel

/// A complete candidate or a published revision, as its catalogue knows it.
package struct RevisionFacts: Hashable, Sendable {
    /// Its number.
    package let number: Int
    /// When the scan completed.
    package let created: Timestamp
    /// Files in it.
    package let files: Int64
    /// Folders in it, the root not counted.
    package let folders: Int64
    /// Bytes of content.
    package let bytes: Int64
    /// The state digest, 32 bytes.
    package let state: [UInt8]
    /// The content digest, where every file has a SHA-256.
    package let content: [UInt8]?
}

extension CatalogueReader {
    /// A revision or complete candidate, or nil.
    package func revision(_ number: Int) throws(PerigeeError) -> RevisionFacts? {
        try begin()
        let statement = try connection.statement(
            """
            SELECT created, files, folders, bytes, state, content FROM revision WHERE number = ?1
            """)
        defer { statement.reset() }
        statement.bind(1, number)
        guard try statement.step() else { return nil }
        return RevisionFacts(
            number: number, created: Timestamp(nanoseconds: statement.integer(0)),
            files: statement.integer(1), folders: statement.integer(2),
            bytes: statement.integer(3), state: statement.array(4),
            content: statement.optionalArray(5))
    }
}
