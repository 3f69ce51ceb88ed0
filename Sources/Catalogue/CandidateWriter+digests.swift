package import VolumeModel

/// Digests of content: those that the scan has to make, and those that it is given.
extension CandidateWriter {
    /// Why a file's content is to be hashed.
    enum JobKind: Int64 {
        /// The version is known; its digest is wanted.
        case compute = 1
        /// Time moved and size did not: the digest tells whether it is another version.
        case decide = 2
    }

    /// A file whose content is to be hashed.
    package struct DigestJob: Sendable {
        /// The job's number, ascending from 1.
        package let number: Int64
        /// Where the file stands in the volume.
        package let path: [UInt8]
        /// Where it really is.
        package let realPath: [UInt8]
        /// Whether that is seen from the origin root rather than the source's folder.
        package let isBelowRoot: Bool
        /// Its size and times at the scan; content read under others is not that of the version.
        package let size: Int64
        /// Nanoseconds since 1970.
        package let modified: Int64
        /// Nanoseconds since 1970.
        package let changed: Int64
        /// Whether its SHA-256 is wanted, or known and to be compared.
        package let needsSHA256: Bool
        /// Bytes of a leaf of the tree digest that is wanted; nil where none is.
        package let leafSize: Int?
    }

    /// What was made of a job's content.
    package struct Hashes: Sendable {
        /// Its SHA-256, where the job needs it.
        package var sha256: [UInt8]?
        /// Its tree digest with the hashes of its leaves, where the job wants one.
        package var tree: (digest: TreeDigest, leaves: [UInt8])?

        /// Puts hashes together.
        package init(
            sha256: [UInt8]? = nil, tree: (digest: TreeDigest, leaves: [UInt8])? = nil
        ) {
            self.sha256 = sha256
            self.tree = tree
        }
    }

    func addJob(
        _ kind: JobKind, _ item: FolderListing.Item, _ listing: FolderListing, _ folder: Folder,
        id: Int64
    ) throws(PerigeeError) {
        let child = folder.child(
            listing.name(item), id: EntryID(id),
            target: item.target >= 0 ? listing.targets[Int(item.target)] : nil, isNew: false)
        let statement = try connection.statement(
            """
            INSERT INTO temp.job(
                kind, parent, key, id, path, real, is_below_root, size, mtime, changed, inode, depth)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """)
        statement.bind(1, kind.rawValue)
        statement.bind(2, folder.id.value)
        statement.bind(3, copying: listing.name(item))
        statement.bind(4, id)
        statement.bind(5, copying: child.path)
        statement.bind(6, copying: child.realPath)
        statement.bind(7, child.isBelowRoot ? 1 : 0)
        statement.bind(8, item.size)
        statement.bind(9, item.modified)
        statement.bind(10, item.changed)
        statement.bind(11, Int64(bitPattern: item.inode))
        statement.bind(12, folder.depth)
        try statement.run()
    }

    /// How many files are to be hashed, and their bytes.
    package func digestJobTotals() throws(PerigeeError) -> (files: Int, bytes: Int64) {
        let statement = try connection.statement(
            "SELECT count(*), coalesce(sum(size), 0) FROM temp.job")
        defer { statement.reset() }
        _ = try statement.step()
        return (Int(statement.integer(0)), statement.integer(1))
    }

