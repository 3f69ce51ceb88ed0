package import Origins
package import VolumeModel

/// The bytes of one version of a file, wherever they lie: what a read handle reads from.
package protocol FileContent: AnyObject, Sendable {
    /// A descriptor that the kernel may read for itself, or nil where each read has to be checked or
    /// can wait; valid until `close()`.
    var passthroughDescriptor: Int32? { get }
    /// Whether the kernel may keep pages.
    var mayKeepPages: Bool { get }
    /// Whether reads can wait on another machine.
    var isNetwork: Bool { get }
    /// Whether a check or a read has found another content.
    var isKnownStale: Bool { get }

    /// The bytes of `range` where that cannot wait on another machine; nil where it may.
    ///
    /// - Throws: `.stale`.
    func segmentsNow(_ range: ByteRange) throws(PerigeeError) -> [Segment]?

    /// The bytes of `range`, however they come.
    ///
    /// - Throws: `.stale`, `.timedOut`, `.originUnavailable`, `.originDenied`, `.cancelled`.
    func segments(_ range: ByteRange) async throws(PerigeeError) -> [Segment]

    /// Checks that what was read from a `.file` segment is of the version that was opened.
    ///
    /// - Throws: `.stale`, `.originUnavailable`.
    func confirm() throws(PerigeeError)

    /// Reads as much as `buffer` holds at `offset`, on this thread; 0 at the end.
    ///
    /// - Throws: `.originUnavailable`.
    func readBlocking(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64)
        throws(PerigeeError) -> Int

    /// Fills `buffer` with what is at hand at `offset`; false where that is less.
    func readNow(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Bool

    /// Has the bytes of `range` on this machine by its end; nothing to do where they are.
    ///
    /// - Throws: as `segments`.
    func warm(_ range: Range<Int64>) async throws(PerigeeError)

    /// Gives back what it holds; a second call does nothing.
    func close()
}

extension OriginFile: FileContent {
    package func warm(_ range: Range<Int64>) async throws(PerigeeError) {}
}
