/// Lower-case hexadecimal.
///
/// Other modules call it for every request. What is generic goes on at once in code that is compiled
/// for bytes in memory: in another module even what may be inlined is not made anew for its types.
package enum Hex {
    /// The digit of a number from 0 to 15.
    @inlinable
    package static func digit(_ number: UInt8) -> UInt8 {
        number < 10 ? UInt8(ascii: "0") + number : UInt8(ascii: "a") - 10 + number
    }

    /// Two digits for each byte.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        append(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends two digits for each byte.
    package static func append(_ bytes: some Sequence<UInt8>, to text: inout [UInt8]) {
        let isDone: Void? = bytes.withContiguousStorageIfAvailable {
            append(storage: $0, to: &text)
        }
        if isDone == nil {
            Array(bytes).withUnsafeBufferPointer { append(storage: $0, to: &text) }
        }
    }

    private static func append(storage bytes: UnsafeBufferPointer<UInt8>, to text: inout [UInt8]) {
        for byte in bytes {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
    }

    /// Whether `character` is a digit of either case.
    package static func isDigit(_ character: UInt8) -> Bool { value(character) != nil }

    /// The bytes, or nil where `text` is not an even number of hexadecimal digits of either case.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let decoded: [UInt8]?? = text.withContiguousStorageIfAvailable { decode(storage: $0) }
        return decoded ?? Array(text).withUnsafeBufferPointer { decode(storage: $0) }
    }

    private static func decode(storage text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var high: UInt8?
        for character in text {
            guard let nibble = value(character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return bytes
    }

    /// What a digit of either case stands for, or nil.
    @inlinable
    package static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
