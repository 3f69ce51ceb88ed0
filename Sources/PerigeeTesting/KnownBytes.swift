/// Bytes that can be told from an object's name and their position alone, so that a test need not
/// hold them.
package struct KnownBytes: Sendable {
    private let seed: UInt64

    /// - Parameters:
    ///   - key: the object's.
    ///   - version: another one has other bytes.
    package init(_ key: some Sequence<UInt8>, version: some Sequence<UInt8> = []) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in Array(key) + [0] + Array(version) {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        seed = hash
    }

    /// The bytes at these positions.
    package func bytes(_ range: Range<Int64>) -> [UInt8] {
        let first = range.lowerBound / 8
        let words = [UInt64](unsafeUninitializedCapacity: range.count / 8 + 2) { words, count in
            for index in 0..<range.count / 8 + 2 {
                let word = UInt64(bitPattern: first &+ Int64(index))
                let mixed = (word &+ seed) &* 0x9e37_79b9_7f4a_7c15
                words[index] = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            }
            count = range.count / 8 + 2
        }
        return words.withUnsafeBytes {
            Array($0[Int(range.lowerBound % 8)...].prefix(range.count))
        }
    }
}
