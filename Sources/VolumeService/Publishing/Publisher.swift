internal import AccessControl
internal import Catalogue
package import ControlStore
internal import Glibc
package import Logging
internal import Origins
package import VolumeModel

/// What the owner of a state does with its volumes: scan, publish, roll back, verify, remove.
package final class Publisher: Sendable {
    let folder: StateFolder
    let store: any ControlStore
    let logger: Logger
    /// Origins on other machines that it has asked.
    let remotes = RemoteOrigins()

    /// Takes an open state.
    package init(state folder: StateFolder, store: any ControlStore, logger: Logger) {
        self.folder = folder
        self.store = store
        self.logger = logger
    }

    /// Scans a volume's source into its candidate.
    ///
    /// - Parameters:
    ///   - progress: called on this thread, at most ten times a second.
    ///   - isCancelled: asked often, from several threads.
    /// - Throws: `.busy` where another process scans or publishes it, `.conflict` for `isStrict`
    ///   with problems, `.originUnavailable`, `.cancelled`, `.storageFailed`; nothing was changed
    ///   then.
    package func scan(
        _ name: VolumeName, options: ScanOptions = ScanOptions(),
        progress: (ScanProgress) -> Void = { _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(PerigeeError) -> ScanReport {
        let started = monotonicNanoseconds()
        let lock = try CatalogueLock(name, in: folder)
        defer { lock.release() }
        // Read under the lock: somebody may have published a moment ago.
        let record = try store.volume(named: name)
        guard let number = record.next else { throw Self.noMoreRevisions(name) }
        // A lost catalogue must not be replaced by an empty one without a word.
        if record.highest != nil { try CatalogueFile.check(record, in: folder) }
        try CatalogueFile.checkRoom(record, in: folder)
        let source = try Self.source(of: record)
        let snapshot = try store.snapshot()
        let policy = snapshot.policy.volumes[name]
        let attributes = try attributes(of: name, options)
        let origin = try store.root(named: source.root)
        if lock.previousHolderDied {
            logger.notice(
                "the last writer of this catalogue did not finish; its changes were undone",
                metadata: ["volume": "\(name)"])
        }
        let place = try scanPlace(origin, options, isCancelled)
        let writer = try CandidateWriter(
            path: folder.catalogue(for: name), ordinal: record.ordinal,
            highest: record.highest?.value ?? 0,
            options: CandidateWriter.Options(
                source: source.number, fingerprint: origin.fingerprint,
                computesDigests: options.needsSHA256 || origin.fingerprint == .digest,
                computesTrees: options.computesTrees, leafSize: options.leafSize))
        try writer.begin()
        do throws(PerigeeError) {
            return try withoutActuallyEscaping(progress) { progress throws(PerigeeError) in
                let scanner: any SourceScan
                switch place {
                case .folder(let root):
                    scanner = Scanner(
                        writer: writer, root: root, source: source, options: options,
                        otherVolumes: VolumeFolders.others(
                            than: record, in: snapshot, below: root.path),
                        publishedFiles: try publishedFiles(record),
                        isKnown: { path throws(PerigeeError) in try self.knows(path, record) },
                        report: progress, isCancelled: isCancelled)
                case .remote(let remote):
                    scanner = RemoteScanner(
                        writer: writer, origin: remote, source: source,
                        fingerprint: origin.fingerprint, options: options,
                        publishedFiles: try publishedFiles(record), report: progress,
                        isCancelled: isCancelled)
                }
                try scanner.walk()
                try scanner.hash()
                try compareSources(
                    of: record, by: origin, writer, options, isCancelled: isCancelled)
                scanner.progress.phase = .completing
                scanner.tell(isDue: true)
                let assignment = try assignClasses(
                    writer, of: record, policy, attributes, folder: source.subpath,
                    isWhole: options.attributes != nil, isCancelled: isCancelled)
                let unused = assignment.unused ?? []
                if options.isStrict, !unused.isEmpty { throw Self.unused(name, unused) }
                try reportHardLinks(writer, policy)
                let problems = try writer.problemCounts()
                if options.isStrict, !problems.isEmpty { throw Self.strict(name, problems) }
                let counts = writer.counts
                if let rows = options.attributes {
                    // Before the rows are durable that follow from it: after a crash in between,
                    // what is left to do is to assign them.
                    try store.perform([.setAttributeRows(name, rows)], at: nil)
                }
                let facts = try writer.finish()
                try tellOfClasses(writer, of: name)
                var kept: (files: Int64, bytes: Int64) = (0, 0)
                if let facts {
                    kept = (facts.files, facts.bytes)
                } else if let published = try writer.publishedFacts() {
                    kept = published
                }
                return ScanReport(
                    volume: name, number: number, hasCandidate: facts != nil,
                    files: kept.files, bytes: kept.bytes, added: counts.added,
                    removed: counts.removed, changed: counts.changed,
                    reassigned: assignment.changed, unusedAttributes: unused,
                    trustsFirstUse: options.computesTrees && !origin.isTrusted,
                    problems: problems,
                    seconds: Double(monotonicNanoseconds() - started) * 1e-9)
            }
        } catch {
            writer.rollback()
            throw error
        }
    }

    /// Whether the highest revision or the candidate, as they were before this scan, hold `path`.
    private func knows(_ path: EntryPath, _ record: VolumeRecord) throws(PerigeeError) -> Bool {
        let reader = try CatalogueReader(path: folder.catalogue(for: record.name))
        for number in [record.highest, record.next] {
            guard let number, try reader.revision(number.value) != nil else { continue }
            if try reader.entry(at: path, revision: number.value) != nil { return true }
        }
        return false
    }

    /// Files of the highest revision, or nil before the first. An error is the scan's: without the
    /// number an empty source would be taken as it is.
    private func publishedFiles(_ record: VolumeRecord) throws(PerigeeError) -> Int? {
        guard let highest = record.highest else { return nil }
        return try store.revisions(of: record.name).last { $0.number == highest }
            .map { Int($0.files) }
    }

    /// Makes the candidate the current revision.
    ///
    /// - Parameters:
    ///   - isForced: also where it takes more than half of the current revision's files away, and
    ///     more than ten.
    ///   - isAccepted: also where it has files with several names under differing rules.
    /// - Throws: `.conflict` where there is no candidate, or one that takes so much away or has such
    ///   files, `.busy`, `.storageFailed`, `.corrupt`; nothing was changed then.
    package func publish(
        _ name: VolumeName, note: String? = nil, isForced: Bool = false, isAccepted: Bool = false
    ) throws(PerigeeError) -> RevisionRecord {
        let lock = try CatalogueLock(name, in: folder)
        defer { lock.release() }
        let record = try store.volume(named: name)
        guard let number = record.next else { throw Self.noMoreRevisions(name) }
        guard let facts = try candidate(record, number) else {
            throw PerigeeError(
                .conflict,
                "\(name) has no candidate: nothing was scanned that differs from "
                    + (record.highest.map { "\($0)" } ?? "an empty volume"),
                remedy: "run: perigee volume scan \(name)")
        }
        if !isForced { try checkShrinking(record, to: number) }
        if !isAccepted { try checkHardLinks(record, in: number) }
        let revision = RevisionRecord(
            volume: name, number: number, publishedAt: .now, files: facts.files,
            folders: facts.folders, bytes: facts.bytes, stateDigest: facts.state,
            contentDigest: facts.content, note: note)
        try store.publish(revision)
        return revision
    }

    func candidate(_ record: VolumeRecord, _ number: RevisionNumber)
        throws(PerigeeError) -> RevisionFacts?
    {
        if record.highest == nil, !hasCatalogue(record.name) { return nil }
        return try reader(record).revision(number.value)
    }

    /// Makes an earlier revision the current one.
    ///
    /// - Throws: `.notFound` where it was never published, `.busy`.
    package func rollBack(_ name: VolumeName, to number: RevisionNumber) throws(PerigeeError) {
        let lock = try CatalogueLock(name, in: folder)
        defer { lock.release() }
        try store.switchCurrent(of: name, to: number)
    }

    /// Throws a candidate away.
    ///
    /// - Throws: `.conflict` where there is none, `.busy`.
    package func discardCandidate(of name: VolumeName) throws(PerigeeError) {
        let lock = try CatalogueLock(name, in: folder)
        defer { lock.release() }
        let record = try store.volume(named: name)
        guard let number = record.next, try candidate(record, number) != nil else {
            throw PerigeeError(
                .conflict, "\(name) has no candidate",
                remedy: "`perigee volume show \(name)` tells what there is")
        }
        try CatalogueFile.checkRoom(record, in: folder)
        let writer = try CandidateWriter(
            path: folder.catalogue(for: name), ordinal: record.ordinal,
            highest: number.value - 1,
            options: CandidateWriter.Options(
                source: 1, fingerprint: .sizeAndModified, computesDigests: false))
        try writer.discardCandidate()
    }

    /// Removes a volume and its catalogue. Nothing at its origin is touched.
    ///
    /// - Throws: `.notFound`, `.busy`, `.storageFailed`.
    package func remove(_ name: VolumeName) throws(PerigeeError) {
        let lock = try CatalogueLock(name, in: folder)
        defer { lock.release() }
        // Control first: a crash in between leaves files that no volume has, never a volume without
        // its catalogue.
        try store.removeVolume(named: name)
        removeCatalogue(name)
    }

    /// Removes what an earlier volume of that name may have left behind.
    package func removeLeftovers(of name: VolumeName) throws(PerigeeError) {
        let lock = try CatalogueLock(name, in: folder)
        defer { lock.release() }
        guard try store.snapshot().volume(named: name) == nil else { return }
        removeCatalogue(name)
    }

    private func removeCatalogue(_ name: VolumeName) {
        let path = folder.catalogue(for: name)
        for suffix in ["-wal", "-shm", ""] { unlink(path + suffix) }
        for file in LeafFile.all(catalogue: path) { unlink(file) }
    }

    /// Refuses an origin that holds the state folder, or lies in it.
    ///
    /// - Throws: `.invalidArgument`.
    package func checkOverlap(_ path: String) throws(PerigeeError) {
        guard try folder.overlaps(originPath: path) else { return }
        throw PerigeeError(
            .invalidArgument,
            "the origin \(Printable.quoted(path)) overlaps the state folder "
                + Printable.quoted(folder.path),
            remedy: "keep the state outside of what is published")
    }

    private static func strict(_ name: VolumeName, _ problems: [ScanProblem.Kind: Int])
        -> PerigeeError
    {
        let list = problems.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.value) \($0.key.label)" }.joined(separator: ", ")
        return PerigeeError(
            .conflict, "the scan of \(name) found problems, and --strict was given: \(list)",
            remedy: "scan without --strict and read `perigee volume show \(name) --problems`; "
                + "nothing was changed")
    }

    private static func noMoreRevisions(_ name: VolumeName) -> PerigeeError {
        PerigeeError(
            .conflict, "\(name) has used up its \(RevisionNumber.highest.value) revision numbers",
            remedy: "publish the files as a new volume")
    }
}
