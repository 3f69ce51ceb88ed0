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

    init(node: Node, file: ReadHandle) {
        self.node = node
        self.file = file
    }

    deinit { file.close() }
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
