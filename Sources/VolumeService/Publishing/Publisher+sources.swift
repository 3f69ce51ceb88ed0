internal import Catalogue
package import ControlStore
internal import Origins
package import VolumeModel

/// The further sources of a volume: what they have is noted by scans, and they come and go.
extension Publisher {
    /// Notes what each further source has of the candidate's files.
    ///
    /// A source that cannot be listed, or has none of them, is reported and keeps what was noted
    /// before. A scan of a part notes nothing.
    ///
    /// - Throws: `.cancelled`, `.storageFailed`.
    func compareSources(
        of record: VolumeRecord, by first: OriginRoot, _ writer: CandidateWriter,
        _ options: ScanOptions, isCancelled: @escaping @Sendable () -> Bool
    ) throws(PerigeeError) {
        guard options.prefix == nil, options.changes == nil else { return }
        for source in record.orderedSources.dropFirst() {
            let origin = try store.root(named: source.root)
            let title = "the source \(source.root):\(source.subpath)"
            var comparison = SourceComparison(first, origin)
            do throws(PerigeeError) {
                try writer.attempt { () throws(PerigeeError) in
                    switch try scanPlace(origin, options, isCancelled) {
                    case .remote(let remote):
                        try compare(
                            &comparison, source, origin, remote, writer, isCancelled: isCancelled)
                    case .folder(let root):
                        try compare(
                            &comparison, source, origin, root, writer, options,
                            isCancelled: isCancelled)
                    }
                    guard comparison.same > 0 || comparison.files == 0 else {
                        throw PerigeeError(
                            .originUnavailable, "it has none of the \(comparison.files) files",
                            remedy: "check that it is mounted, and its folder")
                    }
                }
            } catch {
                if error.code == .cancelled || error.code == .storageFailed { throw error }
                try writer.add(
                    ScanProblem(.sourceNotCompared, [], "\(title): \(error.description)"))
                continue
            }
            if let summary = comparison.summary {
                try writer.add(ScanProblem(.sourceDiffers, [], "\(title): \(summary)"))
            }
        }
    }

    /// Compares with a listing.
    private func compare(
        _ comparison: inout SourceComparison, _ source: VolumeSource, _ root: OriginRoot,
        _ origin: any RemoteOrigin, _ writer: CandidateWriter,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(PerigeeError) {
        let base = source.subpath.isRoot ? [] : source.subpath.bytes + [UInt8(ascii: "/")]
        var tree = RemoteTree(
            below: base, excludes: [], keepsTags: root.fingerprint == .etag, keepsVersions: true)
        var token: ListingToken?
        repeat {
            let now = token
            let page = try Waiting.run(isCancelled: isCancelled) { () async throws(PerigeeError) in
                let page = try await origin.list(prefix: base, continuing: now)
                return (
                    objects: try await RemoteScanner.completed(page.objects, origin),
                    next: page.next
                )
            }
            for object in page.objects { tree.add(object) }
            token = page.next
        } while token != nil
        let digests = Dictionary(
            tree.digests.map { ($0.path.bytes, $0.sha256) }, uniquingKeysWith: { first, _ in first }
        )
        try writer.forEachFiles { files throws(PerigeeError) in
            if isCancelled() { throw PerigeeError(.cancelled, "the scan was stopped") }
            for file in files {
                let told = tree.versions[file.path].map { version in
                    SourceComparison.Told(
                        size: version.size, modified: version.modified, tag: version.etag,
                        sha256: digests[file.path])
                }
                try writer.note(
                    comparison.judge(file, told), of: file.id, source: source.number)
            }
        }
    }

    /// Compares with a folder, on threads: its file system may never answer.
    private func compare(
        _ comparison: inout SourceComparison, _ source: VolumeSource, _ origin: OriginRoot,
        _ root: POSIXRoot, _ writer: CandidateWriter, _ options: ScanOptions,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(PerigeeError) {
        let base = source.subpath.isRoot ? [] : source.subpath.bytes + [UInt8(ascii: "/")]
        let queue = WorkQueue<FolderJob, FolderAnswer>(name: "compare", threads: 4, ahead: 8_192) {
            { job in
                do throws(PerigeeError) {
                    return FolderAnswer(
                        index: job.index, result: .success(try root.look(at: job.path)))
                } catch {
                    return FolderAnswer(index: job.index, result: .failure(error))
                }
            }
        }
        defer { queue.close() }
        let keepsInodes = origin.fingerprint == .sizeModifiedAndInode
        try writer.forEachFiles { files throws(PerigeeError) in
            queue.add(
                files.enumerated().map { FolderJob(index: $0.offset, path: base + $0.element.path) }
            )
            var silence = monotonicNanoseconds()
            while queue.outstanding > 0 {
                if isCancelled() { throw PerigeeError(.cancelled, "the scan was stopped") }
                guard let answer = queue.next(within: 100) else {
                    let quiet = Double(monotonicNanoseconds() - silence) * 1e-9
                    guard quiet < options.stallLimit.inSeconds else {
                        throw PerigeeError(
                            .originUnavailable,
                            "it has not answered for \(Int(options.stallLimit.inSeconds)) s",
                            remedy: "check the file system it lies on")
                    }
                    continue
                }
                silence = monotonicNanoseconds()
                let file = files[answer.index]
                switch answer.result {
                case .success(let found):
                    let told = SourceComparison.Told(
                        size: found.size, modified: found.modified,
                        inode: keepsInodes ? found.inode : nil)
                    try writer.note(
                        comparison.judge(file, told), of: file.id, source: source.number)
                case .failure(let error) where error.code == .stale:
                    try writer.note(comparison.judge(file, nil), of: file.id, source: source.number)
                case .failure(let error) where error.code == .originDenied:
                    comparison.refuse(file)
                    try writer.note(nil, of: file.id, source: source.number)
                case .failure(let error): throw error
                }
            }
        }
    }

    private struct FolderJob: Sendable {
        var index: Int
        var path: [UInt8]
    }

    private struct FolderAnswer: Sendable {
        var index: Int
        var result: Result<POSIXRoot.Expected, PerigeeError>
    }

    /// Adds a source to a volume; the next scan notes what it has.
    ///
    /// - Throws: `.notFound` for the volume or the root; `.conflict` where the volume has that source;
    ///   `.busy` where another process scans or publishes it; `.invalidArgument`, `.storageFailed`.
    @discardableResult
    package func addSource(
        _ draft: SourceDraft, to name: VolumeName
    ) throws(PerigeeError) -> VolumeSource {
        let lock = try CatalogueLock(name, in: folder)
        defer { lock.release() }
        let record = try store.volume(named: name)
        var number = (record.sources.map(\.number).max() ?? 0) + 1
        if hasCatalogue(name) {
            // What a removed source of that number told must not count for this one.
            number = max(number, try reader(record).ownSource() + 1)
            try CatalogueFile.checkRoom(record, in: folder)
            let writer = try CandidateWriter(
                path: folder.catalogue(for: name), ordinal: record.ordinal,
                highest: record.highest?.value ?? 0,
                options: CandidateWriter.Options(
                    source: number, fingerprint: .sizeAndModified, computesDigests: false))
            try writer.forget(source: number)
        }
        return try store.addSource(draft, number: number, to: name)
    }

    /// Removes a source of a volume; what it holds stays as it is.
    ///
    /// - Throws: `.notFound` for the volume or the source; `.conflict` for its only one; `.busy`.
    package func removeSource(number: Int, from name: VolumeName) throws(PerigeeError) {
        let lock = try CatalogueLock(name, in: folder)
        defer { lock.release() }
        try store.removeSource(number: number, from: name)
    }
}
