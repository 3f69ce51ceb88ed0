internal import VolumeModel

/// The name of an object's files as 32 bytes.
struct ObjectKey: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Nil where `name` is not 64 hexadecimal digits.
    init?(_ name: some StringProtocol) {
        guard let bytes = Hex.decode(Array(name.utf8)), bytes.count == 32 else { return nil }
        words = bytes.withUnsafeBytes {
            $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
        }
    }

    /// The 64 digits.
    var name: String { withUnsafeBytes(of: words) { Hex.encode($0) } }

    static func == (one: ObjectKey, other: ObjectKey) -> Bool { one.words == other.words }

    func hash(into hasher: inout Hasher) {
        // Bytes of a SHA-256: any eight of them are spread enough.
        hasher.combine(words.0)
    }
}
