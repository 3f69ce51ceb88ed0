internal import Catalogue
internal import Origins
internal import VolumeModel

/// What of a folder's listing goes into the volume.
struct ScanFilter: Sendable {
    /// What is left out.
    let excludes: [PathPattern]
    /// The volume's own folder below the origin root.
    let own: EntryPath
    /// Folders of other volumes below that root, as `VolumeFolders` finds them.
    let others: [EntryPath]

    /// What a volume's root does not show, so that a mount can have files of its own there.
    private static let reservedName = Array(".perigee".utf8)

    /// The listing of the folder of `job` as the volume has it, with what is left out in its report.
    func filtered(_ listing: FolderListing, in job: Scanner.Job) -> FolderListing {
        var kept = listing
        if !excludes.isEmpty { exclude(&kept, in: job.folder.path) }
        if job.folder.path.isEmpty { removeReserved(&kept) }
        if !others.isEmpty { removeForeign(&kept, in: job) }
        if kept.items.contains(where: \.hasOtherNames) { keepOwnNames(&kept, in: job) }
        return kept
    }

    private func exclude(_ listing: inout FolderListing, in folder: [UInt8]) {
        let prefix = folder.isEmpty ? [] : folder + [slash]
        let isExcluded = { (path: [UInt8]) in excludes.contains { $0.matches(path) } }
        let named = listing
        listing.items.removeAll { isExcluded(prefix + named.name($0)) }
        listing.unread = listing.unread.filter { !isExcluded(prefix + $0) }
        listing.problems.removeAll { isExcluded($0.path) }
    }

    private func removeReserved(_ listing: inout FolderListing) {
        let named = listing
        let index = listing.items.firstIndex { item in
            item.nameCount == Self.reservedName.count
                && named.name(item).elementsEqual(Self.reservedName)
        }
        guard let index else { return }
        listing.items.remove(at: index)
        listing.problems.append(ScanProblem(.reservedName, Self.reservedName))
    }

    /// Takes out what leads into the folder of another volume: its bytes are under that one's rules,
    /// which this volume's know nothing of.
    private func removeForeign(_ listing: inout FolderListing, in job: Scanner.Job) {
        // Names that stand where they say, in the volume's own folder, are its own.
        let isOutside = !own.covers(job.origin.realPath)
        guard isOutside || !listing.targets.isEmpty else { return }
        let named = listing
        let prefix = job.folder.path.isEmpty ? [] : job.folder.path + [slash]
        var problems: [ScanProblem] = []
        listing.items.removeAll { item in
            guard item.target >= 0 || isOutside else { return false }
            let real = realPath(of: item, named, job)
            guard isForeign(real) else { return false }
            problems.append(
                ScanProblem(
                    .linkIntoVolume, prefix + named.name(item), "to \(Printable.quoted(real))"))
            return true
        }
        listing.problems += problems
    }

    /// Leaves of a file's names those that a hard link made: what a symbolic link in the volume leads
    /// to has the lower of both rights anyway.
    private func keepOwnNames(_ listing: inout FolderListing, in job: Scanner.Job) {
        let natural =
            own.isRoot
            ? job.folder.path
            : job.folder.path.isEmpty ? own.bytes : own.bytes + [slash] + job.folder.path
        let isLinked = job.origin.realPath != natural
        for index in listing.items.indices where listing.items[index].hasOtherNames {
            let item = listing.items[index]
            guard isLinked || item.target >= 0 else { continue }
            if own.covers(realPath(of: item, listing, job)) {
                listing.items[index].hasOtherNames = false
            }
        }
    }

    private func realPath(
        of item: FolderListing.Item, _ listing: FolderListing, _ job: Scanner.Job
    ) -> [UInt8] {
        if item.target >= 0 { return listing.targets[Int(item.target)] }
        let name = Array(listing.name(item))
        return job.origin.realPath.isEmpty ? name : job.origin.realPath + [slash] + name
    }

    private func isForeign(_ path: [UInt8]) -> Bool {
        !own.covers(path) && others.contains { $0.covers(path) }
    }
}

extension EntryPath {
    /// Whether a path in bytes is this entry's or lies below it.
    fileprivate func covers(_ other: [UInt8]) -> Bool {
        isRoot || other == bytes
            || (other.count > bytes.count && other[bytes.count] == slash
                && other.starts(with: bytes))
    }
}

private let slash = UInt8(ascii: "/")
