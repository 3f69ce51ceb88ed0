internal import BlockCache
internal import ControlStore
internal import Origins
internal import VolumeModel

/// Where one source has the bytes of a file, and by what it tells that version.
struct SourcePlace: Sendable {
    let root: OriginRoot
    /// Below the root: a path, or an object's key.
    let path: [UInt8]
    let version: ObjectVersion
    /// Where the root's fingerprint includes it.
    let inode: UInt64?
    /// How its bytes are checked; nil where the root is trusted.
    let verification: LeafVerification?

    var isRemote: Bool { root.origin.isRemote }

    /// What the file has to look like where it lies in a folder.
    var expected: POSIXRoot.Expected {
        POSIXRoot.Expected(
            size: version.size, modified: version.modified ?? Timestamp(nanoseconds: 0),
            inode: inode)
    }

    /// What its blocks are kept under: each source has its own, so that what one of them gives is
    /// never taken for another's.
    var cacheID: CachedObjectID {
        CachedObjectID(
            root: root.cacheIdentity, key: path,
            version: verification?.pin(version) ?? version.pin, size: version.size)
    }
}

/// Opens files at their sources.
struct SourceOpener: Sendable {
    let roots: OriginRoots
    let remotes: RemoteOrigins
    let cache: NodeCache
    let watch: SourceWatch

    /// Opens a file at one place.
    ///
    /// - Parameters:
    ///   - name: for messages.
    ///   - group: who shares requests with others: the volume.
    /// - Throws: `.stale`, `.originDenied`, `.originUnavailable`, `.timedOut`, `.notADirectory`,
    ///   `.tooManyOpen`, `.cancelled`, and what opening the cache throws.
    func open(
        _ place: SourcePlace, name: [UInt8], group: String
    ) async throws(PerigeeError) -> any FileContent {
        guard place.isRemote else {
            return try await roots.root(place.root)
                .openWaiting(place.path, expecting: place.expected)
        }
        let plain = OriginBlocks(
            origin: try remotes.origin(place.root), key: place.path, version: place.version)
        let blocks: any BlockSource =
            place.verification.map {
                VerifiedBlocks(source: plain, verification: $0, size: place.version.size)
            } ?? plain
        let object = try await cache.cache().open(
            place.cacheID,
            source: WatchedBlocks(blocks: blocks, root: place.root.name, watch: watch),
            group: group)
        return CachedFile(object, name: name)
    }

    /// Whether all of a file's bytes from that place lie in the cache.
    func holdsAll(of place: SourcePlace) async -> Bool {
        guard place.isRemote, let cache = try? cache.cache() else { return false }
        return await cache.holdsAll(of: place.cacheID)
    }
}

extension OriginRoot {
    /// What tells its objects from those of every other root, on this node: where they are, so that
    /// two states and a root that was added again find the same bytes.
    package var cacheIdentity: String {
        "\(origin) at \(remote?.endpoint ?? remote?.region ?? "")"
    }
}
