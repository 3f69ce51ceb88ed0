internal import Crypto

/// The algorithms of content digests.
package enum DigestAlgorithm: String, Sendable, CaseIterable {
    case sha256
    case md5
    /// The root of a `TreeDigest`: Perigee's own, which no archive hands out.
    case tree = "sha256-tree"

    /// Bytes of a digest.
    package var byteCount: Int {
        switch self {
        case .sha256, .tree: 32
        case .md5: 16
        }
    }
}

/// A digest of a file's content.
package struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
    /// How it was made.
    package let algorithm: DigestAlgorithm
    /// Its bytes, `algorithm.byteCount` of them.
    package let bytes: [UInt8]

    /// Nil where the number of bytes is not the algorithm's.
    package init?(_ algorithm: DigestAlgorithm, _ bytes: [UInt8]) {
        guard bytes.count == algorithm.byteCount else { return nil }
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// `sha256:` and hexadecimal.
    package var description: String { "\(algorithm.rawValue):\(Hex.encode(bytes))" }
}

/// SHA-256 with the framing that Perigee's own formats use: a domain first, so that no digest of
/// one format is ever one of another, and numbers as fixed-size big-endian bytes.
package struct FramedHash: ~Copyable {
    private var hasher = SHA256()

    /// Starts with the domain's ASCII bytes and a zero byte.
    package init(domain: StaticString) {
        domain.withUTF8Buffer { hasher.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        update(byte: 0)
    }

    /// Adds one byte.
    package mutating func update(byte: UInt8) {
        withUnsafeBytes(of: byte) { hasher.update(bufferPointer: $0) }
    }

    /// Adds eight bytes, the highest first.
    package mutating func update(_ number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { hasher.update(bufferPointer: $0) }
    }

    /// Adds four numbers at once: the hasher's calls cost more than the hashing.
    package mutating func update(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) {
        withUnsafeBytes(of: (a.bigEndian, b.bigEndian, c.bigEndian, d.bigEndian)) {
            hasher.update(bufferPointer: $0)
        }
    }

    /// Adds a number in two's complement, as eight bytes, the highest first.
    package mutating func update(_ number: Int64) {
        update(UInt64(bitPattern: number))
    }

    /// Adds the count as four bytes, the highest first, and then the bytes.
    package mutating func update(counted bytes: UnsafeRawBufferPointer) {
        withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { hasher.update(bufferPointer: $0) }
        hasher.update(bufferPointer: bytes)
    }

    /// Adds bytes whose number the format fixes.
    package mutating func update(fixed bytes: [UInt8]) {
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    }

    /// The 32 bytes.
    package consuming func finalize() -> [UInt8] {
        Array(hasher.finalize())
    }

    /// The first eight of them.
    package consuming func finalizePrefix() -> UInt64 {
        hasher.finalize().withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
    }
}
