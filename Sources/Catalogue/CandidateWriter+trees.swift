internal import Glibc
internal import VolumeModel

/// Tree digests, and the side file with the hashes of leaves.
extension CandidateWriter {
    /// Whether a known version's content is to be read for what the options ask.
    func wantsHashing(_ id: Int64, size: Int64) throws(PerigeeError) -> Bool {
        if options.computesDigests, try !hasSHA256(id) { return true }
        return options.computesTrees ? try lacksTree(id, size: size) : false
    }

    /// Whether a version's tree digest is unknown, or where its leaves are, which is so after its
    /// side file was lost.
    func lacksTree(_ id: Int64, size: Int64) throws(PerigeeError) -> Bool {
        guard let tree = try tree(id) else { return true }
        let count = TreeDigest.leafCount(of: size, leafSize: tree.leafSize)
        return count > 1 ? try !hasLeaves(id) : false
    }

    /// The tree digest of a version, or nil.
    func tree(_ id: Int64) throws(PerigeeError) -> TreeDigest? {
        guard hasDigests else { return nil }
        let statement = try connection.statement("SELECT tree, leaf FROM digest WHERE id = ?1")
        defer { statement.reset() }
        statement.bind(1, id)
        guard try statement.step(), let root = statement.optionalArray(0) else { return nil }
        return TreeDigest(root: root, leafSize: Int(statement.integer(1)))
    }

    private func hasLeaves(_ id: Int64) throws(PerigeeError) -> Bool {
        let statement = try connection.statement("SELECT 1 FROM leaves WHERE id = ?1")
        defer { statement.reset() }
        statement.bind(1, id)
        return try statement.step()
    }

    /// Stores the tree digest of a version, and its leaves where there is more than one.
    ///
    /// No ETag is made from it: clients know no such digest.
    func setTree(
        _ id: Int64, _ tree: TreeDigest, leaves: [UInt8], size: Int64
    ) throws(PerigeeError) {
        hasDigests = true
        let insert = try connection.statement(
            """
            INSERT INTO digest(id, etag, tree, leaf) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO UPDATE SET tree = ?3, leaf = ?4
            """)
        insert.bind(1, id)
        insert.bind(2, ETagOrigin.token.rawValue)
        insert.bind(3, copying: tree.root)
        insert.bind(4, tree.leafSize)
        try insert.run()
        guard leaves.count > TreeDigest.hashSize else { return }
        let offset = try leafWriter().append(leaves: leaves, of: id)
        let place = try connection.statement(
            "INSERT OR REPLACE INTO leaves(id, at, count, size) VALUES (?1, ?2, ?3, ?4)")
        place.bind(1, id)
        place.bind(2, offset)
        place.bind(3, leaves.count / TreeDigest.hashSize)
        place.bind(4, size)
        try place.run()
    }

    /// Forgets a tree digest whose content turned out to be another than the archive says.
    func dropTree(_ id: Int64) throws(PerigeeError) {
        for sql in [
            "UPDATE digest SET tree = NULL, leaf = NULL WHERE id = ?1",
            "DELETE FROM leaves WHERE id = ?1",
        ] {
            let statement = try connection.statement(text: sql)
            statement.bind(1, id)
            try statement.run()
        }
    }

    /// Looks at the side file before a scan that adds to it: what is lost of it is made again.
    ///
    /// - Throws: `.newerFormat`, `.storageFailed`.
    func beginTrees() throws(PerigeeError) {
        leafFile = nil
        let inUse = try meta(Self.generation)
        // Left by writers that did not commit, or that ended before they could take them away.
        let current = inUse.map { LeafFile.path(catalogue: path, generation: $0) }
        for file in LeafFile.all(catalogue: path) where file != current { unlink(file) }
        guard options.computesTrees, let inUse else { return }
        do throws(PerigeeError) {
            leafFile = try LeafWriter(
                catalogue: path, ordinal: Int64(ordinal), generation: inUse,
                end: try meta(Self.end) ?? 0)
        } catch  where error.code == .notFound || error.code == .corrupt {
            try connection.execute("DELETE FROM leaves")
        }
    }

    /// The side file, made where there is none that is sound.
    private func leafWriter() throws(PerigeeError) -> LeafWriter {
        if let leafFile { return leafFile }
        let made = try LeafWriter(
            making: (try meta(Self.generation) ?? 0) + 1, catalogue: path, ordinal: Int64(ordinal))
        leafFile = made
        return made
    }

    /// Makes durable what was added to the side file, before the catalogue says that it is there.
    ///
    /// - Returns: the file that has no use any more once the catalogue is committed.
    func finishTrees() throws(PerigeeError) -> String? {
        guard let writer = try settledLeafFile() else { return nil }
        try writer.sync()
        let before = try meta(Self.generation)
        try setMeta(Self.generation, writer.generation)
        try setMeta(Self.end, writer.end)
        guard let before, before != writer.generation else { return nil }
        return LeafFile.path(catalogue: path, generation: before)
    }

    /// The side file as it is to be: copied without what no row refers to, where that is more than
    /// half of it.
    private func settledLeafFile() throws(PerigeeError) -> LeafWriter? {
        guard let writer = leafFile else { return nil }
        let total = try connection.statement("SELECT count(*), coalesce(sum(count), 0) FROM leaves")
        _ = try total.step()
        let live =
            total.integer(0) * Int64(LeafFile.recordHeadSize)
            + total.integer(1) * Int64(TreeDigest.hashSize)
        total.reset()
        let garbage = writer.end - Int64(LeafFile.headerSize) - live
        guard garbage > max(live, Self.leastGarbage) else { return writer }
        let made = try LeafWriter(
            making: writer.generation + 1, catalogue: path, ordinal: Int64(ordinal))
        var last = Int64.min
        while let next = try nextLeaves(after: last) {
            last = next.id
            // What is damaged is left out, and hashed again by the next scan with trees.
            guard let leaves = writer.leaves(of: next.id, at: next.offset, count: next.count) else {
                try connection.execute("DELETE FROM leaves WHERE id = \(next.id)")
                continue
            }
            let offset = try made.append(leaves: leaves, of: next.id)
            try connection.execute("UPDATE leaves SET at = \(offset) WHERE id = \(next.id)")
        }
        leafFile = made
        return made
    }

    private func nextLeaves(
        after id: Int64
    ) throws(PerigeeError) -> (id: Int64, offset: Int64, count: Int)? {
        let statement = try connection.statement(
            "SELECT id, at, count FROM leaves WHERE id > ?1 ORDER BY id LIMIT 1")
        defer { statement.reset() }
        statement.bind(1, id)
        guard try statement.step() else { return nil }
        return (statement.integer(0), statement.integer(1), Int(statement.integer(2)))
    }

    private static var generation: String { LeafFile.generationKey }
    private static var end: String { LeafFile.endKey }
    /// Less garbage than this is not worth a copy.
    private static var leastGarbage: Int64 { 1 << 20 }
}

extension LeafFile {
    /// Under what the catalogue's `meta` keeps the generation in use.
    static let generationKey = "leaves_generation"
    /// Under what it keeps where the file ends.
    static let endKey = "leaves_end"
}
