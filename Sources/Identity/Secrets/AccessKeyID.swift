internal import Crypto

/// The public half of a key: `PGKA` and sixteen digits of base32.
///
/// Twenty characters, as S3 clients are used to; eighty random bits, so none comes twice.
enum AccessKeyID {
    private static let prefix = Array("PGKA".utf8)
    private static let randomBytes = 10
    /// Bytes of the whole.
    static let length = 20

    /// A new one.
    static func random() -> String {
        let random = SymmetricKey(size: SymmetricKeySize(bitCount: randomBytes * 8))
        return String(
            decoding: prefix + random.withUnsafeBytes { Base32.encode($0) }, as: UTF8.self)
    }

    /// Whether `text` has the form of one.
    static func isOne(_ text: String) -> Bool {
        let bytes = text.utf8
        return bytes.count == length && bytes.starts(with: prefix)
            && bytes.dropFirst(prefix.count).allSatisfy { Base32.isDigit($0) }
    }
}
