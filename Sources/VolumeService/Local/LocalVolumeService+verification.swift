internal import Catalogue
internal import ControlStore
internal import Logging
internal import Metrics
internal import VolumeModel

extension LocalVolumeService {
    /// How bytes of a file are checked that come from a root of another machine; nil where that root is
    /// trusted.
    ///
    /// - Throws: `.unverified` where the catalogue has no tree digest, and what reading it throws.
    func verification(
        of entry: Entry, in snapshot: VolumeSnapshot, from root: OriginRoot, key: [UInt8]
    ) throws(PerigeeError) -> LeafVerification? {
        guard root.origin.isRemote, !root.isTrusted else { return nil }
        let tree = try read(snapshot) { sight throws(PerigeeError) -> KnownTree? in
            if let known = try sight.reader.tree(of: entry.id) { return known }
            // A scan may have found it out since this reader looked last.
            sight.reader.settle()
            return try sight.reader.tree(of: entry.id)
        }
        guard let digest = tree?.digest else {
            throw PerigeeError(
                .unverified,
                "\(Printable.quoted(entry.name)) has no tree digest, and its root \(root.name) is "
                    + "not trusted",
                remedy: "scan the volume with --digest tree from a source that is trusted")
        }
        let logger = logger
        let lists = leafLists
        let load: @Sendable () throws(PerigeeError) -> [UInt8] = {
            [weak self] () throws(PerigeeError) in
            // A service that has gone answers for nothing.
            guard let self else { throw Self.noVolume(snapshot.name) }
            return try self.leaves(of: entry, in: snapshot, digest)
        }
        return LeafVerification(
            digest: digest, name: entry.name,
            leaves: { () async throws(PerigeeError) in
                try await lists.leaves(of: digest, load: load)
            },
            rejected: { leaf in
                Counter(label: MetricNames.rejectedLeaves).increment()
                logger.warning(
                    "an origin sent bytes that are not what was published",
                    metadata: [
                        "root": "\(root.name)", "key": "\(Printable.quoted(key))",
                        "leaf": "\(leaf)", "volume": "\(snapshot.name)",
                    ])
            })
    }

    /// The hashes of a file's leaves, out of the side file.
    private func leaves(
        of entry: Entry, in snapshot: VolumeSnapshot, _ digest: TreeDigest
    ) throws(PerigeeError) -> [UInt8] {
        let catalogue = folder.catalogue(for: snapshot.name)
        func read(isLast: Bool) throws(PerigeeError) -> [UInt8] {
            let tree = try self.read(snapshot) { sight throws(PerigeeError) in
                // A scan may have put another side file in the place of the one that was known.
                sight.reader.settle()
                return try sight.reader.tree(of: entry.id)
            }
            guard let place = tree?.leaves, place.size == entry.size, tree?.digest == digest else {
                throw PerigeeError(
                    .unverified,
                    "the hashes of the leaves of \(Printable.quoted(entry.name)) are lost",
                    remedy: "scan the volume with --digest tree, which makes them anew")
            }
            do throws(PerigeeError) {
                return try LeafFile.leaves(at: place, catalogue: catalogue, of: digest)
            } catch  where error.code == .notFound {
                if !isLast { return try read(isLast: true) }
                throw PerigeeError(
                    .corrupt, error.message, remedy: error.remedy, cause: error.cause)
            }
        }
        return try read(isLast: false)
    }
}
