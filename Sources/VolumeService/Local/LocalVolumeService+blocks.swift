internal import BlockCache
internal import Catalogue
internal import ControlStore
internal import Logging
internal import Metrics
internal import Origins
internal import VolumeModel

extension LocalVolumeService {
    /// Where the bytes of a file version at a root of another machine come from, and what tells them
    /// in the cache from those of every other version.
    ///
    /// Bytes of a root that is not trusted lie under the digest that they were compared with: what
    /// was cached while the root was trusted is not found under it.
    ///
    /// - Throws: `.unverified` where the root is not trusted and the catalogue has no tree digest;
    ///   `.invalidArgument`, `.originDenied`, and what reading the catalogue throws.
    func blocks(
        of entry: Entry, in snapshot: VolumeSnapshot, from root: OriginRoot, key: [UInt8],
        version: ObjectVersion
    ) throws(PerigeeError) -> (source: any BlockSource, pin: [UInt8]) {
        let plain = OriginBlocks(origin: try remotes.origin(root), key: key, version: version)
        if root.isTrusted { return (plain, version.pin) }
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
        let blocks = VerifiedBlocks(
            source: plain, digest: digest, size: version.size, name: entry.name,
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
        return (blocks, Array("tree \(Hex.encode(digest.root)) ".utf8) + version.pin)
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
