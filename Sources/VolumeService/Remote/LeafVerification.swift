internal import Origins
internal import VolumeModel

/// What the bytes of one version of a file have to be, where their root is not trusted.
struct LeafVerification: Sendable {
    /// The version's digest, out of the catalogue of the revision that is read.
    let digest: TreeDigest
    /// What the file is called in messages.
    let name: [UInt8]
    /// The hashes of its leaves, which give `digest`; not asked for a file of one leaf.
    let leaves: @Sendable () async throws(PerigeeError) -> [UInt8]
    /// Told of a leaf that is not what was published.
    let rejected: @Sendable (_ leaf: Int) -> Void

    /// What tells its blocks in the cache from all others. They lie under the digest that they were
    /// compared with: what was cached while the root was trusted is not found under it.
    func pin(_ version: ObjectVersion) -> [UInt8] {
        Array("tree \(Hex.encode(digest.root)) ".utf8) + version.pin
    }
}
