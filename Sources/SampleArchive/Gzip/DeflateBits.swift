/// The bit stream of one deflate block with fixed Huffman codes: RFC 1951, sections 3.1 and 3.2.6.
struct DeflateBits {
    /// Whole bytes that are ready.
    var bytes: [UInt8] = []
    private var buffer: UInt64 = 0
    private var count = 0

    /// A code as it goes into the stream: Huffman codes start with their most significant bit,
    /// everything else with its least, hence the reversal.
    private struct Code {
        let bits: UInt64
        let length: Int

        init(_ code: Int, length: Int) {
            var reversed: UInt64 = 0
            for position in 0..<length where code >> position & 1 == 1 {
                reversed |= 1 << UInt64(length - 1 - position)
            }
            bits = reversed
            self.length = length
        }
    }

    private static let symbols: [Code] = (0..<288).map { symbol in
        switch symbol {
        case 0..<144: Code(0x30 + symbol, length: 8)
        case 144..<256: Code(0x190 + symbol - 144, length: 9)
        case 256..<280: Code(symbol - 256, length: 7)
        default: Code(0xC0 + symbol - 280, length: 8)
        }
    }

    private static let distances: [Code] = (0..<30).map { Code($0, length: 5) }

    mutating func literal(_ byte: UInt8) {
        put(Self.symbols[Int(byte)])
    }

    mutating func endOfBlock() {
        put(Self.symbols[256])
    }

    /// A repetition of 3 to 258 bytes from 1 to 32768 bytes ago.
    mutating func match(length: Int, distance: Int) {
        let excess = length - 3
        if length == 258 {
            put(Self.symbols[285])
        } else if excess < 8 {
            put(Self.symbols[257 + excess])
        } else {
            // Four codes to each power of two; the bits below the top three are extra.
            let power = Int.bitWidth - 1 - excess.leadingZeroBitCount
            put(Self.symbols[257 + 4 * (power - 1) + (excess >> (power - 2) & 3)])
            put(UInt64(excess & ((1 << (power - 2)) - 1)), length: power - 2)
        }
        let back = distance - 1
        if back < 2 {
            put(Self.distances[back])
        } else {
            // Two codes to each power of two.
            let power = Int.bitWidth - 1 - back.leadingZeroBitCount
            put(Self.distances[2 * power + (back >> (power - 1) & 1)])
            put(UInt64(back & ((1 << (power - 1)) - 1)), length: power - 1)
        }
    }

    mutating func put(_ bits: UInt64, length: Int) {
        buffer |= bits << UInt64(count)
        count += length
        while count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: buffer))
            buffer >>= 8
            count -= 8
        }
    }

    /// Fills the last byte with zeros.
    mutating func align() {
        if count > 0 {
            put(0, length: 8 - count)
        }
    }

    private mutating func put(_ code: Code) {
        put(code.bits, length: code.length)
    }
}
