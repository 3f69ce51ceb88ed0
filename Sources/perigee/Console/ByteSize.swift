internal import VolumeModel

/// A number of bytes as a person writes it: `4096`, `16KiB`, `1MiB`, `2GiB`.
enum ByteSize {
    private static let units: [(name: String, bytes: Int)] = [
        ("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]

    /// Reads a size.
    ///
    /// - Throws: `.invalidArgument` where it is none, or not in `range`.
    static func parse(_ text: String, in range: ClosedRange<Int>) throws(PerigeeError) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        let unit = units.first { $0.name == text.dropFirst(digits.count) }
        guard let unit, let count = Int(digits),
            !count.multipliedReportingOverflow(by: unit.bytes).overflow
        else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no number of bytes",
                remedy: "write a whole number, or one with its unit: 4096, 16KiB, 1MiB or 2GiB")
        }
        let size = count * unit.bytes
        guard range.contains(size) else {
            throw PerigeeError(
                .invalidArgument, "the size \(text) is out of bounds",
                remedy: "it is \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))")
        }
        return size
    }

    /// The size as `parse` reads it, in the largest unit that says it exactly.
    static func text(_ size: Int) -> String {
        let unit = units.last { size != 0 && size % $0.bytes == 0 } ?? units[0]
        return "\(size / unit.bytes)\(unit.name)"
    }
}
