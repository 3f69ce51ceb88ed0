/// S3's own percent-encoding: unreserved are letters, digits, `-`, `.`, `_` and `~`, everything else
/// is `%XX` in capitals.
///
/// Amazon S3 API reference, "Signature Calculations for the Authorization Header", `UriEncode`.
package enum PercentEncoding {
    /// Appends bytes encoded, with slashes as they are where `keepsSlashes`.
    package static func append(
        _ bytes: some Sequence<UInt8>, keepsSlashes: Bool, to buffer: inout [UInt8]
    ) {
        let isUnreserved = isUnreserved
        for byte in bytes {
            if isUnreserved[Int(byte)] || (keepsSlashes && byte == UInt8(ascii: "/")) {
                buffer.append(byte)
            } else {
                buffer.append(UInt8(ascii: "%"))
                buffer.append(capitals[Int(byte >> 4)])
                buffer.append(capitals[Int(byte & 15)])
            }
        }
    }

    private static let capitals = Array("0123456789ABCDEF".utf8)
    private static let isUnreserved: [Bool] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
