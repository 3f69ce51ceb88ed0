/// The cyclic redundancy check of gzip: RFC 1952, section 8.
struct CRC32 {
    private static let table: [UInt32] = (0..<256).map { (index: UInt32) in
        (0..<8).reduce(index) { value, _ in
            value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
        }
    }

    private var state: UInt32 = 0xFFFF_FFFF

    var value: UInt32 { ~state }

    mutating func update(_ bytes: [UInt8]) {
        var current = state
        Self.table.withUnsafeBufferPointer { table in
            for byte in bytes {
                current = table[Int((current ^ UInt32(byte)) & 0xFF)] ^ (current >> 8)
            }
        }
        state = current
    }
}
