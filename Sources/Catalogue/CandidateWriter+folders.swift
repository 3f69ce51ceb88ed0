internal import VolumeModel

/// Rows of folders: numbers that are theirs for ever, times and link targets that change.
extension CandidateWriter {
    /// Adds a folder's row, under the number that its name had before where it had one.
    func insertFolder(
        _ name: ArraySlice<UInt8>, _ target: [UInt8]?, _ listing: FolderListing, _ folder: Folder
    ) throws(PerigeeError) -> Folder? {
        let known = try connection.statement(
            "SELECT id FROM folder WHERE parent = ?1 AND name = ?2")
        known.bind(1, folder.id.value)
        known.bind(2, copying: name)
        let id: Int64
        if try known.step() {
            id = known.integer(0)
            known.reset()
        } else {
            known.reset()
            id = try takeID()
            let statement = try connection.statement(
                "INSERT INTO folder(id, parent, name) VALUES (?1, ?2, ?3)")
            statement.bind(1, id)
            statement.bind(2, folder.id.value)
            statement.bind(3, copying: name)
            try statement.run()
        }
        // Its time is that of its own listing, which comes later.
        try insertRow(
            folder.id.value, name + [UInt8(ascii: "/")], id: id, size: 0, modified: 0, version: 0,
            accessClass: 0)
        if links[id] != target { try setLink(id, target) }
        counts.foldersAdded += 1
        // Its files come with its own listing, but of a part it may stay the only name.
        if touched[id] == nil { touched[id] = Touched(depth: folder.depth + 1) }
        return folder.child(name, id: EntryID(id), target: target, isNew: true)
    }

    /// Gives a folder's row the time of its listing; a published row stays as it is and gets a
    /// successor where the time is another, or where the folder `isAimed` at another target.
    func setModified(_ folder: Folder, _ modified: Timestamp, isAimed: Bool = false)
        throws(PerigeeError)
    {
        guard folder.id != .root,
            let place = try connection.place(of: folder.id),
            let row = try row(place.name + [UInt8(ascii: "/")], in: place.parent)
        else { return }
        if row.added == Int64(number) {
            if try reinstate(row, modified, in: place.parent) { return }
        } else {
            if row.modified == modified.nanoseconds, !isAimed { return }
            try removeRow(row, parent: place.parent.value)
        }
        try writeRow(
            place.parent.value, row.key[...], id: row.id, size: 0,
            modified: modified.nanoseconds, version: 0, accessClass: row.accessClass)
    }

    /// Puts a folder's published row in the place of the candidate's, where nothing tells them
    /// apart any more.
    private func reinstate(_ row: Row, _ modified: Timestamp, in parent: EntryID)
        throws(PerigeeError) -> Bool
    {
        let statement = try connection.statement(
            """
            SELECT added FROM entry WHERE parent = ?1 AND key = ?2 AND removed = ?3 AND added < ?3
                AND id = ?4 AND mtime = ?5
                AND (SELECT target FROM link WHERE id = ?4 AND added < ?3
                    ORDER BY added DESC LIMIT 1) IS ?6
            """)
        statement.bind(1, parent.value)
        statement.bind(2, copying: row.key)
        statement.bind(3, number)
        statement.bind(4, row.id)
        statement.bind(5, modified.nanoseconds)
        statement.bind(6, copying: links[row.id])
        let isThere = try statement.step()
        let added = isThere ? statement.integer(0) : 0
        statement.reset()
        guard isThere else { return false }
        try removeRow(row, parent: parent.value)
        try unmark(parent.value, row.key, added: added)
        try connection.execute("DELETE FROM link WHERE id = \(row.id) AND added = \(number)")
        return true
    }
}
