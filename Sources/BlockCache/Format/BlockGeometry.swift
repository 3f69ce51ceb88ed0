/// How an object is cut into blocks.
package struct BlockGeometry: Hashable, Sendable {
    /// Bytes of a block; the last one of an object may be shorter.
    package static let blockSize = 65_536

    /// Bytes of the object.
    package let size: Int64

    /// - Parameter size: bytes of the object, 0 or more.
    package init(size: Int64) { self.size = size }

    /// How many blocks there are; none in an object of 0 bytes.
    package var count: Int {
        Int(size / Int64(Self.blockSize)) + (size % Int64(Self.blockSize) == 0 ? 0 : 1)
    }

    /// The bytes of one block.
    package func bytes(of block: Int) -> Range<Int64> {
        let start = Int64(block) * Int64(Self.blockSize)
        return start..<min(start + Int64(Self.blockSize), size)
    }

    /// The bytes of neighbouring blocks.
    package func bytes(of blocks: Range<Int>) -> Range<Int64> {
        let start = Int64(blocks.lowerBound) * Int64(Self.blockSize)
        return start..<min(Int64(blocks.upperBound) * Int64(Self.blockSize), size)
    }

    /// The blocks that a range touches, as far as the object has them.
    package func blocks(of range: Range<Int64>) -> Range<Int> {
        let range = range.clamped(to: 0..<size)
        guard !range.isEmpty else { return 0..<0 }
        let first = Int(range.lowerBound / Int64(Self.blockSize))
        return first..<Int((range.upperBound - 1) / Int64(Self.blockSize)) + 1
    }
}
