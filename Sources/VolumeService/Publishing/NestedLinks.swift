internal import Catalogue
internal import Origins
internal import VolumeModel

/// Links to folders that are met in folders which a link has led to.
///
/// Folders that all link to one another make factorially many paths of a few links each. So links
/// are followed level by level, a level being the links on the way there, and a level is followed
/// wholly or not at all: which paths a volume has must not depend on what was listed first.
struct NestedLinks {
    /// A folder behind such a link, and where the link stands.
    private struct Held {
        var job: Scanner.Job
        var parent: CandidateWriter.Folder
        var modified: Timestamp
    }

    /// Links of the next level, at most `limit` less those that were followed.
    private var held: [Held] = []
    /// How many may be followed in one scan.
    private let limit: Int
    private var followed = 0
    /// The level from which on no link is followed.
    private var refused: Int?

    init(limit: Int) { self.limit = limit }

    /// Whether links in the folder of `job` are already known to be too many.
    func isRefused(in job: Scanner.Job) -> Bool {
        refused.map { job.origin.crossings.count + 1 >= $0 } ?? false
    }

    /// Takes those of a folder's sub-folders out that are behind a nested link.
    ///
    /// - Parameters:
    ///   - jobs: the sub-folders.
    ///   - listing: what the folder at its origin holds.
    /// - Returns: the others, which are to be listed now.
    mutating func hold(
        _ jobs: [Scanner.Job], of parent: Scanner.Job, _ listing: FolderListing,
        _ writer: CandidateWriter, report: (ScanProblem) throws(PerigeeError) -> Void
    ) throws(PerigeeError) -> [Scanner.Job] {
        let level = parent.origin.crossings.count + 1
        guard level > 1 else { return jobs }
        if isRefused(in: parent) {
            try tell(listing.items.count { $0.isLinkedFolder }, parent.folder, report)
            return jobs
        }
        var others: [Scanner.Job] = []
        for job in jobs {
            if job.origin.crossings.count < level {
                others.append(job)
            } else {
                held.append(
                    Held(job: job, parent: parent.folder, modified: listing.modified))
            }
        }
        if followed + held.count > limit { try refuse(writer, report) }
        return others
    }

    /// The folders of the next level, once a level has been listed wholly; nil after the last.
    mutating func next() -> [Scanner.Job]? {
        guard !held.isEmpty else { return nil }
        defer { held = [] }
        followed += held.count
        return held.map(\.job)
    }

    /// Takes the level that is held out of the candidate.
    private mutating func refuse(
        _ writer: CandidateWriter, _ report: (ScanProblem) throws(PerigeeError) -> Void
    ) throws(PerigeeError) {
        refused = held.last.map { $0.job.origin.crossings.count }
        var index = 0
        while index < held.count {
            let parent = held[index].parent
            let first = index
            while index < held.count, held[index].parent.id == parent.id {
                var nothing = FolderListing()
                nothing.modified = held[index].modified
                let path = held[index].job.folder.path
                let name = Array(path[(parent.path.isEmpty ? 0 : parent.path.count + 1)...])
                _ = try writer.merge(name: name, nothing, into: parent)
                index += 1
            }
            try tell(index - first, parent, report)
        }
        held = []
    }

    private func tell(
        _ count: Int, _ folder: CandidateWriter.Folder,
        _ report: (ScanProblem) throws(PerigeeError) -> Void
    ) throws(PerigeeError) {
        guard count > 0 else { return }
        try report(
            ScanProblem(
                .linksMultiply, folder.path, "\(count) \(count == 1 ? "link" : "links")"))
    }
}

extension FolderListing.Item {
    /// Whether a link leads to this folder.
    fileprivate var isLinkedFolder: Bool { kind == .folder && target >= 0 }
}

extension FolderListing {
    /// Without the folders that links lead to.
    var withoutLinkedFolders: FolderListing {
        guard items.contains(where: \.isLinkedFolder) else { return self }
        var kept = self
        if !kept.versions.isEmpty {
            kept.versions = zip(items, versions).filter { !$0.0.isLinkedFolder }.map(\.1)
        }
        kept.items.removeAll(where: \.isLinkedFolder)
        return kept
    }
}
