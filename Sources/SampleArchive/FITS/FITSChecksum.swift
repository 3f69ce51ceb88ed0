/// The ones'-complement sum of an HDU and its encoding: FITS Standard 4.0, section 4.4.2.7 and
/// appendix J.
struct FITSChecksum {
    private(set) var sum: UInt32 = 0
    /// Bytes of the last, incomplete word.
    private var phase = 0

    /// Adds bytes that follow the ones before. Runs may have any length.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var total = UInt64(sum)
        var index = 0
        while phase != 0, index < bytes.count {
            addByte(bytes[index], to: &total)
            index += 1
        }
        while index + 4 <= bytes.count {
            total += UInt64(
                UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)))
            index += 4
        }
        while index < bytes.count {
            addByte(bytes[index], to: &total)
            index += 1
        }
        // The carries go back in at the bottom.
        while total >> 32 != 0 {
            total = (total & 0xFFFF_FFFF) + (total >> 32)
        }
        sum = UInt32(total)
    }

    /// The next bytes begin a word, whatever came before.
    mutating func endOfUnit() {
        phase = 0
    }

    mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { add($0) }
    }

    /// The sixteen characters that make the sum of the whole HDU minus zero, where
    /// `CHECKSUM= '0000000000000000'` stood.
    var encodedComplement: String {
        let value = ~sum
        var text = [UInt8](repeating: 0, count: 16)
        for index in 0..<4 {
            let byte = Int(value >> UInt32(24 - 8 * index) & 0xFF)
            var parts = [Int](repeating: byte / 4 + 0x30, count: 4)
            parts[0] += byte % 4
            // Punctuation is moved to letters and digits; the sum of each pair stays.
            while let bad = [0, 2].first(where: {
                Self.isPunctuation(parts[$0]) || Self.isPunctuation(parts[$0 + 1])
            }) {
                parts[bad] += 1
                parts[bad + 1] -= 1
            }
            for part in 0..<4 {
                // The value begins at column 12, one byte off a word: hence the turn by one.
                text[(4 * part + index + 1) % 16] = UInt8(parts[part])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isPunctuation(_ character: Int) -> Bool {
        (0x3A...0x40).contains(character) || (0x5B...0x60).contains(character)
    }

    private mutating func addByte(_ byte: UInt8, to total: inout UInt64) {
        total += UInt64(byte) << UInt64(24 - 8 * phase)
        phase = (phase + 1) % 4
    }
}
