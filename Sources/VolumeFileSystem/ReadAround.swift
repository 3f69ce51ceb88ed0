package import VolumeModel

/// Which part of an open file is worth having whole, judged from the small reads that the kernel
/// could not answer from its pages.
///
/// Cut-outs, chunk indexes and tables are read in small pieces that lie close together, and each
/// piece costs a round trip through this process. The file is cut into windows; the second small
/// read within one says that the window should be brought in. To bring it in costs about as much as
/// two round trips, so however the reads fall, no more than twice the least is spent; reads that
/// never come back to a window bring nothing in.
package struct ReadAround: Sendable {
    /// The size of a window in bytes.
    package static let window = 128 << 10
    /// Longer reads pay for their round trip themselves, and are the kernel's own read-ahead.
    package static let smallRead = 16 << 10
    /// How many windows are remembered: 2 GiB of a file that is read all over.
    static let remembered = 16_384

    /// The windows that one small read fell into.
    private var once: Set<Int64> = []

    package init() {}

    /// Takes note of a read that reached this process.
    ///
    /// - Parameter size: of the file.
    /// - Returns: the window to bring in now, cut at the end of the file.
    package mutating func read(_ range: ByteRange, ofSize size: Int64) -> ByteRange? {
        guard size > Int64(Self.window), range.count > 0, range.count <= Self.smallRead,
            range.offset < size
        else { return nil }
        let number = range.offset / Int64(Self.window)
        guard once.remove(number) != nil else {
            if once.count == Self.remembered { once.removeAll(keepingCapacity: true) }
            once.insert(number)
            return nil
        }
        return ByteRange(offset: number * Int64(Self.window), count: Self.window)?
            .clamped(toSize: size)
    }
}
