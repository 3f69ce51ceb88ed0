internal import Crypto
internal import VolumeModel

/// One version of one object of an origin: what blocks are kept under.
///
/// Never a path of a volume, which can lead to other bytes tomorrow, and never a digest that
/// somebody only claims: whoever can name the version has read it from this root.
package struct CachedObjectID: Hashable, Sendable {
    /// The unique identity of the origin's root.
    package let root: String
    /// The object's key at that root.
    package let key: [UInt8]
    /// What pins one version of it, in the origin's own terms; only compared.
    package let version: [UInt8]
    /// Bytes.
    package let size: Int64

    /// Names one version.
    package init(root: String, key: [UInt8], version: [UInt8], size: Int64) {
        self.root = root
        self.key = key
        self.version = version
        self.size = size
    }

    /// The name of its files: SHA-256 over the domain and all four, in hexadecimal.
    package var fileName: String {
        var hash = SHA256()
        hash.update(data: Array("perigee.cached-object.1".utf8) + [0])
        for part in [Array(root.utf8), key, version] {
            hash.update(data: Self.bytes(of: UInt32(truncatingIfNeeded: part.count)))
            hash.update(data: part)
        }
        hash.update(data: Self.bytes(of: UInt64(bitPattern: size)))
        return Hex.encode(hash.finalize())
    }

    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
