package import VolumeModel

/// What a catalogue knows of an entry beyond its row.
extension CatalogueReader {
    /// Digests of a file version, and which of them its ETag was made from.
    package struct Digests: Hashable, Sendable {
        /// What is known of the content.
        package var digests: [ContentDigest] = []
        /// What the ETag is made from; nil where it is the version token.
        package var tagged: ContentDigest?
    }

    /// The digests of a file version; none where the catalogue has none.
    package func digests(of file: EntryID) throws(PerigeeError) -> Digests {
        try begin()
        let statement =
            try hasTrees()
            ? try connection.statement("SELECT sha256, md5, etag, tree FROM digest WHERE id = ?1")
            : try connection.statement("SELECT sha256, md5, etag, NULL FROM digest WHERE id = ?1")
        defer { statement.reset() }
        statement.bind(1, file.value)
        var found = Digests()
        guard try statement.step() else { return found }
        let sha256 = statement.optionalArray(0).flatMap { ContentDigest(.sha256, $0) }
        let md5 = statement.optionalArray(1).flatMap { ContentDigest(.md5, $0) }
        let tree = statement.optionalArray(3).flatMap { ContentDigest(.tree, $0) }
        found.digests = [sha256, md5, tree].compactMap(\.self)
        found.tagged =
            switch ETagOrigin(rawValue: statement.integer(2)) {
            case .md5: md5
            case .sha256: sha256
            case .token, nil: nil
            }
        return found
    }

    /// Whether a digest of any file is known.
    package func hasDigests() throws(PerigeeError) -> Bool {
        try begin()
        let statement = try connection.statement("SELECT 1 FROM digest LIMIT 1")
        defer { statement.reset() }
        return try statement.step()
    }

    /// The revision in which this version came.
    package func added(_ entry: Entry, revision: Int) throws(PerigeeError) -> Int? {
        try begin()
        return try withBytes(entry.key) { key throws(PerigeeError) in
            let statement = try connection.visibleRow(key, in: entry.parent, revision: revision)
            defer { statement.reset() }
            guard try statement.step() else { return nil }
            let added = Int(statement.integer(EntryColumn.added))
            return entry.kind == .file ? try firstAdded(entry, key) ?? added : added
        }
    }

    /// A file version's row may have been split in two for its class.
    private func firstAdded(_ file: Entry, _ key: UnsafeRawBufferPointer) throws(PerigeeError)
        -> Int?
    {
        let statement = try connection.statement(
            "SELECT min(added) FROM entry WHERE parent = ?1 AND key = ?2 AND id = ?3")
        defer { statement.reset() }
        statement.bind(1, file.parent.value)
        statement.bind(2, borrowing: key)
        statement.bind(3, file.id.value)
        return try statement.step() ? statement.optionalInteger(0).map { Int($0) } : nil
    }

    /// Where a file really is below its origin root, seen from the source's folder: the path that
    /// its name says, but for links on the way.
    ///
    /// - Returns: the path, and whether it is one below the *root* (behind a link) rather than
    ///   below the source's folder; nil where a folder on the way is unknown.
    package func location(of file: Entry, revision: Int)
        throws(PerigeeError) -> (path: [UInt8], isBelowRoot: Bool)?
    {
        try begin()
        if let target = try target(of: file.id, revision: revision) { return (target, true) }
        var segments = [file.name]
        var current = file.parent
        while current != .root {
            if let target = try target(of: current, revision: revision) {
                segments.append(target)
                return (join(segments), true)
            }
            guard segments.count <= 512, let (parent, name) = try connection.place(of: current)
            else {
                return nil
            }
            segments.append(name)
            current = parent
        }
        return (join(segments), false)
    }

    /// Where an entry that was reached by a link really is, or nil.
    func target(of id: EntryID, revision: Int) throws(PerigeeError) -> [UInt8]? {
        let statement = try connection.statement(
            "SELECT target FROM link WHERE id = ?1 AND added <= ?2 ORDER BY added DESC LIMIT 1")
        defer { statement.reset() }
        statement.bind(1, id.value)
        statement.bind(2, revision)
        return try statement.step() ? statement.optionalArray(0) : nil
    }

    /// What source `source` tells of a file version, where it is not the entry's own size and time.
    package func fingerprint(of file: EntryID, source: Int)
        throws(PerigeeError) -> (modified: Timestamp, inode: UInt64?, tag: String?)?
    {
        try begin()
        let statement =
            try hasTags()
            ? try connection.statement(
                "SELECT mtime, inode, tag FROM fingerprint WHERE source = ?1 AND id = ?2")
            : try connection.statement(
                "SELECT mtime, inode, NULL FROM fingerprint WHERE source = ?1 AND id = ?2")
        defer { statement.reset() }
        statement.bind(1, source)
        statement.bind(2, file.value)
        guard try statement.step() else { return nil }
        return (
            Timestamp(nanoseconds: statement.integer(0)),
            statement.optionalInteger(1).map { UInt64(bitPattern: $0) },
            statement.optionalArray(2).map { String(decoding: $0, as: UTF8.self) }
        )
    }

    /// Totals of a folder and everything below it, and its digests.
    package func state(of folder: EntryID, revision: Int) throws(PerigeeError) -> FolderState? {
        try begin()
        return try connection.folderState(of: folder, upTo: revision)
    }

    /// Whether nothing at all is known about the content of any file, or behind any link.
    package func hasLinksOrFingerprints() throws(PerigeeError) -> (links: Bool, fingerprints: Bool)
    {
        try begin()
        let statement = try connection.statement(
            "SELECT EXISTS(SELECT 1 FROM link), EXISTS(SELECT 1 FROM fingerprint)")
        defer { statement.reset() }
        guard try statement.step() else { return (true, true) }
        return (statement.integer(0) != 0, statement.integer(1) != 0)
    }

    private func join(_ segments: [[UInt8]]) -> [UInt8] {
        Array(segments.reversed().filter { !$0.isEmpty }.joined(separator: [UInt8(ascii: "/")]))
    }
}

/// What an ETag was made from, as it stands in the digest table.
enum ETagOrigin: Int64 {
    case token = 0
    case md5 = 1
    case sha256 = 2
}

extension Entry {
    /// The key it stands at in its folder.
    package var key: [UInt8] {
        kind == .folder ? name + [UInt8(ascii: "/")] : name
    }
}
