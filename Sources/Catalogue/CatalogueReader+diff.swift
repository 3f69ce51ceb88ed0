package import VolumeModel

/// What two revisions differ in.
package struct CatalogueDifference: Hashable, Sendable {
    /// How an entry differs.
    package enum Kind: String, Sendable {
        case added
        case removed
        case changed
    }

    /// How it differs.
    package let kind: Kind
    /// Where.
    package let path: [UInt8]
    /// What it is.
    package let entryKind: EntryKind
    /// Bytes in the older revision.
    package let oldSize: Int64?
    /// Bytes in the newer one.
    package let newSize: Int64?
}

extension CatalogueReader {
    /// Calls `body` for each entry in which revisions `old` and `new` differ, folder by folder;
    /// a folder whose time alone differs is left out.
    ///
    /// Costs in proportion to the rows between the two, not to what they hold.
    package func differences(
        from old: Int, to new: Int, _ body: (CatalogueDifference) throws(PerigeeError) -> Void
    ) throws(PerigeeError) {
        try begin()
        let low = min(old, new)
        let high = max(old, new)
        // Literals, so that SQLite can prove that the partial indexes serve.
        let statement = try connection.statement(
            text: """
                SELECT DISTINCT parent, key FROM (
                    SELECT parent, key FROM entry
                    WHERE added > 1 AND added > \(low) AND added <= \(high)
                    UNION ALL
                    SELECT parent, key FROM entry
                    WHERE removed IS NOT NULL AND removed > \(low) AND removed <= \(high))
                ORDER BY parent, key
                """)
        defer { statement.reset() }
        var parent: EntryID?
        var path: [UInt8] = []
        while try statement.step() {
            let folder = EntryID(statement.integer(0))
            let key = statement.array(1)
            if folder != parent {
                parent = folder
                path = try self.path(of: folder) ?? []
            }
            let before = try version(key, in: folder, revision: old)
            let after = try version(key, in: folder, revision: new)
            if let difference = difference(key, path, before, after) { try body(difference) }
        }
    }

    private func version(_ key: [UInt8], in folder: EntryID, revision: Int)
        throws(PerigeeError) -> (id: Int64, size: Int64)?
    {
        try withBytes(key) { key throws(PerigeeError) in
            let statement = try connection.visibleRow(key, in: folder, revision: revision)
            defer { statement.reset() }
            guard try statement.step() else { return nil }
            return (statement.integer(EntryColumn.id), statement.integer(EntryColumn.size))
        }
    }

    private func difference(
        _ key: [UInt8], _ folder: [UInt8], _ before: (id: Int64, size: Int64)?,
        _ after: (id: Int64, size: Int64)?
    ) -> CatalogueDifference? {
        let isFolder = key.last == UInt8(ascii: "/")
        let name = isFolder ? Array(key.dropLast()) : key
        let kind: CatalogueDifference.Kind
        switch (before, after) {
        case (nil, nil): return nil
        case (nil, _): kind = .added
        case (_, nil): kind = .removed
        case (let before?, let after?):
            // A folder keeps its number: only its time differs.
            if before.id == after.id { return nil }
            kind = .changed
        }
        return CatalogueDifference(
            kind: kind, path: folder.isEmpty ? name : folder + [UInt8(ascii: "/")] + name,
            entryKind: isFolder ? .folder : .file, oldSize: before?.size, newSize: after?.size)
    }
}
