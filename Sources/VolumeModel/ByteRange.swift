extension Int64 {
    /// Adds bytes to a total of them, which ends at the highest number: sparse files can have sizes
    /// whose sum has none.
    package mutating func add(bytes: Int64) {
        let (sum, isTooLarge) = addingReportingOverflow(bytes)
        self = isTooLarge ? .max : sum
    }
}

/// Bytes of a file: where they start and how many.
package struct ByteRange: Hashable, Sendable {
    /// The first byte's position, 0 or more.
    package let offset: Int64
    /// How many bytes, 0 or more; `offset + count` never overflows.
    package let count: Int

    /// Nil where a number is negative or their sum overflows.
    package init?(offset: Int64, count: Int) {
        guard offset >= 0, count >= 0, !offset.addingReportingOverflow(Int64(count)).overflow
        else { return nil }
        self.offset = offset
        self.count = count
    }

    /// The part of it that a file of `size` bytes has.
    package func clamped(toSize size: Int64) -> ByteRange {
        let start = min(offset, size)
        return ByteRange(
            uncheckedOffset: start, count: Int(min(Int64(count), size - start)))
    }

    private init(uncheckedOffset offset: Int64, count: Int) {
        self.offset = offset
        self.count = count
    }
}
