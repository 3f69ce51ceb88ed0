/// S3's own percent-encoding: unreserved are letters, digits, `-`, `.`, `_` and `~`, everything else
/// is `%XX` in capitals.
///
/// Amazon S3 API reference, "Signature Calculations for the Authorization Header", `UriEncode`.
package enum PercentEncoding {
    /// Appends bytes encoded, with slashes as they are where `keepsSlashes`.
    package static func append(
        _ bytes: some Sequence<UInt8>, keepsSlashes: Bool, to buffer: inout [UInt8]
    ) {
        // What other modules call is not compiled for their types, and would go through the bytes
        // at several times the cost.
        let isDone: Void? = bytes.withContiguousStorageIfAvailable {
            append(storage: $0, keepsSlashes: keepsSlashes, to: &buffer)
        }
        if isDone == nil {
            Array(bytes).withUnsafeBufferPointer {
                append(storage: $0, keepsSlashes: keepsSlashes, to: &buffer)
            }
        }
    }

    private static func append(
        storage bytes: UnsafeBufferPointer<UInt8>, keepsSlashes: Bool, to buffer: inout [UInt8]
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

    /// The bytes that an encoded text stands for; nil where a `%` is not followed by two digits.
    package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(Hex.value),
                let low = iterator.next().flatMap(Hex.value)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
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
