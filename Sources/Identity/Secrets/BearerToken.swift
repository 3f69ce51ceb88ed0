internal import VolumeModel

/// An opaque token: `pgt_` and 43 digits of base64url, of 32 random bytes.
///
/// With 256 random bits there is nothing to guess, so a plain hash is all that has to be stored.
enum BearerToken {
    private static let prefix = "pgt_"
    private static let randomBytes = 32
    /// Bytes of the whole.
    static let length = 47
    /// Bytes above which a text is not even looked at.
    static let longestInput = 256

    /// A new one.
    static func random() -> Secret { Secret(prefix: prefix, randomBytes: randomBytes) }

    /// What is stored of the token that `text` is, or nil where it has not the form of one.
    static func hash(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count <= longestInput, text.count == length,
            text.starts(with: prefix.utf8),
            text.dropFirst(prefix.utf8.count).allSatisfy({ Base64URL.isDigit($0) })
        else { return nil }
        var hash = FramedHash(domain: "perigee.token.1")
        hash.update(counted: text)
        return hash.finalize()
    }
}
