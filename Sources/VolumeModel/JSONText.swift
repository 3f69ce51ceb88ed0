/// Strings as JSON writes them (RFC 8259, section 7), for those who write JSON by hand because they
/// write a lot of it.
package enum JSONText {
    /// Appends a string with its quotes.
    ///
    /// - Parameter value: UTF-8, of which JSON takes all but quotes, backslashes and control characters
    ///   as it is.
    package static func append(_ value: some Collection<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        let isPlain = value.allSatisfy {
            $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain { bytes.append(contentsOf: value) } else { escape(value, to: &bytes) }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ value: some Collection<UInt8>, to bytes: inout [UInt8]) {
        for byte in value {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(contentsOf: Hex.encode(CollectionOfOne(byte)).utf8)
            default: bytes.append(byte)
            }
        }
    }
}
