/// Base 64 (RFC 4648, 4).
package enum Base64 {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of bytes, with its padding.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let part = rest.prefix(3)
            rest = rest.dropFirst(3)
            var bits = 0
            for index in 0..<3 {
                bits = bits << 8 | (index < part.count ? Int(part[part.startIndex + index]) : 0)
            }
            for index in 0..<4 {
                text.append(
                    index <= part.count
                        ? digits[bits >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text with its padding, or nil where it is none.
    package static func decode(_ text: String) -> [UInt8]? {
        let text = Array(text.utf8)
        guard text.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        for start in stride(from: 0, to: text.count, by: 4) {
            var bits = 0
            var padding = 0
            for digit in text[start..<(start + 4)] {
                if digit == UInt8(ascii: "="), start + 4 == text.count, padding < 2 {
                    padding += 1
                    bits <<= 6
                } else {
                    guard padding == 0, let value = digits.firstIndex(of: digit) else { return nil }
                    bits = bits << 6 | value
                }
            }
            for index in 0..<(3 - padding) { bytes.append(UInt8(bits >> (16 - 8 * index) & 255)) }
        }
        return bytes
    }
}
