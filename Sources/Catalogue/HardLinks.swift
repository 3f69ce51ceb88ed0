package import VolumeModel

/// One of several names of a file at the origin.
package struct HardLinkedName: Hashable, Sendable {
    /// The file, whatever it is called: one number for all its names.
    package let inode: UInt64
    /// Where it stands in the volume.
    package let path: [UInt8]
    /// The class of its entry there.
    package let accessClass: AccessClassID
}

extension CandidateWriter {
    /// Keeps which files of a folder have other names too.
    func noteHardLinks(_ listing: FolderListing, in folder: Folder) throws(PerigeeError) {
        let found = listing.items.filter(\.hasOtherNames)
        guard hasHardLinks || !found.isEmpty else { return }
        // What a scan finds as it was is not written again.
        guard try !isNoted(found, listing, folder.id) else { return }
        let delete = try connection.statement("DELETE FROM hard_link WHERE parent = ?1")
        delete.bind(1, folder.id.value)
        try delete.run()
        for item in found { try insert(listing.name(item), item, folder.id) }
    }

    /// The same for one name.
    func noteHardLink(
        _ name: [UInt8], _ item: FolderListing.Item?, in folder: Folder
    ) throws(PerigeeError) {
        if let item, item.hasOtherNames { return try insert(name[...], item, folder.id) }
        guard hasHardLinks else { return }
        let delete = try connection.statement(
            "DELETE FROM hard_link WHERE parent = ?1 AND key = ?2")
        delete.bind(1, folder.id.value)
        delete.bind(2, copying: name)
        try delete.run()
    }

    private func insert(
        _ name: ArraySlice<UInt8>, _ item: FolderListing.Item, _ folder: EntryID
    ) throws(PerigeeError) {
        hasHardLinks = true
        let statement = try connection.statement(
            "INSERT OR REPLACE INTO hard_link(parent, key, inode) VALUES (?1, ?2, ?3)")
        statement.bind(1, folder.value)
        statement.bind(2, copying: name)
        statement.bind(3, Int64(bitPattern: item.inode))
        try statement.run()
    }

    private func isNoted(
        _ items: [FolderListing.Item], _ listing: FolderListing, _ folder: EntryID
    ) throws(PerigeeError) -> Bool {
        let statement = try connection.statement(
            "SELECT key, inode FROM hard_link WHERE parent = ?1 ORDER BY key")
        defer { statement.reset() }
        statement.bind(1, folder.value)
        // Files are in the order of their names among each other.
        for item in items {
            guard try statement.step(), statement.bytes(0).elementsEqual(listing.name(item)),
                statement.integer(1) == Int64(bitPattern: item.inode)
            else { return false }
        }
        return try !statement.step()
    }

    /// Calls `body` for each name that the candidate has of a file with several, file by file.
    package func hardLinks(
        _ body: (HardLinkedName) throws(PerigeeError) -> Void
    ) throws(PerigeeError) {
        guard hasHardLinks else { return }
        try connection.hardLinks(number, body)
    }

    /// Forgets all problems of a kind.
    package func clearProblems(of kind: ScanProblem.Kind) throws(PerigeeError) {
        let statement = try connection.statement("DELETE FROM problem WHERE kind = ?1")
        statement.bind(1, kind.rawValue)
        try statement.run()
    }
}

extension CatalogueReader {
    /// Calls `body` for each name that `revision` has of a file with several, file by file; for none
    /// where an older version wrote the file, which did not look.
    package func hardLinks(
        in revision: Int, _ body: (HardLinkedName) throws(PerigeeError) -> Void
    ) throws(PerigeeError) {
        guard try hasClassIndex() else { return }
        try begin()
        try connection.hardLinks(revision, body)
    }
}

extension SQLiteConnection {
    fileprivate func hardLinks(
        _ revision: Int, _ body: (HardLinkedName) throws(PerigeeError) -> Void
    ) throws(PerigeeError) {
        var places = try LinkedPlaces(self)
        // SQLite sorts what does not fit into its cache in a file.
        let statement = try statement(
            """
            SELECT hard_link.inode, hard_link.parent, hard_link.key, entry.class FROM hard_link
            JOIN entry ON entry.parent = hard_link.parent AND entry.key = hard_link.key
                AND added <= ?1 AND (removed IS NULL OR removed > ?1)
            ORDER BY hard_link.inode, hard_link.parent, hard_link.key
            """)
        defer { statement.reset() }
        statement.bind(1, revision)
        while try statement.step() {
            let folder = try places.place(of: statement.integer(1)).path
            let name = statement.array(2)
            try body(
                HardLinkedName(
                    inode: UInt64(bitPattern: statement.integer(0)),
                    path: folder.isEmpty ? name : folder + [UInt8(ascii: "/")] + name,
                    accessClass: AccessClassID(statement.integer(3))))
        }
    }
}