    /// At most `limit` files to hash, those after number `last`.
    package func digestJobs(after last: Int64, limit: Int) throws(PerigeeError) -> [DigestJob] {
        let statement = try connection.statement(
            """
            SELECT number, path, real, is_below_root, size, mtime, changed,
                kind = 2 OR digest.sha256 IS NOT NULL, digest.leaf
            FROM temp.job LEFT JOIN digest ON digest.id = job.id
            WHERE number > ?1 ORDER BY number LIMIT ?2
            """)
        defer { statement.reset() }
        statement.bind(1, last)
        statement.bind(2, limit)
        var jobs: [DigestJob] = []
        while try statement.step() {
            jobs.append(
                DigestJob(
                    number: statement.integer(0), path: statement.array(1),
                    realPath: statement.array(2), isBelowRoot: statement.integer(3) != 0,
                    size: statement.integer(4), modified: statement.integer(5),
                    changed: statement.integer(6),
                    needsSHA256: options.computesDigests || statement.integer(7) != 0,
                    // A side file that is made anew has the leaves that the root is of.
                    leafSize: options.computesTrees
                        ? statement.optionalInteger(8).map { Int($0) }
                            .flatMap { TreeDigest.isLeafSize($0) ? $0 : nil } ?? options.leafSize
                        : nil))
        }
        return jobs
    }

    /// Takes what was made of a job's content.
    ///
    /// - Returns: nil, or the digest that is known of this version and is not that of the content:
    ///   nothing was taken then.
    package func record(_ hashes: Hashes, for job: DigestJob) throws(PerigeeError)
        -> ContentDigest?
    {
        let statement = try connection.statement(
            "SELECT kind, parent, key, id, inode, depth FROM temp.job WHERE number = ?1")
        defer { statement.reset() }
        statement.bind(1, job.number)
        guard try statement.step() else { return nil }
        let kind = JobKind(rawValue: statement.integer(0))
        let parent = statement.integer(1)
        let name = statement.array(2)
        var id = statement.integer(3)
        let inode = statement.integer(4)
        let depth = Int(statement.integer(5))
        statement.reset()
        if kind == .compute {
            // A digest that the archive gave meanwhile may have made another version of it.
            id = try row(name, in: EntryID(parent))?.id ?? id
        } else if try digest(id, .sha256) != hashes.sha256 {
            let item = FolderListing.Item(
                nameOffset: 0, nameCount: UInt16(name.count), kind: .file, target: -1,
                size: job.size, modified: job.modified, changed: job.changed,
                inode: UInt64(bitPattern: inode))
            id = try replaceVersion(of: name, in: parent, with: item)
        } else {
            try setFingerprint(id, modified: job.modified, inode: inode)
        }
        if let other = try contradiction(to: hashes, of: id) { return other }
        if let sha256 = hashes.sha256, try !hasSHA256(id) {
            try setDigest(id, .sha256, sha256)
            touched[parent] = Touched(depth: depth)
        }
        if let tree = hashes.tree, try lacksTree(id, size: job.size) {
            try setTree(id, tree.digest, leaves: tree.leaves, size: job.size)
        }
        return nil
    }

    /// A digest that is known of a version and is another than was made now.
    private func contradiction(to hashes: Hashes, of id: Int64) throws(PerigeeError)
        -> ContentDigest?
    {
        if let made = hashes.sha256, let known = try digest(id, .sha256), made != known {
            return ContentDigest(.sha256, known)
        }
        if let made = hashes.tree?.digest, let known = try tree(id), made != known {
            return ContentDigest(.tree, known.root)
        }
        return nil
    }

    /// Makes another version of a file whose content is known to be another.
    ///
    /// - Returns: the new version's number.
    private func replaceVersion(
        of name: [UInt8], in parent: Int64, with item: FolderListing.Item
    ) throws(PerigeeError) -> Int64 {
        guard let row = try row(name, in: EntryID(parent)) else { return try takeID() }
        let target = links[row.id]
        let hadInode = try fingerprint(row.id)?.inode != nil
        try remove(row, in: EntryID(parent))
        let id = try takeID()
        try insertRow(
            parent, name[...], id: id, size: item.size, modified: item.modified,
            version: Self.version(of: item), accessClass: row.accessClass)
        if options.fingerprint == .sizeModifiedAndInode, hadInode {
            try setFingerprint(id, modified: item.modified, inode: Int64(bitPattern: item.inode))
        } else if options.source != ownSource {
            try setFingerprint(id, modified: item.modified, inode: nil)
        }
        if let target { try setLink(id, target) }
        counts.removed -= 1
        counts.changed += 1
        return id
    }

