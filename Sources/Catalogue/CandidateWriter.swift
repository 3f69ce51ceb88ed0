internal import Foundation
package import VolumeModel

/// Writes a volume's candidate: the delta of one scan over the highest published revision.
///
/// Everything between `begin` and `finish` is one SQLite transaction, so a crash at any instant
/// leaves the catalogue as it was. A complete candidate that was not published is continued: what
/// is scanned then is compared with it. For one thread; the caller holds the catalogue's lock.
package final class CandidateWriter {
    /// What a scan knows and wants.
    package struct Options: Sendable {
        /// The source's number in its volume.
        package var source: Int
        /// By what its files are recognised.
        package var fingerprint: Fingerprint
        /// Whether a SHA-256 is wanted of every file.
        package var computesDigests: Bool
        /// Whether a tree digest is wanted of every file.
        package var computesTrees: Bool
        /// Bytes of a leaf of those.
        package var leafSize: Int

        /// Puts options together.
        package init(
            source: Int, fingerprint: Fingerprint, computesDigests: Bool,
            computesTrees: Bool = false, leafSize: Int = TreeDigest.usualLeafSize
        ) {
            self.source = source
            self.fingerprint = fingerprint
            self.computesDigests = computesDigests
            self.computesTrees = computesTrees
            self.leafSize = leafSize
        }
    }

    /// What a scan has changed.
    package struct Counts: Hashable, Sendable {
        /// Files that came, went, or have another version.
        package var added = 0
        package var removed = 0
        package var changed = 0
        /// Folders that came or went.
        package var foldersAdded = 0
        package var foldersRemoved = 0
    }

    /// A folder whose digests have to be made anew.
    struct Touched {
        var depth: Int
        /// What its files amount to; nil where that is to be read from the rows.
        var own: FolderState.OwnState?
        /// Whether its files are as they were.
        var isOwnKept = false
    }

    let connection: SQLiteConnection
    let path: String
    let ordinal: Int
    let options: Options
    /// The side file of tree digests, once this scan has a use for it.
    var leafFile: LeafWriter?
    /// The candidate's number: one above the highest published revision.
    package let number: Int
    /// What has changed so far, against the state that the scan began with.
    package internal(set) var counts = Counts()
    var nextID: Int64 = 2
    var touched: [Int64: Touched] = [:]
    /// Latest targets of everything that was reached by a link.
    var links: [Int64: [UInt8]] = [:]
    /// Whether the candidate had rows when this scan began, which may come back or go again.
    var isContinued = false
    var hasDigests = false
    /// Whether any file is known to have several names.
    var hasHardLinks = false
    /// The folder and class that were noted last.
    var lastMarked: (folder: Int64, accessClass: Int64)?
    /// File versions from this number on were never published.
    var firstUnpublished: Int64 = 2
    /// The source of which a file version without a fingerprint has the entry's own size and time.
    var ownSource = 1
    /// Whether there are files that it does not have.
    var ownHasGaps = false

    /// - Parameters:
    ///   - ordinal: the volume's number; a file of another volume is refused.
    ///   - highest: the highest published revision, 0 before the first.
    /// - Throws: `.newerFormat`, `.corrupt`, `.storageFailed`, `.conflict` for a file that belongs
    ///   to another volume.
    package init(path: String, ordinal: Int, highest: Int, options: Options) throws(PerigeeError) {
        number = highest + 1
        self.path = path
        self.ordinal = ordinal
        self.options = options
        connection = try SQLiteConnection(path: path, mode: .creating)
        chmod(path, 0o600)
        try CatalogueSchema.migrate(connection, path: path)
        // FULL: the catalogue has to be durable before control switches to it.
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute("PRAGMA cache_size = -32768")
        try connection.execute("PRAGMA secure_delete = 0")
        try connection.execute("PRAGMA temp_store = FILE")
        try claim(ordinal: ordinal, path: path)
    }

    /// A file made for a volume that was removed must never be taken for its namesake's.
    private func claim(ordinal: Int, path: String) throws(PerigeeError) {
        let known = try meta("ordinal")
        guard known == nil || known == Int64(ordinal) else {
            throw PerigeeError(
                .conflict,
                "the catalogue \(Printable.quoted(path)) belongs to a volume that was removed",
                remedy: "move the file out of the state folder")
        }
        if known == nil { try setMeta("ordinal", Int64(ordinal)) }
    }

    /// Starts the transaction.
    ///
    /// - Throws: `.busy` where another process writes, `.storageFailed`, `.corrupt`; the same
    ///   holds for every call below.
    package func begin() throws(PerigeeError) {
        try connection.execute("BEGIN IMMEDIATE")
        try discard(above: number)
        try checkPublished()
        nextID = try meta("next_id") ?? 2
        isContinued = try hasRows()
        try claimSource()
        if isContinued { try rejoin() }
        if try meta("unpublished_in") == Int64(number) {
            firstUnpublished = try meta("unpublished_from") ?? 2
        } else {
            firstUnpublished = nextID
            try setMeta("unpublished_in", Int64(number))
            try setMeta("unpublished_from", nextID)
        }
        let link = try connection.statement(
            "SELECT id, target FROM link ORDER BY added")
        while try link.step() {
            links[link.integer(0)] = link.optionalArray(1)
        }
        link.reset()
        let digest = try connection.statement("SELECT EXISTS(SELECT 1 FROM digest)")
        hasDigests = try digest.step() && digest.integer(0) != 0
        digest.reset()
        let hardLink = try connection.statement("SELECT EXISTS(SELECT 1 FROM hard_link)")
        hasHardLinks = try hardLink.step() && hardLink.integer(0) != 0
        hardLink.reset()
        try beginTrees()
        try connection.execute(
            """
            CREATE TEMP TABLE IF NOT EXISTS job(
                number INTEGER PRIMARY KEY, kind INTEGER, parent INTEGER, key BLOB, id INTEGER,
                path BLOB, real BLOB, is_below_root INTEGER, size INTEGER, mtime INTEGER,
                changed INTEGER, inode INTEGER, depth INTEGER);
            DELETE FROM temp.job;
            """)
    }

    /// A candidate is made over the highest published revision; where that is not in the file, the
    /// file was lost or cut, and what it would tell of older revisions is gone.
    private func checkPublished() throws(PerigeeError) {
        guard number > 1 else { return }
        let statement = try connection.statement("SELECT 1 FROM revision WHERE number = ?1")
        defer { statement.reset() }
        statement.bind(1, number - 1)
        guard try statement.step() else {
            throw PerigeeError(
                .corrupt, "the catalogue does not hold the published revision r\(number - 1)",
                remedy: "restore the state folder from a backup, or remove the volume and "
                    + "publish it again")
        }
    }

    /// Undoes everything since `begin`.
    package func rollback() {
        if connection.isInTransaction { try? connection.execute("ROLLBACK") }
    }

    /// Whether the candidate differs from the highest published revision in any row.
    func hasRows() throws(PerigeeError) -> Bool {
        // For the first revision there is no index by `added`, and none is needed.
        let sql =
            number == 1
            ? "SELECT EXISTS(SELECT 1 FROM entry)"
            : """
            SELECT EXISTS(SELECT 1 FROM entry WHERE added > 1 AND added = \(number))
                OR EXISTS(SELECT 1 FROM entry WHERE removed IS NOT NULL AND removed = \(number))
            """
        let statement = try connection.statement(text: sql)
        defer { statement.reset() }
        return try statement.step() && statement.integer(0) != 0
    }

    /// Takes back every row and mark above revision `last`: what a control store that was restored
    /// from a backup does not know.
    private func discard(above last: Int) throws(PerigeeError) {
        let newest = try connection.statement("SELECT max(number) FROM revision")
        let isNeeded = try newest.step() && newest.integer(0) > Int64(last)
        newest.reset()
        if isNeeded { try undo(above: last) }
    }

    /// Removes rows with `added` above `last` and marks with `removed` above it.
    func undo(above last: Int) throws(PerigeeError) {
        let condition = last == 0 ? "added > 0" : "added > 1 AND added > \(last)"
        // A row that was split for its class has its version's number, which stays.
        let versions = """
            SELECT id FROM entry AS made WHERE \(condition) AND substr(key, -1) <> X'2F'
                AND NOT EXISTS (
                    SELECT 1 FROM entry WHERE parent = made.parent AND key = made.key
                        AND added < made.added AND id = made.id)
            """
        try connection.execute(
            """
            DELETE FROM digest WHERE id IN (\(versions));
            DELETE FROM leaves WHERE id IN (\(versions));
            DELETE FROM fingerprint WHERE id IN (\(versions));
            DELETE FROM entry WHERE \(condition);
            UPDATE entry SET removed = NULL WHERE removed IS NOT NULL AND removed > \(last);
            DELETE FROM folder_state WHERE added > \(last);
            DELETE FROM link WHERE added > \(last);
            DELETE FROM revision WHERE number > \(last);
            """)
    }

    /// Throws the candidate away.
    package func discardCandidate() throws(PerigeeError) {
        try connection.transaction { () throws(PerigeeError) in
            try undo(above: number - 1)
        }
    }

    func meta(_ key: String) throws(PerigeeError) -> Int64? { try connection.meta(key) }

    func setMeta(_ key: String, _ value: Int64) throws(PerigeeError) {
        let statement = try connection.statement(
            "INSERT INTO meta(key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2")
        statement.bind(1, text: key)
        statement.bind(2, value)
        try statement.run()
    }

    func takeID() throws(PerigeeError) -> Int64 {
        guard nextID <= EntryID.highest.value else {
            throw PerigeeError(
                .storageFailed, "the catalogue has used up its 2^36 entry numbers",
                remedy: "publish the files as a new volume")
        }
        defer { nextID += 1 }
        return nextID
    }
}
