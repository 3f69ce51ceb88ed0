package import VolumeModel

/// Comparing what a folder of the source holds with what the candidate says, and writing the
/// difference.
extension CandidateWriter {
    /// A folder of the volume, as the scan goes through it.
    package struct Folder: Sendable {
        /// Its number.
        package var id: EntryID
        /// Folders above it; 0 for the root.
        package var depth: Int
        /// Where it stands in the volume.
        package var path: [UInt8]
        /// Where its files really are.
        package var realPath: [UInt8]
        /// Whether `realPath` is seen from the origin root rather than from the source's folder.
        package var isBelowRoot: Bool
        /// Whether it had no rows before: what it holds need not be compared.
        package var isNew: Bool

        /// The volume's root.
        package static var root: Folder {
            Folder(
                id: .root, depth: 0, path: [], realPath: [], isBelowRoot: false, isNew: false)
        }

        func child(_ name: ArraySlice<UInt8>, id: EntryID, target: [UInt8]?, isNew: Bool) -> Folder
        {
            let slash = [UInt8(ascii: "/")]
            return Folder(
                id: id, depth: depth + 1, path: path.isEmpty ? Array(name) : path + slash + name,
                realPath: target ?? (realPath.isEmpty ? Array(name) : realPath + slash + name),
                isBelowRoot: isBelowRoot || target != nil, isNew: isNew)
        }
    }

    /// A row of a folder as the candidate has it.
    struct Row {
        var key: [UInt8]
        var id: Int64
        var size: Int64
        var modified: Int64
        var accessClass: Int64
        var added: Int64

        var isFolder: Bool { key.last == UInt8(ascii: "/") }
        var name: ArraySlice<UInt8> { isFolder ? key.dropLast() : key[...] }

        init(_ statement: SQLiteStatement) {
            key = statement.array(EntryColumn.key)
            id = statement.integer(EntryColumn.id)
            size = statement.integer(EntryColumn.size)
            modified = statement.integer(EntryColumn.modified)
            accessClass = statement.integer(EntryColumn.accessClass)
            added = statement.integer(EntryColumn.added)
        }
    }

    /// What is to be done once a folder's rows have been read.
    private enum Change {
        case insert(FolderListing.Item)
        case replace(Row, FolderListing.Item)
        case decide(Row, FolderListing.Item)
        case remove(Row)
        /// A folder that is reached by another link than before, or by none.
        case aim(Row, Folder, [UInt8]?)
    }

    /// Makes the candidate's `folder` hold what `listing` holds.
    ///
    /// - Returns: the folders in it, which are to be listed next, in key order.
    package func merge(_ listing: FolderListing, into folder: Folder) throws(PerigeeError)
        -> [Folder]
    {
        var children: [Folder] = []
        try noteHardLinks(listing, in: folder)
        if folder.isNew {
            try fill(folder, from: listing, &children)
            return children
        }
        var position = Position()
        var isChanged = false
        while !position.isAtEnd {
            let changes = try compare(listing, folder, &position, &children)
            if try apply(changes, listing, folder, &children) { isChanged = true }
        }
        if isChanged { try touch(folder, listing.modified) }
        return children
    }

    /// Makes the candidate's one name in `folder` what `listing`, of at most one item, says.
    ///
    /// - Returns: the folder of that name, where it is one.
    package func merge(
        name: [UInt8], _ listing: FolderListing, into folder: Folder
    ) throws(PerigeeError) -> Folder? {
        var children: [Folder] = []
        try noteHardLink(name, listing.items.first, in: folder)
        var changes: [Change] = []
        var rows: [Row] = []
        if let file = try row(name, in: folder.id) { rows.append(file) }
        if let below = try row(name + [UInt8(ascii: "/")], in: folder.id) { rows.append(below) }
        for row in rows {
            let item = listing.items.first { ($0.kind == .folder) == row.isFolder }
            try match(row, item, listing, folder, &children, &changes)
        }
        if let item = listing.items.first,
            !rows.contains(where: { $0.isFolder == (item.kind == .folder) })
        {
            changes.append(.insert(item))
        }
        if try apply(changes, listing, folder, &children) { try touch(folder, listing.modified) }
        return children.first
    }

