internal import Crypto

/// Text that opens a door: an access key's secret, a token. It never prints.
///
/// Kept as swift-crypto keeps keys: wiped when the last copy goes, and compared in a time that does
/// not depend on where two of a length differ.
package struct Secret: Sendable, Equatable {
    private let key: SymmetricKey

    /// Wraps the bytes of a text.
    package init(_ bytes: some Sequence<UInt8>) {
        key = SymmetricKey(data: Array(bytes))
    }

    /// So many random bytes, as text in base64url without padding, behind a prefix.
    init(prefix: String = "", randomBytes count: Int) {
        let random = SymmetricKey(size: SymmetricKeySize(bitCount: count * 8))
        self.init(Array(prefix.utf8) + random.withUnsafeBytes { Base64URL.encode($0) })
    }

    package static func == (left: Self, right: Self) -> Bool { left.key == right.key }

    /// The text itself, for the one who is to have it.
    package func reveal() -> String { withBytes { String(decoding: $0, as: UTF8.self) } }

    /// Gives `body` the bytes, which it must not keep.
    package func withBytes<Result, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // SymmetricKey's own rethrows any error, which is `body`'s.
        let result = key.withUnsafeBytes { bytes in
            Swift.Result { () throws(Failure) in try body(bytes) }
        }
        return try result.get()
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Comparison whose time tells nothing but the lengths.
enum ConstantTime {
    /// Whether two sequences of bytes are the same.
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        SymmetricKey(data: left) == SymmetricKey(data: right)
    }
}
