internal import Glibc
package import VolumeModel

/// Digests and totals of what has changed, and the end of a scan.
extension CandidateWriter {
    /// Completes the candidate: digests, totals, and the commit.
    ///
    /// - Returns: the candidate, or nil where nothing differs from the highest published revision;
    ///   what was learnt about unchanged files (digests, problems) is kept all the same.
    package func finish() throws(PerigeeError) -> RevisionFacts? {
        if number == 1, touched[EntryID.root.value] == nil {
            touched[EntryID.root.value] = Touched(depth: 0)
        }
        try propagate()
        try setMeta("next_id", nextID)
        let differs = number == 1 ? true : try hasRows()
        var facts: RevisionFacts?
        if differs {
            guard let root = try latestState(of: EntryID.root.value) else {
                throw PerigeeError(.corrupt, "the candidate has no root folder")
            }
            let made = RevisionFacts(
                number: number, created: .now, files: root.files, folders: root.folders,
                bytes: root.bytes, state: root.state, content: root.content)
            try store(made)
            facts = made
        } else {
            try connection.execute("DELETE FROM revision WHERE number = \(number)")
            try refreshContent()
        }
        let unused = try finishTrees()
        try connection.execute("COMMIT")
        // Whoever reads it still has it open, or finds the new one by the catalogue.
        if let unused { unlink(unused) }
        return facts
    }

    /// Makes new digests for every touched folder and the folders above, the deepest first.
    private func propagate() throws(PerigeeError) {
        for (id, folder) in Array(touched) {
            var current = EntryID(id)
            var depth = folder.depth
            while current != .root, let above = try connection.place(of: current) {
                depth -= 1
                current = above.parent
                if touched[current.value] != nil { continue }
                touched[current.value] = Touched(depth: depth, isOwnKept: true)
            }
        }
        for (id, folder) in touched.sorted(by: { $0.value.depth > $1.value.depth }) {
            let known = try latestState(of: id)
            let own: FolderState.OwnState
            if let made = folder.own {
                own = made
            } else if folder.isOwnKept, let known {
                own = known.own
            } else {
                own = try ownState(of: id)
            }
            try settle(try state(of: id, own: own), for: id, known: known)
        }
    }

    /// Writes a folder's state where it is another than before.
    private func settle(_ made: FolderState, for id: Int64, known: FolderState?)
        throws(PerigeeError)
    {
        let base = try publishedState(of: id)
        if let base, base.state == made.state {
            // Back to what is published: what this candidate wrote goes, and a content digest that
            // has become known is added.
            if let known, known.added == number {
                try connection.execute(
                    "DELETE FROM folder_state WHERE folder = \(id) AND added = \(number)")
            }
            if base.content != made.content || base.own.content != made.own.content {
                var updated = made
                updated.added = base.added
                try connection.store(updated, of: EntryID(id))
            }
            return
        }
        try connection.store(made, of: EntryID(id))
    }

    private func latestState(of id: Int64) throws(PerigeeError) -> FolderState? {
        try connection.folderState(of: EntryID(id), upTo: number)
    }

    func publishedState(of id: Int64) throws(PerigeeError) -> FolderState? {
        try connection.folderState(of: EntryID(id), upTo: number - 1)
    }

    /// What the files of a folder amount to, from its rows.
    private func ownState(of folder: Int64) throws(PerigeeError) -> FolderState.OwnState {
        let statement = try connection.statement(
            """
            SELECT key, size, mtime, version, digest.sha256 FROM entry
            LEFT JOIN digest ON digest.id = entry.id
            WHERE parent = ?1 AND added <= ?2 AND (removed IS NULL OR removed > ?2)
            ORDER BY key
            """)
        defer { statement.reset() }
        statement.bind(1, folder)
        statement.bind(2, number)
        var state = Merkle(.stateFiles)
        var content = Merkle(.contentFiles)
        var own = FolderState.OwnState(state: [])
        var isKnown = true
        while try statement.step() {
            let key = statement.bytes(0)
            if key.last == UInt8(ascii: "/") { continue }
            let size = statement.integer(1)
            own.files += 1
            own.bytes.add(bytes: size)
            state.add(
                file: key, size: size, modified: statement.integer(2),
                version: UInt64(bitPattern: statement.integer(3)))
            if isKnown, let sha256 = statement.optionalArray(4) {
                content.add(file: key, size: size, sha256: sha256)
            } else {
                isKnown = false
            }
        }
        own.state = state.finalize()
        let digest = content.finalize()
        own.content = isKnown ? digest : nil
        return own
    }

    /// A folder's state from that of its files and of the folders in it.
    private func state(of folder: Int64, own: FolderState.OwnState) throws(PerigeeError)
        -> FolderState
    {
        var made = FolderState(
            added: number, own: own, files: own.files, folders: 0, bytes: own.bytes, state: [],
            content: nil)
        var state = Merkle(.stateFolder)
        var content = Merkle(.contentFolder)
        state.add(digest: own.state)
        content.add(digest: own.content ?? [])
        var isKnown = own.content != nil
        let children = try connection.statement(
            """
            SELECT folder.id, folder.name, entry.mtime FROM folder
            JOIN entry ON entry.parent = folder.parent
                AND entry.key = CAST(folder.name || X'2F' AS BLOB)
                AND added <= ?2 AND (removed IS NULL OR removed > ?2)
            WHERE folder.parent = ?1 ORDER BY folder.name
            """)
        defer { children.reset() }
        children.bind(1, folder)
        children.bind(2, number)
        while try children.step() {
            let name = children.bytes(1)
            guard let child = try latestState(of: children.integer(0)) else {
                throw PerigeeError(
                    .corrupt, "folder \(children.integer(0)) of the catalogue has no digest",
                    remedy: "restore the state folder from a backup")
            }
            made.files += child.files
            made.folders += child.folders + 1
            made.bytes.add(bytes: child.bytes)
            state.add(folder: name, modified: children.integer(2), digest: child.state)
            if let digest = child.content {
                content.add(folder: name, modified: nil, digest: digest)
            } else {
                isKnown = false
            }
        }
        made.state = state.finalize()
        let digest = content.finalize()
        made.content = isKnown ? digest : nil
        return made
    }

    private func store(_ facts: RevisionFacts) throws(PerigeeError) {
        let statement = try connection.statement(
            """
            INSERT OR REPLACE INTO revision(
                number, created, files, folders, bytes, state, content)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """)
        statement.bind(1, facts.number)
        statement.bind(2, facts.created.nanoseconds)
        statement.bind(3, facts.files)
        statement.bind(4, facts.folders)
        statement.bind(5, facts.bytes)
        statement.bind(6, copying: facts.state)
        statement.bind(7, copying: facts.content)
        try statement.run()
    }

    /// Notes a content digest of the published revision that has become known.
    private func refreshContent() throws(PerigeeError) {
        guard let root = try publishedState(of: EntryID.root.value) else { return }
        let statement = try connection.statement(
            "UPDATE revision SET content = ?2 WHERE number = ?1")
        statement.bind(1, number - 1)
        statement.bind(2, copying: root.content)
        try statement.run()
    }
}

extension CandidateWriter {
    /// Totals of the highest published revision, or nil before the first.
    package func publishedFacts() throws(PerigeeError) -> (files: Int64, bytes: Int64)? {
        guard let root = try publishedState(of: EntryID.root.value) else { return nil }
        return (root.files, root.bytes)
    }
}
