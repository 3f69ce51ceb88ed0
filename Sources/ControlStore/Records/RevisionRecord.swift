package import VolumeModel

/// A published revision, as the control store knows it.
package struct RevisionRecord: Hashable, Sendable {
    /// Bytes of a digest (SHA-256).
    package static let digestLength = 32

    /// The volume that it is a state of.
    package let volume: VolumeName
    /// Its number in the volume.
    package let number: RevisionNumber
    /// When it was published.
    package let publishedAt: Timestamp
    /// Files in it.
    package let files: Int64
    /// Folders in it, the volume's root not counted.
    package let folders: Int64
    /// Bytes of all its files.
    package let bytes: Int64
    /// The digest over keys, sizes, times and version tokens, 32 bytes.
    package let stateDigest: [UInt8]
    /// The digest over keys, sizes and digests of content, 32 bytes, or nil where a file has none.
    package let contentDigest: [UInt8]?
    /// What its publisher says of it.
    package let note: String?

    /// Puts a record together.
    package init(
        volume: VolumeName, number: RevisionNumber, publishedAt: Timestamp = .now, files: Int64,
        folders: Int64, bytes: Int64, stateDigest: [UInt8], contentDigest: [UInt8]? = nil,
        note: String? = nil
    ) {
        self.volume = volume
        self.number = number
        self.publishedAt = publishedAt
        self.files = files
        self.folders = folders
        self.bytes = bytes
        self.stateDigest = stateDigest
        self.contentDigest = contentDigest
        self.note = note
    }
}
