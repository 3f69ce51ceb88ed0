internal import VolumeModel

/// How keys stand in a listing's document (`encoding-type`).
package enum KeyEncoding: Hashable, Sendable {
    /// As they are.
    case plain
    /// Percent-encoded, so that XML has nothing to say about any byte.
    case url

    /// A key in this encoding.
    func encoded(_ key: [UInt8]) -> [UInt8] {
        switch self {
        case .plain: return key
        case .url:
            var encoded: [UInt8] = []
            encoded.reserveCapacity(key.count + key.count / 4)
            PercentEncoding.append(key, keepsSlashes: true, to: &encoded)
            return encoded
        }
    }
}
