/// Text of foreign origin, made safe for a terminal, a log and an error message.
package enum Printable {
    /// `bytes` between quotes, with control characters, quotes, backslashes and what is no UTF-8 as
    /// escapes, cut after 200 bytes.
    package static func quoted(_ bytes: some Collection<UInt8>) -> String {
        var kept = Array(bytes.prefix(200))
        if bytes.count > kept.count { dropCutCharacter(&kept, before: bytes.dropFirst(200).first) }
        return "'\(escaped(kept))\(bytes.count > 200 ? "…" : "")'"
    }

    /// The same for a string.
    package static func quoted(_ string: String) -> String {
        quoted(Array(string.utf8))
    }

    /// `bytes` with everything that could move a cursor or break a line as `\n`, `\t` or `\xHH`.
    package static func escaped(_ bytes: [UInt8]) -> String {
        let plain = bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != 0x5c && $0 != 0x27 }
        if plain { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return bytes.map { byte in
                byte >= 0x20 && byte < 0x7f && byte != 0x5c && byte != 0x27
                    ? String(UnicodeScalar(byte)) : "\\x\(hex(byte))"
            }.joined()
        }
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\\": out += "\\\\"
            case "'": out += "\\'"
            case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
                out += "\\x\(hex(UInt8(truncatingIfNeeded: scalar.value)))"
            // Marks that reorder text or are invisible let a name look like another.
            case _
            where scalar.value == 0x61c || scalar.value == 0xfeff
                || (0x200b...0x200f).contains(scalar.value)
                || (0x2028...0x202e).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value):
                out += "\\u{\(String(scalar.value, radix: 16))}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// Takes away the start of a character that goes on with `next`.
    private static func dropCutCharacter(_ bytes: inout [UInt8], before next: UInt8?) {
        guard let next, next & 0xc0 == 0x80 else { return }
        // A character has at most four bytes; what is no UTF-8 stays as it is.
        guard let start = bytes.suffix(3).lastIndex(where: { $0 & 0xc0 == 0xc0 }) else { return }
        bytes.removeSubrange(start...)
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0\(text)" : text
    }
}
