internal import Catalogue
internal import ControlStore
internal import Origins
internal import VolumeModel

/// One scan: threads list folders of the origin, this thread compares them with the catalogue and
/// writes what differs.
final class Scanner: SourceScan {
    let writer: CandidateWriter
    let root: POSIXRoot
    let source: VolumeSource
    let options: ScanOptions
    let report: (ScanProgress) -> Void
    let isCancelled: @Sendable () -> Bool
    /// Files of the highest revision; nil before the first.
    private let publishedFiles: Int?
    /// Whether the volume held a path before this scan.
    private let isKnown: (EntryPath) throws(PerigeeError) -> Bool
    /// Whether the source's own folder was found to hold something.
    private var isSourceFilled = false
    var progress = ScanProgress()
    private var lastReport: UInt64 = 0
    /// Files that were changed so shortly before they were seen that they may be changing still.
    private var suspects: [Suspect] = []
    private let started = Timestamp.now
    private var nestedLinks: NestedLinks
    private let filter: ScanFilter

    /// A folder to be listed: as the catalogue numbers it, and as the origin has it.
    struct Job: Sendable {
        var folder: CandidateWriter.Folder
        var origin: FolderReader.Folder
    }

    private enum Outcome: Sendable {
        case listing(Job, FolderListing?)
        case denied(Job, String)
        case failure(PerigeeError)
    }

    private struct Suspect {
        var name: [UInt8]
        var folder: FolderReader.Folder
        var item: FolderListing.Item
    }

    init(
        writer: CandidateWriter, root: POSIXRoot, source: VolumeSource, options: ScanOptions,
        otherVolumes: [EntryPath], publishedFiles: Int?,
        isKnown: @escaping (EntryPath) throws(PerigeeError) -> Bool,
        report: @escaping (ScanProgress) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.writer = writer
        self.root = root
        self.source = source
        self.options = options
        self.report = report
        self.isCancelled = isCancelled
        self.publishedFiles = publishedFiles
        nestedLinks = NestedLinks(limit: options.mostNestedLinks)
        self.isKnown = isKnown
        filter = ScanFilter(
            excludes: options.excludes, own: source.subpath, others: otherVolumes)
        progress.expectedFiles =
            options.prefix == nil && options.changes == nil ? publishedFiles : nil
    }

    /// Lists what the options name, and writes what differs.
    ///
    /// - Throws: `.originUnavailable`, `.originDenied` for the source's own folder, `.cancelled`,
    ///   `.storageFailed`.
    func walk() throws(PerigeeError) {
        let reader = OriginProbe(self)
        defer { reader.close() }
        var jobs: [Job] = []
        if options.changes != nil || options.prefix != nil, try !reader.holds(rootJob.origin) {
            throw missingSource
        }
        if let changes = options.changes {
            for path in Self.outermost(changes) {
                try writer.clearProblems(under: path)
                if case .folder(let job) = try descend(to: path, reader) { jobs.append(job) }
                try checkCancelled()
            }
        } else if let prefix = options.prefix {
            try writer.clearProblems(under: prefix)
            switch try descend(to: prefix, reader) {
            case .folder(let job): jobs.append(job)
            case .single: break
            case .nothing: if try !isKnown(prefix) { throw nothing(at: prefix) }
            }
        } else {
            try writer.clearProblems(under: .root)
            jobs = [rootJob]
        }
        try list(jobs)
        while let next = nestedLinks.next() { try list(next) }
        try checkSuspects(reader)
    }

    /// The source's folder, as messages name it.
    private var sourcePath: String {
        Printable.quoted(root.path + (source.subpath.isRoot ? "" : "/\(source.subpath)"))
    }

    private func nothing(at prefix: EntryPath) -> PerigeeError {
        PerigeeError(
            .notFound,
            "there is nothing at \(Printable.quoted(prefix.bytes)) in the source's folder "
                + "\(sourcePath), nor was there in the volume",
            remedy: "--prefix names a file or folder below that folder; nothing was changed")
    }

    private var missingSource: PerigeeError {
        PerigeeError(
            .originUnavailable, "the source's folder \(sourcePath) is missing",
            remedy: "check that it exists and is mounted; nothing was changed")
    }

