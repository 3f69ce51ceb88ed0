package import VolumeModel

/// What the further sources of a volume tell of its files.
extension CandidateWriter {
    /// A file of the candidate, as a further source is compared with it.
    package struct KnownFile: Sendable {
        /// The version.
        package let id: EntryID
        /// Where it stands in the volume.
        package let path: [UInt8]
        /// Bytes.
        package let size: Int64
        /// Digests of its content, where they are known.
        package let sha256: [UInt8]?
        package let md5: [UInt8]?
        /// The entity tag at the source that the scan is of, as it was sent.
        package let tag: String?
    }

    /// The first scan of a catalogue says which source needs no fingerprints; the others get one for
    /// each file, so that a file without is none of theirs. Catalogues that do not say were made
    /// when a volume had the source of number 1 alone.
    func claimSource() throws(PerigeeError) {
        ownHasGaps = try meta(OwnSource.gapsKey) != nil
        if let known = try meta(OwnSource.key) {
            ownSource = Int(known)
            return
        }
        ownSource = number == 1 && !isContinued ? options.source : OwnSource.usual
        try setMeta(OwnSource.key, Int64(ownSource))
    }

    /// Notes that a file at the source that is scanned is the version that stands in the candidate,
    /// where nothing says so yet.
    func noteSource(_ row: Row, _ item: FolderListing.Item, tag: String?) throws(PerigeeError) {
        guard options.source != ownSource || ownHasGaps else { return }
        let known = try fingerprint(row.id)
        guard options.source == ownSource ? known?.modified == OwnSource.gap : known == nil
        else { return }
        try setFingerprint(
            row.id, modified: item.modified,
            inode: options.fingerprint == .sizeModifiedAndInode
                ? Int64(bitPattern: item.inode) : nil, tag: tag)
    }

    /// Calls `body` with some thousand files of the candidate at a time, folder by folder.
    package func forEachFiles(
        _ body: ([KnownFile]) throws(PerigeeError) -> Void
    ) throws(PerigeeError) {
        var left = [(id: EntryID.root.value, path: [UInt8]())]
        while let (folder, path) = left.popLast() {
            let before = path.isEmpty ? [] : path + [UInt8(ascii: "/")]
            var key: [UInt8] = []
            while true {
                let rows = try rows(of: folder, after: key, limit: 4_096)
                guard let last = rows.last else { break }
                key = last.key
                var files: [KnownFile] = []
                for row in rows {
                    if row.isFolder {
                        left.append((row.id, before + row.name))
                    } else {
                        files.append(
                            KnownFile(
                                id: EntryID(row.id), path: before + row.name, size: row.size,
                                sha256: hasDigests ? try digest(row.id, .sha256) : nil,
                                md5: hasDigests ? try digest(row.id, .md5) : nil,
                                tag: try fingerprint(row.id)?.tag))
                    }
                }
                if !files.isEmpty { try body(files) }
            }
        }
    }

    /// Notes by what a further source tells a file version, or that it does not have it.
    ///
    /// - Parameter version: nil where it does not.
    package func note(
        _ version: (modified: Timestamp, inode: UInt64?, tag: String?)?, of file: EntryID,
        source: Int
    ) throws(PerigeeError) {
        guard let version else {
            if source == ownSource {
                // Of this one a missing row would say that it has the entry's own size and time.
                if !ownHasGaps { try setMeta(OwnSource.gapsKey, 1) }
                ownHasGaps = true
                return try note(
                    (Timestamp(nanoseconds: OwnSource.gap), nil, nil), of: file, source: source)
            }
            let delete = try connection.statement(
                "DELETE FROM fingerprint WHERE source = ?1 AND id = ?2")
            delete.bind(1, source)
            delete.bind(2, file.value)
            return try delete.run()
        }
        // Mostly it is what stood there, and then nothing is written.
        let statement = try connection.statement(
            """
            INSERT INTO fingerprint(source, id, mtime, inode, tag) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO UPDATE SET mtime = ?3, inode = ?4, tag = ?5
                WHERE mtime IS NOT ?3 OR inode IS NOT ?4 OR tag IS NOT ?5
            """)
        statement.bind(1, source)
        statement.bind(2, file.value)
        statement.bind(3, version.modified.nanoseconds)
        statement.bind(4, version.inode.map { Int64(bitPattern: $0) })
        statement.bind(5, optionalText: version.tag)
        try statement.run()
    }

    /// Runs `body`; what it has written is undone where it throws.
    package func attempt(_ body: () throws(PerigeeError) -> Void) throws(PerigeeError) {
        try connection.execute("SAVEPOINT attempt")
        do throws(PerigeeError) {
            try body()
            try connection.execute("RELEASE attempt")
        } catch {
            // Fails only where all of the transaction is gone already.
            try? connection.execute("ROLLBACK TO attempt; RELEASE attempt")
            throw error
        }
    }

    /// Forgets all that a source told, in a transaction of its own: its number is to be another's,
    /// which must not be the one of `CatalogueReader.ownSource()`.
    package func forget(source: Int) throws(PerigeeError) {
        try connection.transaction { () throws(PerigeeError) in
            try connection.execute("DELETE FROM fingerprint WHERE source = \(source)")
        }
    }
}

/// Which source of a volume needs no fingerprints.
enum OwnSource {
    static let key = "own_source"
    /// Set once there are files that it does not have.
    static let gapsKey = "own_source_gaps"
    /// The time in the fingerprint of such a file: no file system has it.
    static let gap = Int64.min
    /// Where the catalogue does not say.
    static let usual = 1
}

extension CatalogueReader {
    /// Whether a source has a file version, and by what it tells it where that is not the entry's own
    /// size and time.
    ///
    /// - Returns: nil where the source is not known to have it.
    package func knowledge(
        of file: EntryID, source: Int
    ) throws(PerigeeError) -> SourceKnowledge? {
        let found = try fingerprint(of: file, source: source)
        guard let found else { return try ownSource() == source ? .entryItself : nil }
        return found.modified.nanoseconds == OwnSource.gap
            ? nil : .fingerprint(modified: found.modified, inode: found.inode, tag: found.tag)
    }

    /// The source of which a file version without a fingerprint has the entry's own size and time; of
    /// any other source such a version is not known.
    package func ownSource() throws(PerigeeError) -> Int {
        if let knownOwnSource { return knownOwnSource }
        try begin()
        let found = try connection.meta(OwnSource.key).map { Int($0) } ?? OwnSource.usual
        knownOwnSource = found
        return found
    }
}

/// By what a source tells a file version.
package enum SourceKnowledge: Hashable, Sendable {
    /// By the size and time that the entry has.
    case entryItself
    /// By the entry's size and these.
    case fingerprint(modified: Timestamp, inode: UInt64?, tag: String?)
}
