/// A gzip stream of one member: RFC 1952 around one deflate block of RFC 1951.
///
/// It looks for repetitions at the last place where the same four bytes stood, and codes with the
/// fixed Huffman tables: enough to make sparse planes and headers small, and the same on every
/// machine, which a system library does not promise.
struct GzipEncoder {
    private static let windowBytes = 32_768
    private static let hashBits = 15

    private var bits = DeflateBits()
    private var crc = CRC32()
    private var size: UInt32 = 0
    /// The last 32 KiB that were coded, then what is not coded yet.
    private var window: [UInt8] = []
    private var coded = 0
    /// By hash of four bytes, where they stood last in the window; -1 for nowhere.
    private var heads = [Int32](repeating: -1, count: 1 << hashBits)

    /// - Parameters:
    ///   - name: The file's name without `.gz`, in Latin-1.
    ///   - modified: Seconds since 1970.
    init(name: String, modified: Int) {
        let time = UInt32(truncatingIfNeeded: modified)
        bits.bytes = [0x1F, 0x8B, 8, 0x08]  // magic, deflate, FNAME follows
        bits.bytes += (0..<4).map { UInt8(truncatingIfNeeded: time >> ($0 * 8)) }
        bits.bytes += [0, 3]  // no special level, Unix
        bits.bytes += name.utf8 + [0]
        bits.put(1, length: 1)  // the last block, which is the only one
        bits.put(1, length: 2)  // with fixed codes
    }

    mutating func write(_ bytes: [UInt8]) {
        crc.update(bytes)
        size &+= UInt32(truncatingIfNeeded: bytes.count)
        window += bytes
        if window.count - coded >= 2 * Self.windowBytes {
            encode()
        }
    }

    /// Moves what is ready to the end of `output`.
    mutating func drain(into output: inout [UInt8]) {
        output += bits.bytes
        bits.bytes.removeAll(keepingCapacity: true)
    }

    mutating func finish() {
        encode()
        bits.endOfBlock()
        bits.align()
        for word in [crc.value, size] {
            bits.put(UInt64(word), length: 32)
        }
    }

    private mutating func encode() {
        let bytes = window
        var position = coded
        while position < bytes.count {
            let length = matchLength(at: position, in: bytes)
            if let (from, count) = length {
                bits.match(length: count, distance: position - from)
                position += count
            } else {
                bits.literal(bytes[position])
                position += 1
            }
        }
        slide()
    }

    /// The longest repetition that begins where the same four bytes stood last.
    private mutating func matchLength(
        at position: Int, in bytes: [UInt8]
    ) -> (from: Int, count: Int)? {
        guard position + 4 <= bytes.count else { return nil }
        let word =
            UInt32(bytes[position]) | UInt32(bytes[position + 1]) << 8
            | UInt32(bytes[position + 2]) << 16 | UInt32(bytes[position + 3]) << 24
        let hash = Int((word &* 0x9E37_79B1) >> UInt32(32 - Self.hashBits))
        let from = Int(heads[hash])
        heads[hash] = Int32(position)
        guard from >= 0, position - from <= Self.windowBytes else { return nil }
        let limit = min(258, bytes.count - position)
        var count = 0
        while count < limit, bytes[from + count] == bytes[position + count] {
            count += 1
        }
        return count >= 4 ? (from, count) : nil
    }

    private mutating func slide() {
        let surplus = max(0, window.count - Self.windowBytes)
        window.removeFirst(surplus)
        coded = window.count
        for index in heads.indices {
            heads[index] = max(-1, heads[index] - Int32(surplus))
        }
    }
}
