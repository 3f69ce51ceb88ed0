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
        let token = String(version.bits, radix: 16)
        let padding = String(repeating: "0", count: 16 - token.count)
        text = "\(padding)\(token)-\(String(size, radix: 16))"
    }

    /// Of a file: from the digest that it is tagged with, where there is one, or its version.
    package init(of entry: Entry, digest: ContentDigest? = nil) {
        self = digest.map { ETag($0) } ?? ETag(version: entry.version, size: entry.size)
    }

    package var description: String { text }
}