    /// Writes what a folder without rows holds.
    private func fill(
        _ folder: Folder, from listing: FolderListing, _ children: inout [Folder]
    ) throws(PerigeeError) {
        var merkle = Merkle(.stateFiles)
        var own = FolderState.OwnState(state: [])
        for (index, item) in listing.items.enumerated() {
            let version =
                item.kind == .folder
                ? 0
                : listing.versions.isEmpty
                    ? Self.version(of: item, tag: listing.tag(item))
                    : listing.versions[index]
            if let child = try insert(item, version, listing, folder, replacing: nil) {
                children.append(child)
            } else {
                merkle.add(
                    file: listing.name(item), size: item.size, modified: item.modified,
                    version: version)
                own.files += 1
                own.bytes.add(bytes: item.size)
            }
        }
        own.state = merkle.finalize()
        own.content = own.files == 0 ? Merkle(.contentFiles).finalize() : nil
        // Rows of a folder that this candidate had removed may have come back, with other tokens
        // than the listing gives, and with digests.
        touched[folder.id.value] = Touched(depth: folder.depth, own: isContinued ? nil : own)
        try setModified(folder, listing.modified)
    }

    /// - Returns: whether the folder holds something else now.
    private func apply(
        _ changes: [Change], _ listing: FolderListing, _ folder: Folder,
        _ children: inout [Folder]
    ) throws(PerigeeError) -> Bool {
        var isChanged = false
        for change in changes {
            switch change {
            case .insert(let item):
                if let child = try insert(
                    item, Self.version(of: item, tag: listing.tag(item)), listing, folder,
                    replacing: nil)
                {
                    children.append(child)
                }
                isChanged = true
            case .replace(let row, let item):
                try remove(row, in: folder.id)
                _ = try insert(
                    item, Self.version(of: item, tag: listing.tag(item)), listing, folder,
                    replacing: row)
                isChanged = true
            case .decide(let row, let item):
                try addJob(.decide, item, listing, folder, id: row.id)
            case .remove(let row):
                try remove(row, in: folder.id)
                isChanged = true
            case .aim(let row, let child, let target):
                try setLink(row.id, target)
                // A row of its own, so that the new target counts from this candidate on.
                try setModified(child, Timestamp(nanoseconds: row.modified), isAimed: true)
            }
        }
        return isChanged
    }

    private func touch(_ folder: Folder, _ modified: Timestamp) throws(PerigeeError) {
        touched[folder.id.value] = Touched(depth: folder.depth)
        try setModified(folder, modified)
    }

    /// How far a folder's rows and items have been compared.
    private struct Position {
        /// The key of the last row that was.
        var key: [UInt8] = []
        /// The next item.
        var item = 0
        /// Whether rows are left; the items behind the last row are new, and their rows are too.
        var hasRows = true
        var isAtEnd = false
    }

    /// Walks rows and items together from `position` on, both in key order, until there is much to
    /// write: a folder of a million files that all changed must not be held twice in memory, and no
    /// row can be written while they are being read.
    private func compare(
        _ listing: FolderListing, _ folder: Folder, _ position: inout Position,
        _ children: inout [Folder]
    ) throws(PerigeeError) -> [Change] {
        var changes: [Change] = []
        let statement = try connection.visibleRows(
            of: folder.id, from: KeyBound.behind(position.key), revision: number)
        defer { statement.reset() }
        var index = position.item
        defer { position.item = index }
        while position.hasRows, try statement.step() {
            let key = statement.bytes(EntryColumn.key)
            let isFolder = key.last == UInt8(ascii: "/")
            let name = isFolder ? UnsafeRawBufferPointer(rebasing: key.dropLast()) : key
            var order = 1
            while index < listing.items.count {
                let item = listing.items[index]
                order = listing.names.withUnsafeBytes { names in
                    KeyOrder.compare(
                        UnsafeRawBufferPointer(
                            rebasing: names[
                                Int(item.nameOffset)..<Int(item.nameOffset) + Int(item.nameCount)]),
                        isFolder: item.kind == .folder, name, isFolder: isFolder)
                }
                guard order < 0 else { break }
                changes.append(.insert(item))
                index += 1
            }
            let isSame = index < listing.items.count && order == 0
            // The common case first, without making a row of it.
            if isSame, !isFolder, links.isEmpty, listing.targets.isEmpty,
                options.fingerprint == .sizeAndModified, !options.computesDigests,
                !options.computesTrees,
                listing.items[index].size == statement.integer(EntryColumn.size),
                listing.items[index].modified == statement.integer(EntryColumn.modified)
            {
                index += 1
                continue
            }
            let row = Row(statement)
            try match(
                row, isSame ? listing.items[index] : nil, listing, folder, &children,
                &changes)
            if isSame { index += 1 }
            if changes.count >= Self.mostChanges {
                position.key = row.key
                return changes
            }
        }
        position.hasRows = false
        let rest = min(listing.items.count - index, Self.mostChanges)
        for item in listing.items[index..<(index + rest)] { changes.append(.insert(item)) }
        index += rest
        position.isAtEnd = index == listing.items.count
        return changes
    }

