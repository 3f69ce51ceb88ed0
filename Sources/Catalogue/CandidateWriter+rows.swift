internal import VolumeModel

/// Single rows of the candidate.
extension CandidateWriter {
    /// The candidate's row at `key`, or nil.
    func row(_ key: [UInt8], in folder: EntryID) throws(PerigeeError) -> Row? {
        try withBytes(key) { key throws(PerigeeError) in
            let statement = try connection.visibleRow(key, in: folder, revision: number)
            defer { statement.reset() }
            return try statement.step() ? Row(statement) : nil
        }
    }

    /// Adds a row for `item`.
    ///
    /// - Parameter old: the version it takes the place of, whose class it keeps.
    /// - Returns: the folder, where it is one.
    func insert(
        _ item: FolderListing.Item, _ version: UInt64, _ listing: FolderListing, _ folder: Folder,
        replacing old: Row?
    ) throws(PerigeeError) -> Folder? {
        let name = listing.name(item)
        let target = item.target >= 0 ? listing.targets[Int(item.target)] : nil
        if item.kind == .folder {
            return try insertFolder(name, target, listing, folder)
        }
        count(replacing: old)
        if isContinued, let id = try restore(name, item, listing.tag(item), target, folder.id) {
            if try wantsHashing(id, size: item.size) {
                try addJob(.compute, item, listing, folder, id: id)
            }
            return nil
        }
        let id = try takeID()
        try insertRow(
            folder.id.value, name, id: id, size: item.size, modified: item.modified,
            version: version, accessClass: old?.accessClass ?? 0)
        if options.fingerprint == .sizeModifiedAndInode {
            try setFingerprint(id, modified: item.modified, inode: Int64(bitPattern: item.inode))
        } else if let tag = listing.tag(item) {
            try setFingerprint(id, modified: item.modified, inode: nil, tag: tag)
        } else if options.source != ownSource {
            try setFingerprint(id, modified: item.modified, inode: nil)
        }
        if let target { try setLink(id, target) }
        if options.computesDigests || options.computesTrees || options.fingerprint == .digest {
            try addJob(.compute, item, listing, folder, id: id)
        }
        return nil
    }

    /// Counts a file that came, or one that took another's place, whose going was counted.
    private func count(replacing old: Row?) {
        if old == nil {
            counts.added += 1
        } else {
            counts.changed += 1
            counts.removed -= 1
        }
    }

    /// Adds a row, and notes that its folder holds its class.
    func insertRow(
        _ parent: Int64, _ key: ArraySlice<UInt8>, id: Int64, size: Int64, modified: Int64,
        version: UInt64, accessClass: Int64
    ) throws(PerigeeError) {
        try writeRow(
            parent, key, id: id, size: size, modified: modified, version: version,
            accessClass: accessClass)
        // Rows come folder by folder, so that this is one statement a folder and none a file.
        if lastMarked?.folder != parent || lastMarked?.accessClass != accessClass {
            try connection.mark(folder: parent, accessClass: accessClass)
            lastMarked = (parent, accessClass)
        }
    }

