/// RFC 4648, section 5, without padding: text that stands unquoted in a URL, a header and a shell.
enum Base64URL {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Four digits for three bytes, two or three for what is left.
    static func encode(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0...group.count { text.append(digits[bits >> (18 - 6 * index) & 63]) }
        }
        return text
    }

    /// Whether `byte` is one of the 64 digits.
    static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// RFC 4648, section 6, without padding: capitals and digits that nobody takes for one another.
enum Base32 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// Eight digits for five bytes, of which there are a multiple.
    static func encode(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 5) {
            let bits = bytes[start..<start + 5].reduce(0) { $0 << 8 | Int($1) }
            for shift in stride(from: 35, through: 0, by: -5) {
                text.append(digits[bits >> shift & 31])
            }
        }
        return text
    }

    /// Whether `byte` is one of the 32 digits.
    static func isDigit(_ byte: UInt8) -> Bool { digits.contains(byte) }
}
