/// The fields of an answer's header, written as they are sent.
///
/// Names and values are our own, or were checked for line ends and other control characters where
/// they came from.
struct HeaderFields: Sendable {
    /// Lines with their ends.
    private(set) var bytes: [UInt8] = []

    /// No fields.
    init() {}

    /// Lines that were written by fields of this kind.
    init(lines: [UInt8]) { bytes = lines }

    /// Adds a field.
    mutating func add(_ name: StaticString, _ value: String) {
        begin(name)
        bytes.append(contentsOf: value.utf8)
        end()
    }

    /// Adds a field whose name is not known beforehand, and whose value has no character that ISO
    /// 8859-1 has not: each becomes one byte.
    mutating func add(latin name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: [UInt8(ascii: ":"), UInt8(ascii: " ")])
        for scalar in value.unicodeScalars {
            bytes.append(UInt8(exactly: scalar.value) ?? UInt8(ascii: "?"))
        }
        end()
    }

    /// Adds a field with a number.
    mutating func add(_ name: StaticString, _ number: Int64) {
        begin(name)
        bytes.append(contentsOf: String(number).utf8)
        end()
    }

    /// Adds whole lines.
    mutating func add(lines: StaticString) {
        lines.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Adds whole lines that were written by fields of this kind.
    mutating func add(lines: [UInt8]) { bytes.append(contentsOf: lines) }

    private mutating func begin(_ name: StaticString) {
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: " "))
    }

    private mutating func end() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}