    /// What came of a digest that was given.
    package enum Given: Hashable, Sendable {
        case taken
        /// There is no such file.
        case noFile
        /// The content was hashed in this scan, and is another.
        case mismatch
        /// The archive gave another digest before, so the content is another by its own word.
        case newVersion
    }

    /// Takes the digest that the archive gives for the file at `path`.
    ///
    /// - Parameter isComputed: whether this scan has hashed every file itself.
    package func take(_ given: ContentDigest, at path: EntryPath) throws(PerigeeError) -> Given {
        guard let (parent, name) = path.parentAndName,
            let folder = try folder(at: parent),
            let row = try row(name, in: folder.id)
        else { return .noFile }
        if let known = try digest(row.id, given.algorithm) {
            if known == given.bytes { return .taken }
            if options.computesDigests, given.algorithm == .sha256 {
                // Nobody may be told that bytes are right which the archive says are not.
                try dropTree(row.id)
                return .mismatch
            }
            // The file at the source is the one that was last seen.
            let seen = try fingerprint(row.id)
            let item = FolderListing.Item(
                nameOffset: 0, nameCount: UInt16(name.count), kind: .file, target: -1,
                size: row.size, modified: seen?.modified ?? row.modified,
                changed: Timestamp.now.nanoseconds,
                inode: UInt64(bitPattern: seen?.inode ?? 0))
            let id = try replaceVersion(of: name, in: folder.id.value, with: item)
            try setDigest(id, given.algorithm, given.bytes)
            touched[folder.id.value] = Touched(depth: folder.depth)
            return .newVersion
        }
        try setDigest(row.id, given.algorithm, given.bytes)
        touched[folder.id.value] = Touched(depth: folder.depth)
        return .taken
    }

    /// The folder at `path` as the candidate has it, or nil.
    package func folder(at path: EntryPath) throws(PerigeeError) -> Folder? {
        var folder = Folder.root
        for segment in path.segments {
            guard let row = try row(segment + [UInt8(ascii: "/")], in: folder.id) else {
                return nil
            }
            folder = folder.child(
                segment, id: EntryID(row.id), target: links[row.id], isNew: false)
        }
        return folder
    }

    func digest(_ id: Int64, _ algorithm: DigestAlgorithm) throws(PerigeeError) -> [UInt8]? {
        guard hasDigests else { return nil }
        let statement = try connection.statement("SELECT sha256, md5 FROM digest WHERE id = ?1")
        defer { statement.reset() }
        statement.bind(1, id)
        guard try statement.step() else { return nil }
        return switch algorithm {
        case .sha256: statement.optionalArray(0)
        case .md5: statement.optionalArray(1)
        case .tree: nil
        }
    }

    /// Stores a digest. The ETag is made from content only where the version was never published:
    /// once published it is frozen.
    private func setDigest(_ id: Int64, _ algorithm: DigestAlgorithm, _ bytes: [UInt8])
        throws(PerigeeError)
    {
        hasDigests = true
        let isUnpublished = id >= firstUnpublished
        let insert = try connection.statement(
            text: """
                INSERT INTO digest(id, \(algorithm.rawValue), etag) VALUES (?1, ?2, ?3)
                ON CONFLICT DO UPDATE SET \(algorithm.rawValue) = ?2
                """)
        insert.bind(1, id)
        insert.bind(2, copying: bytes)
        insert.bind(3, ETagOrigin.token.rawValue)
        try insert.run()
        guard isUnpublished else { return }
        // The MD5 where there is one: S3 clients compare it.
        let tag = try connection.statement(
            "UPDATE digest SET etag = CASE WHEN md5 IS NOT NULL THEN 1 ELSE 2 END WHERE id = ?1")
        tag.bind(1, id)
        try tag.run()
    }
}