    /// The paths that no other of them covers, in their order: a folder is listed once.
    private static func outermost(_ paths: [EntryPath]) -> [EntryPath] {
        let known = Set(paths)
        var seen: Set<EntryPath> = []
        return paths.filter { path in
            guard seen.insert(path).inserted else { return false }
            var above = path
            while let (parent, _) = above.parentAndName {
                if known.contains(parent) { return false }
                above = parent
            }
            return true
        }
    }

    private var rootJob: Job {
        Job(
            folder: .root, origin: FolderReader.Folder(path: [], realPath: source.subpath.bytes))
    }

    /// What stands at a path of the source.
    private enum Found {
        /// A folder, to be listed.
        case folder(Job)
        /// A file, or what is left out and in the report.
        case single
        case nothing
    }

    /// Goes down to `path`, name by name, making the candidate agree on the way.
    private func descend(to path: EntryPath, _ reader: OriginProbe) throws(PerigeeError) -> Found {
        var job = rootJob
        let segments = Array(path.segments)
        for (index, segment) in segments.enumerated() {
            let name = Array(segment)
            let there = try reader.read(name, of: job.origin)
            let isThere = !there.items.isEmpty || !there.problems.isEmpty
            if !isThere { try checkFilled(reader) }
            let listing = filter.filtered(there, in: job)
            for problem in listing.problems {
                // A name on the way to another part has been reported by that part's scan.
                try writer.clearProblem(at: problem.path)
                try add(problem)
            }
            note(listing, job.origin)
            guard let child = try writer.merge(name: name, listing, into: job.folder) else {
                // A file on the way has nothing below it.
                let isLast = index == segments.count - 1
                return isThere && (isLast || listing.items.isEmpty) ? .single : .nothing
            }
            job = self.job(for: child, in: job)
        }
        return .folder(job)
    }

    private func list(_ first: [Job]) throws(PerigeeError) {
        let root = root
        let filter = filter
        // Names that the threads have looked at since this thread last did: also the sign of life.
        let seen = Tally()
        let queue = WorkQueue<Job, Outcome>(
            name: "scan", threads: options.threads, ahead: options.threads * 8
        ) {
            var reader: FolderReader?
            return { job in
                do throws(PerigeeError) {
                    let own: FolderReader
                    if let reader {
                        own = reader
                    } else {
                        own = try FolderReader(root: root) { seen.add(1) }
                    }
                    reader = own
                    guard let found = try own.read(job.origin) else {
                        return .listing(job, nil)
                    }
                    var listing = filter.filtered(found, in: job)
                    if job.folder.isNew { listing.makeVersions() }
                    return .listing(job, listing)
                } catch  where error.code == .originDenied && !job.folder.path.isEmpty {
                    return .denied(job, error.cause.map { "\($0)" } ?? "")
                } catch {
                    return .failure(error)
                }
            }
        }
        defer { queue.close() }
        queue.add(first)
        var silence: UInt64 = monotonicNanoseconds()
        while queue.outstanding > 0 {
            try checkCancelled()
            let outcome = queue.next(within: 100)
            if seen.take() > 0 { silence = monotonicNanoseconds() }
            guard let outcome else {
                let waited = monotonicNanoseconds() - silence
                if Double(waited) * 1e-9 > options.stallLimit.inSeconds { throw stalled() }
                tell(isDue: true)
                continue
            }
            queue.add(try take(outcome))
            silence = monotonicNanoseconds()
            tell(isDue: false)
        }
    }

    private func take(_ outcome: Outcome) throws(PerigeeError) -> [Job] {
        switch outcome {
        case .failure(let error): throw error
        case .denied(let job, let detail):
            try add(ScanProblem(.unreadableFolder, job.folder.path, detail))
            // What is known of it stays: a right that is missing for an hour must not take a part
            // of an archive out of its volume. What is new has nothing to keep.
            return job.folder.isNew ? try merge(FolderListing(), job) : []
        case .listing(let job, let listing):
            if let listing {
                if job.folder.path.isEmpty { try checkNotEmpty(listing) }
                return try merge(listing, job)
            }
            if job.folder.path.isEmpty { throw missingSource }
            // Gone since its parent was listed.
            return try merge(FolderListing(), job)
        }
    }

