/// The inode number that a mount shows, the same after every restart.
///
/// 63 bits: volume ordinal (12), view (15: 0 for a file and for a folder of the current revision,
/// else the pinned revision's number), entry id (36). A file's number therefore stands for one
/// version of its content, and a folder keeps its own through republishing.
package struct NodeNumber: Hashable, Sendable {
    /// The highest ordinal of a volume.
    package static let highestOrdinal = 4_095

    /// The 63 bits.
    package let value: UInt64

    /// A file's node: one version, whichever revision it is reached through.
    package init(file: EntryID, volumeOrdinal: Int) {
        value = UInt64(volumeOrdinal) << 51 | UInt64(file.value)
    }

    /// A folder's node as reached through the current revision (nil) or a pinned one.
    package init(folder: EntryID, volumeOrdinal: Int, pinned: RevisionNumber?) {
        value =
            UInt64(volumeOrdinal) << 51 | UInt64(pinned?.value ?? 0) << 36 | UInt64(folder.value)
    }
}
