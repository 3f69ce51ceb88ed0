internal import VolumeModel

/// A number of bytes as a person writes it: `4096`, `16KiB`, `1MiB`, `2GiB`.
enum ByteSize {
    private static let units: [(name: String, factor: Int64)] = [
        ("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]

    /// Reads a size.
    ///
    /// - Throws: `.invalidArgument` where it is none, or not in `range`.
    static func parse(_ text: String, in range: ClosedRange<Int>) throws(PerigeeError) -> Int {
        guard let number = UnitNumber.parse(text, units) else {
            throw PerigeeError(
                .invalidArgument, "\(Printable.quoted(text)) is no number of bytes",
                remedy: "write a whole number, or one with its unit: 4096, 16KiB, 1MiB or 2GiB")
        }
        let size = Int(number)
        guard range.contains(size) else {
            throw PerigeeError(
                .invalidArgument, "the size \(text) is out of bounds",
                remedy: "it is \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))")
        }
        return size
    }

    /// The size as `parse` reads it, in the largest unit that says it exactly.
    static func text(_ size: Int) -> String {
        UnitNumber.text(Int64(size), units)
    }
}
