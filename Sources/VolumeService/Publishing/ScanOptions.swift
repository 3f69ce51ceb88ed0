package import AccessControl
package import VolumeModel

/// What a scan is to do.
package struct ScanOptions: Sendable {
    /// Only this part of the volume; nil for all of it.
    package var prefix: EntryPath?
    /// Only these paths, files or whole folders, as an archive's own list of changes names them.
    package var changes: [EntryPath]?
    /// What is left out: whole paths, or names at any depth where a pattern has no slash.
    package var excludes: [PathPattern] = []
    /// Whether to compute the SHA-256 of every file that has none.
    package var computesDigests = false
    /// Whether to compute the tree digest of every file that has none.
    package var computesTrees = false
    /// Bytes of a leaf of those: a size that `TreeDigest.isLeafSize` allows.
    package var leafSize = TreeDigest.usualLeafSize
    /// Digests that the archive gives, by path.
    package var givenDigests: [GivenDigest] = []
    /// The attribute table that takes the place of the volume's; nil leaves that as it is.
    package var attributes: [AttributeRow]?
    /// Whether it may take more than a tenth of that one's rows away.
    package var allowsFewerAttributes = false
    /// Whether an empty source may take everything out of a volume that has files.
    package var allowsEmpty = false
    /// Whether any problem makes the scan fail, and a row of the attribute table that is about
    /// nothing.
    package var isStrict = false
    /// Threads that list folders and hash files.
    package var threads = 4
    /// How long the origin may take to answer anything at all before the scan gives up.
    package var stallLimit: Duration = .seconds(60)
    /// The most links to folders that are followed in folders that were reached by a link
    /// themselves. Every link counts once for each way on which it is reached, so folders that link
    /// to one another would make paths without end; an archive has fewer links to folders.
    package var mostNestedLinks = 200_000

    package init() {}

    /// Whether a SHA-256 is made of every file: also where a tree digest is made of content that
    /// the archive gives another digest of, so that the two are compared.
    var needsSHA256: Bool { computesDigests || (computesTrees && !givenDigests.isEmpty) }

    /// Whether files are read through.
    var readsContent: Bool { computesDigests || computesTrees }

    /// A digest out of a checksum file.
    package struct GivenDigest: Hashable, Sendable {
        /// The file.
        package var path: EntryPath
        /// Its digest.
        package var digest: ContentDigest

        package init(path: EntryPath, digest: ContentDigest) {
            self.path = path
            self.digest = digest
        }
    }
}

/// How far a scan is.
package struct ScanProgress: Hashable, Sendable {
    /// What it is doing.
    package enum Phase: String, Sendable {
        case listing
        case hashing
        case completing
    }

    /// What it is doing.
    package var phase = Phase.listing
    /// Files seen so far; in the hashing phase, hashed so far.
    package var files = 0
    /// Folders listed so far.
    package var folders = 0
    /// Bytes of the files seen, or hashed.
    package var bytes: Int64 = 0
    /// Things to report so far.
    package var problems = 0
    /// How many files there will be, where that is known: from the last revision, or exactly for
    /// hashing.
    package var expectedFiles: Int?
    /// How many bytes there will be, where that is known.
    package var expectedBytes: Int64?
}

/// What a scan found.
package struct ScanReport: Sendable {
    /// The volume.
    package let volume: VolumeName
    /// The candidate's number.
    package let number: RevisionNumber
    /// Whether there is a candidate: something differs from what is published.
    package let hasCandidate: Bool
    /// Files in the candidate, or in the highest revision.
    package let files: Int64
    /// Bytes in it.
    package let bytes: Int64
    /// Files that came, went or changed since the state that the scan compared with.
    package let added: Int
    package let removed: Int
    package let changed: Int
    /// Rows that were put into another class: in all revisions where what attributes come from has
    /// changed, else in the candidate.
    package let reassigned: Int
    /// Rows of the attribute table that no entry is about; none where only the candidate's entries
    /// were looked at.
    package let unusedAttributes: [AttributeRow]
    /// Whether tree digests were asked for and the bytes came from a root that is not trusted, with
    /// nothing else to compare most of them with: they hold that root to what it sent now.
    package let trustsFirstUse: Bool
    /// Problems in the whole report, by kind.
    package let problems: [ScanProblem.Kind: Int]
    /// How long it took.
    package let seconds: Double
}
