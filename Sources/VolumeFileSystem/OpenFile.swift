internal import Synchronization
package import VolumeModel
package import VolumeService

/// An open file: the version that was opened, until everybody who uses it has let go.
///
/// The descriptor beneath goes back when the last reference goes, not at the release: a read that
/// was given up by its caller may still be under way then.
package final class OpenFile: Sendable {
    /// The file.
    package let node: Node
    /// Its bytes.
    package let file: ReadHandle
    /// The state of the volume that it was reached through.
    let snapshot: VolumeSnapshot
    private let around = Mutex(ReadAround())

    init(node: Node, file: ReadHandle, snapshot: VolumeSnapshot) {
        self.node = node
        self.file = file
        self.snapshot = snapshot
    }

    deinit { file.close() }

    /// Takes note of a read that was asked for.
    ///
    /// - Returns: what the kernel had better be given beside it, or nil.
    package func windowAround(_ range: ByteRange) -> ByteRange? {
        guard file.mayKeepPages else { return nil }
        return around.withLock { $0.read(range, ofSize: file.entry.size) }
    }
}

/// An open folder.
package final class OpenFolder: Sendable {
    /// The folder.
    package let node: Node
    let listing: FolderListing

    init(node: Node, listing: FolderListing) {
        self.node = node
        self.listing = listing
    }
}
