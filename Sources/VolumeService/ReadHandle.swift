package import Origins
internal import Synchronization
package import VolumeModel

/// An open file: one version of one entry, from one source, until it is closed.
///
/// Safe from any number of threads. The descriptor lives as long as the handle, so a segment is
/// valid while the caller holds the handle.
package final class ReadHandle: Sendable {
    /// What was opened.
    package let entry: Entry
    /// The volume's number.
    package let ordinal: Int
    /// Where the bytes are.
    private let file: any FileContent
    /// Decides again, at each read; nil where what is open stays open.
    private let authorise: (@Sendable () throws(PerigeeError) -> Void)?
    private let onClose: @Sendable (ReadHandle) -> Void
    /// Whether the file goes on being open for others.
    private let isShared: Bool
    private let isClosed = Atomic(false)

    /// - Parameter authorise: on a volume whose revocations end what is open, throws what a read
    ///   fails with once the right to it is gone.
    package init(
        entry: Entry, ordinal: Int, file: any FileContent,
        authorise: (@Sendable () throws(PerigeeError) -> Void)? = nil,
        onClose: @escaping @Sendable (ReadHandle) -> Void
    ) {
        self.entry = entry
        self.ordinal = ordinal
        self.file = file
        self.authorise = authorise
        self.onClose = onClose
        isShared = false
    }

    /// A handle on a file that others have open too.
    init(
        sharing file: any FileContent, entry: Entry, ordinal: Int,
        onClose: @escaping @Sendable () -> Void
    ) {
        self.entry = entry
        self.ordinal = ordinal
        self.file = file
        authorise = nil
        self.onClose = { _ in onClose() }
        isShared = true
    }

    /// A descriptor that the kernel may read for itself, or nil where each read has to be checked
    /// or can wait.
    package var passthroughDescriptor: Int32? {
        authorise == nil ? file.passthroughDescriptor : nil
    }

    /// Whether a revocation ends it.
    package var isRevocable: Bool { authorise != nil }

    /// Whether the kernel may keep pages of it: not where files are rewritten in place or the right
    /// to read is asked for each time, since a page that the kernel holds is read again with no
    /// check.
    package var mayKeepPages: Bool { authorise == nil && file.mayKeepPages }

    /// The bytes of `range`, cut at the end of the file, where that cannot wait on another machine;
    /// nil where it may, so that the caller goes through `segments`. After the bytes have been
    /// taken from a `.file` segment and before they are given away, call `confirm()`.
    ///
    /// - Throws: `.stale` and what the origin throws; `.accessDenied`, `.notFound` where the right to
    ///   it was taken back.
    package func segmentsNow(_ range: ByteRange) throws(PerigeeError) -> [Segment]? {
        try authorise?()
        return try file.segmentsNow(range.clamped(toSize: entry.size))
    }

    /// The bytes of `range`, cut at the end of the file; waits for them under the root's deadline.
    ///
    /// - Throws: `.stale`, `.timedOut`, `.originUnavailable`; `.accessDenied`, `.notFound` where the
    ///   right to it was taken back.
    package func segments(_ range: ByteRange) async throws(PerigeeError) -> [Segment] {
        try authorise?()
        return try await file.segments(range.clamped(toSize: entry.size))
    }

    /// Has the bytes of `range` in the cache of this node by its end, for those who will read them;
    /// nothing to do where the file lies on this machine.
    ///
    /// - Throws: as `segments`.
    package func warm(_ range: Range<Int64>) async throws(PerigeeError) {
        try authorise?()
        try await file.warm(range.clamped(to: 0..<entry.size))
    }

    /// Checks that what has just been read from a `.file` segment is of the version that was
    /// opened.
    ///
    /// - Throws: `.stale` where it is not; the bytes must then not be used.
    package func confirm() throws(PerigeeError) {
        try file.confirm()
    }

    /// Whether a check has found another content at the origin, without making one.
    package var isKnownStale: Bool { file.isKnownStale }

    /// Gives the descriptor back; a second call does nothing.
    package func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        onClose(self)
        if !isShared { file.close() }
    }

    /// Whether a byte could be read without asking the disk; says nothing of which version.
    package func isInMemory(at offset: Int64) -> Bool {
        guard authorise == nil else { return false }
        return withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { byte in
            file.readNow(into: UnsafeMutableRawBufferPointer(byte), at: offset)
        }
    }

    /// Reads into memory what is there already, and confirms it; false where the disk would have to
    /// be asked.
    ///
    /// - Throws: `.stale`; the bytes must then not be used.
    package func readNow(
        at offset: Int64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(PerigeeError) -> Bool {
        guard authorise == nil, file.readNow(into: buffer, at: offset) else {
            return false
        }
        try confirm()
        return true
    }
}

extension ReadHandle {
    /// Reads a `.file` segment into memory and confirms it: for callers without a cheaper way.
    ///
    /// - Throws: `.stale`, `.originUnavailable`; the bytes must then not be used.
    package func read(
        at offset: Int64, count: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(PerigeeError) {
        let got = try file.readBlocking(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)
        try confirm()
        guard got == count else {
            throw PerigeeError(
                .stale, "\(Printable.quoted(entry.name)) ends before its size",
                remedy: "scan and publish the volume again")
        }
    }
}
