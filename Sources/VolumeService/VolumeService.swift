package import AccessControl
package import VolumeModel

/// The only way from a front end to what volumes hold: resolve, decide, read.
///
/// Contract:
/// - Catalogue calls (everything but `open`) never wait on an origin and may run on any thread that
///   may block for a disk read; they are safe from any number of threads.
/// - What a principal may not see does not exist: the answer is nil or `.notFound`, the same as for
///   a name that was never there. What he may see and not read has `isReadable` false.
/// - Every call decides by the rules, release times and classes of its own instant, whatever the
///   revision and whenever the snapshot or the entry was given out.
/// - A `VolumeSnapshot` is immutable. It goes on answering for its revision after a republish; it
///   throws `.notFound` once the volume is removed or the principal may not see it any more.
/// - Every call ends: what can wait has a deadline and throws `.timedOut`.
package protocol VolumeService: Sendable {
    /// The volumes that have a folder for `principal`, at their current revisions, by name in byte
    /// order.
    func volumes(
        for principal: Principal, showing: ShownEntries
    ) throws(PerigeeError) -> [VolumeSnapshot]

    /// One state of a volume.
    ///
    /// - Throws: `.notFound` where there is no such volume or revision for `principal`.
    func snapshot(
        of volume: VolumeName, at selector: RevisionSelector, for principal: Principal,
        showing: ShownEntries
    ) throws(PerigeeError) -> VolumeSnapshot

    /// The entry called `name` in `folder`, or nil.
    func lookup(
        _ name: UnsafeRawBufferPointer, in folder: EntryID, of snapshot: VolumeSnapshot
    ) throws(PerigeeError) -> Entry?

    /// Entries of `folder` after `position` (nil: from the start), at most `limit`, in key order:
    /// by name in bytes, a folder's name with a `/` behind it. Fewer than `limit` means the end.
    func list(
        _ folder: EntryID, of snapshot: VolumeSnapshot, after position: ListPosition?, limit: Int
    ) throws(PerigeeError) -> [Entry]

    /// The file at `path` of a volume, to be opened and to be found soon again; nil where there is
    /// none, or a folder.
    ///
    /// - Throws: `.notFound` where there is no such volume or revision for `principal`.
    func find(
        _ path: EntryPath, in volume: VolumeName, at selector: RevisionSelector,
        for principal: Principal
    ) throws(PerigeeError) -> RecalledFile?

    /// What `find` found a moment ago, and would find now, without waiting for anything; nil where
    /// it has to be asked.
    func recall(
        _ path: [UInt8], in volume: VolumeName, at selector: RevisionSelector,
        for principal: Principal
    ) -> RecalledFile?

    /// Opens a file that is open for somebody already, without waiting for anything; nil where that
    /// is not so. Decides as `open` does; whoever gives bytes away calls `noteOpened` before.
    func openAgain(_ file: RecalledFile) -> ReadHandle?

    /// Enters an open by `openAgain` into the audit log.
    func noteOpened(_ file: RecalledFile)

    /// As `openNow` of its entry, and keeps the file open for a while after its last reader.
    func openNow(_ file: RecalledFile) throws(PerigeeError) -> ReadHandle?

    /// A page of a walk through the files in the order of their keys.
    func keys(_ walk: KeyWalk, of snapshot: VolumeSnapshot) throws(PerigeeError) -> KeyPage

    /// Whether a principal is told that a published volume exists, be it that he has no folder of
    /// it.
    func isDiscoverable(
        _ volume: VolumeName, by principal: Principal
    ) throws(PerigeeError) -> Bool

    /// The folder with that number, as `snapshot` has it, or nil where it is not in it.
    func folder(_ id: EntryID, of snapshot: VolumeSnapshot) throws(PerigeeError) -> Entry?

    /// The entry at `path`, or nil.
    func entry(at path: EntryPath, of snapshot: VolumeSnapshot) throws(PerigeeError) -> Entry?

    /// A file that was given out earlier, as it may be seen now; nil where it may not any more.
    func current(_ file: Entry, of snapshot: VolumeSnapshot) throws(PerigeeError) -> Entry?

    /// What `stat` tells beyond the entry itself.
    func details(of entry: Entry, in snapshot: VolumeSnapshot) throws(PerigeeError) -> EntryDetails

    /// Opens a file where that cannot wait on another machine; nil where it may, so that the caller
    /// goes through `open` off its thread.
    ///
    /// - Throws: as `open`.
    func openNow(_ entry: Entry, of snapshot: VolumeSnapshot) throws(PerigeeError) -> ReadHandle?

    /// Opens a file: decides, finds a source, pins the version and checks it against the source's
    /// fingerprint.
    ///
    /// - Throws: `.stale` where the origin holds another version by now, `.accessDenied`,
    ///   `.originDenied`, `.originUnavailable`, `.timedOut`, `.isADirectory`, `.notFound`.
    func open(_ entry: Entry, of snapshot: VolumeSnapshot) async throws(PerigeeError) -> ReadHandle

    /// Calls `observer` on a thread of the service's own whenever something that front ends cache
    /// may have changed, until the observation is cancelled or goes away.
    func observe(_ observer: @escaping @Sendable (ServiceChange) -> Void) -> Observation
}