    /// Adds a row in the place of one of the same class, which its folder is known to hold.
    func writeRow(
        _ parent: Int64, _ key: ArraySlice<UInt8>, id: Int64, size: Int64, modified: Int64,
        version: UInt64, accessClass: Int64
    ) throws(PerigeeError) {
        let statement = try connection.statement(
            """
            INSERT INTO entry(parent, key, added, id, size, mtime, version, class)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT DO UPDATE SET removed = NULL, id = ?4, size = ?5, mtime = ?6,
                version = ?7, class = ?8
            """)
        let result = key.withUnsafeBytes { bytes -> Result<Void, PerigeeError> in
            statement.bind(1, parent)
            statement.bind(2, borrowing: bytes)
            statement.bind(3, number)
            statement.bind(4, id)
            statement.bind(5, size)
            statement.bind(6, modified)
            statement.bind(7, Int64(bitPattern: version))
            statement.bind(8, accessClass)
            do throws(PerigeeError) { return .success(try statement.run()) } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Brings a file's row back that this candidate had removed, where by the root's fingerprint the
    /// same version is there again.
    ///
    /// - Returns: the version's number.
    private func restore(
        _ name: ArraySlice<UInt8>, _ item: FolderListing.Item, _ tag: String?,
        _ target: [UInt8]?, _ folder: EntryID
    ) throws(PerigeeError) -> Int64? {
        let statement = try connection.statement(
            """
            SELECT key, id, size, mtime, version, class, added FROM entry
            WHERE parent = ?1 AND key = ?2 AND removed = ?3 AND added < ?3
            """)
        statement.bind(1, folder.value)
        statement.bind(2, copying: name)
        statement.bind(3, number)
        let found = try statement.step() ? Row(statement) : nil
        statement.reset()
        guard let row = found, links[row.id] == target, try sameness(row, item, tag: tag) == .same
        else {
            return nil
        }
        try unmark(folder.value, row.key, added: row.added)
        return row.id
    }

    /// Takes back the mark that this candidate put on a published row.
    func unmark(_ parent: Int64, _ key: [UInt8], added: Int64) throws(PerigeeError) {
        let update = try connection.statement(
            "UPDATE entry SET removed = NULL WHERE parent = ?1 AND key = ?2 AND added = ?3")
        update.bind(1, parent)
        update.bind(2, copying: key)
        update.bind(3, added)
        try update.run()
    }

    /// Takes a row out of the candidate, with all below it where it is a folder.
    func remove(_ row: Row, in folder: EntryID) throws(PerigeeError) {
        try removeRow(row, parent: folder.value)
        guard row.isFolder else {
            counts.removed += 1
            return
        }
        counts.foldersRemoved += 1
        touched[row.id] = nil
        var stack = [row.id]
        while let parent = stack.popLast() {
            var key: [UInt8] = []
            while let last = try removeRows(of: parent, after: key, &stack) { key = last }
        }
    }

    /// Takes some thousand rows of a folder out of the candidate.
    ///
    /// - Returns: the key of the last of them, nil where there was none.
    private func removeRows(of parent: Int64, after key: [UInt8], _ folders: inout [Int64])
        throws(PerigeeError) -> [UInt8]?
    {
        let rows = try rows(of: parent, after: key, limit: 4_096)
        for row in rows {
            try removeRow(row, parent: parent)
            if row.isFolder {
                folders.append(row.id)
                touched[row.id] = nil
                counts.foldersRemoved += 1
            } else {
                counts.removed += 1
            }
        }
        return rows.last?.key
    }

    func rows(of folder: Int64, after key: [UInt8], limit: Int) throws(PerigeeError)
        -> [Row]
    {
        let statement = try connection.visibleRows(
            of: EntryID(folder), from: KeyBound.behind(key), limit: limit, revision: number)
        defer { statement.reset() }
        var rows: [Row] = []
        while try statement.step() { rows.append(Row(statement)) }
        return rows
    }

    func removeRow(_ row: Row, parent: Int64) throws(PerigeeError) {
        if row.added == Int64(number) {
            // Never published: it leaves no trace.
            let delete = try connection.statement(
                "DELETE FROM entry WHERE parent = ?1 AND key = ?2 AND added = ?3")
            delete.bind(1, parent)
            delete.bind(2, copying: row.key)
            delete.bind(3, number)
            try delete.run()
            guard !row.isFolder else { return }
            for table in ["digest", "leaves", "fingerprint", "link"] {
                let statement = try connection.statement(
                    text: "DELETE FROM \(table) WHERE id = ?1")
                statement.bind(1, row.id)
                try statement.run()
            }
            links[row.id] = nil
        } else {
            let mark = try connection.statement(
                "UPDATE entry SET removed = ?4 WHERE parent = ?1 AND key = ?2 AND added = ?3")
            mark.bind(1, parent)
            mark.bind(2, copying: row.key)
            mark.bind(3, row.added)
            mark.bind(4, number)
            try mark.run()
        }
    }

    func setLink(_ id: Int64, _ target: [UInt8]?) throws(PerigeeError) {
        links[id] = target
        let statement = try connection.statement(
            """
            INSERT INTO link(id, added, target) VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET target = ?3
            """)
        statement.bind(1, id)
        statement.bind(2, number)
        statement.bind(3, copying: target)
        try statement.run()
    }

    func fingerprint(
        _ id: Int64
    ) throws(PerigeeError) -> (modified: Int64, inode: Int64?, tag: String?)? {
        let statement = try connection.statement(
            "SELECT mtime, inode, tag FROM fingerprint WHERE source = ?1 AND id = ?2")
        defer { statement.reset() }
        statement.bind(1, options.source)
        statement.bind(2, id)
        guard try statement.step() else { return nil }
        return (
            statement.integer(0), statement.optionalInteger(1),
            statement.optionalArray(2).map { String(decoding: $0, as: UTF8.self) }
        )
    }

    func setFingerprint(
        _ id: Int64, modified: Int64, inode: Int64?, tag: String? = nil
    ) throws(PerigeeError) {
        let statement = try connection.statement(
            """
            INSERT INTO fingerprint(source, id, mtime, inode, tag) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO UPDATE SET mtime = ?3, inode = ?4, tag = ?5
            """)
        statement.bind(1, options.source)
        statement.bind(2, id)
        statement.bind(3, modified)
        statement.bind(4, inode)
        statement.bind(5, optionalText: tag)
        try statement.run()
    }

    func hasSHA256(_ id: Int64) throws(PerigeeError) -> Bool {
        try digest(id, .sha256) != nil
    }
}