    /// Changes that are collected before they are written.
    private static var mostChanges: Int { 4_096 }

    /// What one row and the item of the same key, if there is one, call for.
    private func match(
        _ row: Row, _ item: FolderListing.Item?, _ listing: FolderListing, _ folder: Folder,
        _ children: inout [Folder], _ changes: inout [Change]
    ) throws(PerigeeError) {
        guard let item else {
            if listing.unread.isEmpty || !listing.unread.contains(Array(row.name)) {
                changes.append(.remove(row))
            }
            return
        }
        let target = item.target >= 0 ? listing.targets[Int(item.target)] : nil
        if row.isFolder {
            let child = folder.child(row.name, id: EntryID(row.id), target: target, isNew: false)
            if links[row.id] != target {
                changes.append(.aim(row, child, target))
            }
            children.append(child)
            return
        }
        if links[row.id] != target { return changes.append(.replace(row, item)) }
        switch try sameness(row, item, tag: listing.tag(item)) {
        case .same:
            try noteSource(row, item, tag: listing.tag(item))
            if try wantsHashing(row.id, size: item.size) {
                try addJob(.compute, item, listing, folder, id: row.id)
            }
        case .other: changes.append(.replace(row, item))
        case .undecided: changes.append(.decide(row, item))
        }
    }

    enum Sameness { case same, other, undecided }

    /// Whether the source's file is the version that `row` stands for, by the root's fingerprint.
    func sameness(
        _ row: Row, _ item: FolderListing.Item, tag: String?
    ) throws(PerigeeError) -> Sameness {
        switch options.fingerprint {
        case .sizeAndModified:
            return row.size == item.size && row.modified == item.modified ? .same : .other
        case .sizeModifiedAndInode:
            guard row.size == item.size, row.modified == item.modified else { return .other }
            let known = try fingerprint(row.id)
            return known == nil || known?.inode == Int64(bitPattern: item.inode) ? .same : .other
        case .digest:
            guard row.size == item.size else { return .other }
            let modified = try fingerprint(row.id)?.modified ?? row.modified
            if modified == item.modified { return .same }
            return try hasSHA256(row.id) ? .undecided : .other
        case .etag:
            guard row.size == item.size else { return .other }
            guard let tag, let known = try fingerprint(row.id)?.tag else {
                return row.modified == item.modified ? .same : .other
            }
            return known == tag ? .same : .other
        }
    }

    /// The token of a version: from everything that the origin tells.
    static func version(of item: FolderListing.Item, tag: String? = nil) -> UInt64 {
        if let tag {
            var hash = FramedHash(domain: "perigee.version.2")
            hash.update(UInt64(bitPattern: item.size))
            Array(tag.utf8).withUnsafeBytes { hash.update(counted: $0) }
            return hash.finalizePrefix()
        }
        var hash = FramedHash(domain: "perigee.version.1")
        hash.update(
            UInt64(bitPattern: item.size), UInt64(bitPattern: item.modified),
            UInt64(bitPattern: item.changed), item.inode)
        return hash.finalizePrefix()
    }
}

extension FolderListing {
    /// Makes the tokens of all versions: for the thread that has listed a folder of which every
    /// file will be written, since they cost as much as their rows.
    package mutating func makeVersions() {
        versions = items.map {
            $0.kind == .folder ? 0 : CandidateWriter.version(of: $0, tag: tag($0))
        }
    }
}