extension VolumeService {
    /// The volumes that have a folder for `principal`, with all that he may see.
    package func volumes(for principal: Principal) throws(PerigeeError) -> [VolumeSnapshot] {
        try volumes(for: principal, showing: .listed)
    }

    /// One state of a volume, with all that `principal` may see.
    ///
    /// - Throws: `.notFound`.
    package func snapshot(
        of volume: VolumeName, at selector: RevisionSelector, for principal: Principal
    ) throws(PerigeeError) -> VolumeSnapshot {
        try snapshot(of: volume, at: selector, for: principal, showing: .listed)
    }
}

/// For services that remember nothing.
extension VolumeService {
    package func recall(
        _ path: [UInt8], in volume: VolumeName, at selector: RevisionSelector,
        for principal: Principal
    ) -> RecalledFile? { nil }

    package func openAgain(_ file: RecalledFile) -> ReadHandle? { nil }

    package func noteOpened(_ file: RecalledFile) {}

    package func openNow(_ file: RecalledFile) throws(PerigeeError) -> ReadHandle? {
        try openNow(file.file.entry, of: file.snapshot)
    }
}

/// Which entries are shown to somebody who may see them.
package enum ShownEntries: Hashable, Sendable {
    /// Those at `list` and above.
    case listed
    /// Those that can be read, and folders that hold one: for programs that open all they find.
    case readable
}

/// One state of a volume, as one principal may see it.
package struct VolumeSnapshot: Hashable, Sendable {
    /// The volume's number, never reused.
    package let ordinal: Int
    /// The volume's name.
    package let name: VolumeName
    /// How it was named: node numbers of folders differ between the current and a pinned revision.
    package let selector: RevisionSelector
    /// The number that stands in the rows: the revision's, or the candidate's.
    package let number: RevisionNumber
    /// What the principal sees; changes when rules do.
    package let viewID: UInt64
    /// Who asks.
    package let principal: Principal
    /// Which of the entries that he may see are shown.
    package let showing: ShownEntries
    /// Files in it; 0 where the principal may not see all of it.
    package let files: Int64
    /// Folders in it, the root not counted; 0 where the principal may not see all of it.
    package let folders: Int64
    /// Bytes of content; 0 where the principal may not see all of it.
    package let bytes: Int64
    /// When it was published, or scanned.
    package let created: Timestamp

    /// Puts a snapshot together.
    package init(
        ordinal: Int, name: VolumeName, selector: RevisionSelector, number: RevisionNumber,
        viewID: UInt64, principal: Principal, showing: ShownEntries = .listed, files: Int64,
        folders: Int64, bytes: Int64, created: Timestamp
    ) {
        self.ordinal = ordinal
        self.name = name
        self.selector = selector
        self.number = number
        self.viewID = viewID
        self.principal = principal
        self.showing = showing
        self.files = files
        self.folders = folders
        self.bytes = bytes
        self.created = created
    }

    /// The inode number of an entry reached through this snapshot.
    package func node(of entry: Entry) -> NodeNumber {
        switch entry.kind {
        case .file: NodeNumber(file: entry.id, volumeOrdinal: ordinal)
        case .folder:
            NodeNumber(folder: entry.id, volumeOrdinal: ordinal, pinned: pinnedNumber)
        }
    }

    private var pinnedNumber: RevisionNumber? {
        switch selector {
        case .current: nil
        case .pinned(let number): number
        // One past the highest revision: what fits into the view's 15 bits and is no revision.
        case .candidate: number
        }
    }
}

/// Where a listing stands: behind the entry of that name and kind.
package struct ListPosition: Hashable, Sendable {
    /// The entry's name in bytes.
    package let name: [UInt8]
    /// Folders stand at `name/`.
    package let kind: EntryKind

    /// The position behind `entry`.
    package init(after entry: Entry) {
        name = entry.name
        kind = entry.kind
    }
}

/// What `perigee stat` and the S3 gateway tell of an entry beyond its row.
package struct EntryDetails: Hashable, Sendable {
    /// Where it stands in the volume.
    package let path: EntryPath
    /// The file's entity tag; nil for a folder.
    package let etag: ETag?
    /// What is known of the content.
    package let digests: [ContentDigest]
    /// The revision in which this version came.
    package let added: RevisionNumber

    /// Puts details together.
    package init(path: EntryPath, etag: ETag?, digests: [ContentDigest], added: RevisionNumber) {
        self.path = path
        self.etag = etag
        self.digests = digests
        self.added = added
    }
}

/// Something that front ends may hold in their caches has changed.
package enum ServiceChange: Hashable, Sendable {
    /// Current revisions, visible volumes or views changed: resolve again what follows "current".
    case volumes
    /// An open file was found changed at its origin: what caches hold of this version is not to be
    /// trusted.
    case stale(ordinal: Int, file: EntryID)
}

/// Ends a subscription when cancelled or let go of.
package final class Observation: Sendable {
    private let end: @Sendable () -> Void

    /// Wraps what ends it; it may run twice.
    package init(_ end: @escaping @Sendable () -> Void) {
        self.end = end
    }

    /// Ends it now; no call begins after this returns.
    package func cancel() { end() }

    deinit { end() }
}
