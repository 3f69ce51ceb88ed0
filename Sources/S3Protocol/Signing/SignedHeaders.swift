/// The names of the fields that a signature covers: in lower case, with `;` between them.
package struct SignedHeaders: Hashable, Sendable, CustomStringConvertible {
    /// The most names in a list.
    package static let most = 256

    /// The list as it was sent.
    let bytes: ArraySlice<UInt8>
    /// Where each name stands in it.
    let names: [Range<Int>]

    /// Reads a list; nil for one with an empty name, with a name twice, with more than `most`, or with
    /// what no field's name in lower case has. A colon or a line's end in a name would let two
    /// requests have one canonical form.
    package init?(_ list: ArraySlice<UInt8>) {
        var names: [Range<Int>] = []
        names.reserveCapacity(8)
        var start = list.startIndex
        var isAscending = true
        for index in list.startIndex...list.endIndex {
            if index < list.endIndex, list[index] != UInt8(ascii: ";") {
                guard Self.isAllowed(list[index]) else { return nil }
                continue
            }
            guard index > start, names.count < Self.most else { return nil }
            if let last = names.last {
                isAscending =
                    isAscending && list[last].lexicographicallyPrecedes(list[start..<index])
            }
            names.append(start..<index)
            start = index + 1
        }
        // Signers sort the list, so that nothing is twice in it is seen along the way.
        if !isAscending, Set(names.map { list[$0] }).count < names.count { return nil }
        bytes = list
        self.names = names
    }

    /// A list of the host alone, which is what a presigned URL needs.
    static let host = SignedHeaders(name: "host")

    private init(name: String) {
        bytes = Array(name.utf8)[...]
        names = [bytes.indices]
    }

    package var description: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether a field's name, as it was sent, is in the list.
    func contains(_ field: RequestHeader.Field, of header: RequestHeader) -> Bool {
        names.contains { header.isNamed(field, bytes[$0]) }
    }

    /// Whether the host is in the list.
    var hasHost: Bool {
        names.contains { $0.count == 4 && bytes[$0].elementsEqual("host".utf8) }
    }

    /// Whether a byte is one of a token (RFC 9110) and no capital.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "!"),
            UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
