package import VolumeModel

/// A file version's tree digest, as a catalogue has it.
package struct KnownTree: Hashable, Sendable {
    /// The digest.
    package let digest: TreeDigest
    /// Where the hashes of its leaves are; nil where there is one or none, or they are lost.
    package let leaves: LeafPlace?
}

/// Tree digests.
extension CatalogueReader {
    /// The tree digest of a file version; nil where the catalogue has none.
    package func tree(of file: EntryID) throws(PerigeeError) -> KnownTree? {
        try begin()
        guard try hasTrees() else { return nil }
        let statement = try connection.statement(
            """
            SELECT digest.tree, digest.leaf, leaves.at, leaves.count, leaves.size FROM digest
            LEFT JOIN leaves ON leaves.id = digest.id WHERE digest.id = ?1
            """)
        defer { statement.reset() }
        statement.bind(1, file.value)
        guard try statement.step(), let root = statement.optionalArray(0) else { return nil }
        guard let digest = TreeDigest(root: root, leafSize: Int(statement.integer(1))) else {
            throw PerigeeError(
                .corrupt, "the catalogue has a tree digest of entry \(file) that is none",
                remedy: "restore the state folder from a backup")
        }
        guard let offset = statement.optionalInteger(2) else {
            return KnownTree(digest: digest, leaves: nil)
        }
        let (count, size) = (Int(statement.integer(3)), statement.integer(4))
        statement.reset()
        let place = LeafPlace(
            file: file, generation: try connection.meta(LeafFile.generationKey) ?? 0,
            offset: offset, count: count, size: size)
        return KnownTree(digest: digest, leaves: place)
    }

    /// The places of leaves in the side file, in the order of their files' numbers, for a check of
    /// the whole.
    ///
    /// - Parameter last: the number of the file before; nil for the first.
    package func leafPlaces(
        after last: EntryID?, limit: Int
    ) throws(PerigeeError) -> [(digest: TreeDigest, place: LeafPlace)] {
        try begin()
        guard try hasTrees() else { return [] }
        let generation = try connection.meta(LeafFile.generationKey) ?? 0
        let statement = try connection.statement(
            """
            SELECT leaves.id, leaves.at, leaves.count, digest.tree, digest.leaf, leaves.size
            FROM leaves
            JOIN digest ON digest.id = leaves.id WHERE leaves.id > ?1
            ORDER BY leaves.id LIMIT ?2
            """)
        defer { statement.reset() }
        statement.bind(1, last?.value ?? Int64.min)
        statement.bind(2, limit)
        var found: [(digest: TreeDigest, place: LeafPlace)] = []
        while try statement.step() {
            guard
                let digest = TreeDigest(
                    root: statement.array(3), leafSize: Int(statement.integer(4)))
            else { continue }
            found.append(
                (
                    digest,
                    LeafPlace(
                        file: EntryID(statement.integer(0)), generation: generation,
                        offset: statement.integer(1), count: Int(statement.integer(2)),
                        size: statement.integer(5))
                ))
        }
        return found
    }

    /// Whether the file is of a format with tree digests.
    func hasTrees() throws(PerigeeError) -> Bool {
        if knowsTrees { return true }
        knowsTrees = try format() >= CatalogueSchema.withTrees
        return knowsTrees
    }
}
