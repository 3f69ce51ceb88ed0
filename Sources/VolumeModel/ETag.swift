/// An entity tag (RFC 9110, 8.8.3), strong, without its quotes.
///
/// From content where a digest was known when the version was first scanned: the MD5 in hexadecimal
/// (32 digits, as S3 clients expect of exactly that), or else the SHA-256 (64 digits). Without a
/// digest: the version token in 16 hexadecimal digits, a dash, and the size in hexadecimal, which is
/// never 32 digits.
package struct ETag: Hashable, Sendable, CustomStringConvertible {
    /// The text between the quotes.
    package let text: String

    /// Of content with a known digest.
    package init(_ digest: ContentDigest) {
        text = Hex.encode(digest.bytes)
    }

    /// Of a version known by its token and size (bytes).
    package init(version: VersionToken, size: Int64) {
        // A listing makes one for each of its rows, so it is written in one go.
        text = String(unsafeUninitializedCapacity: 34) { space in
            var count = 0
            for shift in stride(from: 60, through: 0, by: -4) {
                space[count] = Hex.digit(UInt8(version.bits >> UInt64(shift) & 15))
                count += 1
            }
            space[count] = UInt8(ascii: "-")
            count += 1
            let size = UInt64(bitPattern: size)
            let digits = max(1, (64 - size.leadingZeroBitCount + 3) / 4)
            for shift in stride(from: 4 * (digits - 1), through: 0, by: -4) {
                space[count] = Hex.digit(UInt8(size >> UInt64(shift) & 15))
                count += 1
            }
            return count
        }
    }

    /// Of a file: from the digest that it is tagged with, where there is one, or its version.
    package init(of entry: Entry, digest: ContentDigest? = nil) {
        self = digest.map { ETag($0) } ?? ETag(version: entry.version, size: entry.size)
    }

    package var description: String { text }
}