    /// An empty source is more often a file system that is not mounted than an archive that was
    /// emptied.
    private func checkNotEmpty(_ listing: FolderListing) throws(PerigeeError) {
        if listing.items.isEmpty { try refuseEmptySource() }
    }

    /// The same where a part is scanned and is gone: looked at once, when the first name is missing.
    private func checkFilled(_ reader: OriginProbe) throws(PerigeeError) {
        guard !isSourceFilled else { return }
        if try reader.isEmpty(rootJob.origin) { try refuseEmptySource() }
        isSourceFilled = true
    }

    private func refuseEmptySource() throws(PerigeeError) {
        guard let files = publishedFiles, files > 0, !options.allowsEmpty else { return }
        throw PerigeeError(
            .originUnavailable,
            "the source's folder \(sourcePath) is empty, and \(files) files are published from it",
            remedy: "check that its file system is mounted; --allow-empty takes it as it is")
    }

    private func merge(_ listing: FolderListing, _ job: Job) throws(PerigeeError) -> [Job] {
        for problem in listing.problems { try add(problem) }
        progress.folders += 1
        for item in listing.items where item.kind == .file {
            progress.files += 1
            progress.bytes.add(bytes: item.size)
        }
        note(listing, job.origin)
        let kept = nestedLinks.isRefused(in: job) ? listing.withoutLinkedFolders : listing
        let below = try writer.merge(kept, into: job.folder).map { self.job(for: $0, in: job) }
        return try nestedLinks.hold(below, of: job, listing, writer, report: add)
    }

    private func job(for child: CandidateWriter.Folder, in parent: Job) -> Job {
        let slash = [UInt8(ascii: "/")]
        let real =
            child.isBelowRoot || source.subpath.isRoot
            ? child.realPath : source.subpath.bytes + slash + child.realPath
        let name =
            child.path.lastIndex(of: UInt8(ascii: "/")).map { child.path[($0 + 1)...] }
            ?? child.path[...]
        let natural =
            parent.origin.realPath.isEmpty ? Array(name) : parent.origin.realPath + slash + name
        return Job(
            folder: child,
            origin: FolderReader.Folder(
                path: child.path, realPath: real,
                crossings: real == natural
                    ? parent.origin.crossings
                    : parent.origin.crossings + [parent.origin.realPath]))
    }

    func add(_ problem: ScanProblem) throws(PerigeeError) {
        progress.problems += 1
        try writer.add(problem)
    }

    func checkCancelled() throws(PerigeeError) {
        if isCancelled() {
            throw PerigeeError(
                .cancelled, "the scan was stopped", remedy: "nothing was changed; run it again")
        }
    }

    func stalled() -> PerigeeError {
        PerigeeError(
            .originUnavailable,
            "the origin \(Printable.quoted(root.path)) has not answered for "
                + "\(Int(options.stallLimit.inSeconds)) s",
            remedy: "check the file system it lies on; nothing was changed")
    }

    /// Reports progress, at most ten times a second.
    func tell(isDue: Bool) {
        let now = monotonicNanoseconds()
        if isDue || now - lastReport > 100_000_000 {
            lastReport = now
            report(progress)
        }
    }

    // MARK: Files that change while they are scanned

    /// Times of files are as coarse as the kernel's tick, so a change right after the stat can
    /// leave the same time: what was changed within two seconds is looked at again in the end.
    private func note(_ listing: FolderListing, _ folder: FolderReader.Folder) {
        let limit = started.nanoseconds - 2_000_000_000
        for item in listing.items
        where item.kind == .file && item.changed > limit && suspects.count < 100_000 {
            suspects.append(
                Suspect(name: Array(listing.name(item)), folder: folder, item: item))
        }
    }

    private func checkSuspects(_ reader: OriginProbe) throws(PerigeeError) {
        for suspect in suspects {
            let now = try reader.read(suspect.name, of: suspect.folder)
            let path = suspect.folder.path.isEmpty ? [] : suspect.folder.path + [UInt8(ascii: "/")]
            guard let item = now.items.first, item.size == suspect.item.size,
                item.modified == suspect.item.modified, item.changed == suspect.item.changed
            else {
                try add(ScanProblem(.changedWhileScanned, path + suspect.name))
                continue
            }
        }
    }
}

extension Duration {
    /// As seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
