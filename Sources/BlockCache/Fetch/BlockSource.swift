package import VolumeModel

/// Where the bytes of one object version come from when the cache does not have them.
package protocol BlockSource: Sendable {
    /// Bytes that it fetches at least, from a multiple of them on: a power of two, and a block or
    /// more. The cache asks for all of them, so that none come in vain.
    var unit: Int { get }

    /// Fetches exactly the bytes of `range` of the pinned version.
    ///
    /// `deliver` is called with one piece after the other, in order and never two at once, from any
    /// thread, before this returns. Pieces come as they arrive, so that blocks can be used before
    /// the last one is there; a source that has fewer or other bytes throws. `deliver` does not
    /// wait; where it throws the source gives the rest up and throws the same error. The call ends
    /// within the source's own deadlines, and soon after its task is cancelled.
    ///
    /// - Throws: `.stale`, `.originUnavailable`, `.timedOut`, `.originDenied`, `.cancelled`.
    func fetch(
        _ range: Range<Int64>,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError)
    /// Whether a fetch costs all that stands before its range as well, as with servers that send
    /// whole files only: the cache then asks for everything that is missing at once.
    var sendsWholeOnly: Bool { get }

    /// As the other `fetch`, for a consumer that may be full for a while.
    func fetch(
        _ range: Range<Int64>, pace: ReadPace,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError)
}

extension BlockSource {
    package var sendsWholeOnly: Bool { false }

    package func fetch(
        _ range: Range<Int64>, pace: ReadPace,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws(PerigeeError) -> Void
    ) async throws(PerigeeError) {
        try await fetch(range, deliver: deliver)
    }

    package var unit: Int { BlockGeometry.blockSize }
}
