internal import Catalogue
internal import ControlStore
internal import Origins
internal import Synchronization
internal import VolumeModel

/// A scan of an origin on another machine: its listing is read to the end, then compared with the
/// catalogue folder by folder.
final class RemoteScanner: SourceScan {
    var progress = ScanProgress()
    private let writer: CandidateWriter
    private let origin: any RemoteOrigin
    private let options: ScanOptions
    private let publishedFiles: Int?
    private let report: (ScanProgress) -> Void
    private let isCancelled: @Sendable () -> Bool
    private let base: [UInt8]
    private var tree: RemoteTree
    private var lastReport: UInt64 = 0

    /// Questions about single objects at once, where a listing does not say enough.
    private static let parallel = 16

    init(
        writer: CandidateWriter, origin: any RemoteOrigin, source: VolumeSource,
        fingerprint: Fingerprint, options: ScanOptions, publishedFiles: Int?,
        report: @escaping (ScanProgress) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.writer = writer
        self.origin = origin
        self.options = options
        self.publishedFiles = publishedFiles
        self.report = report
        self.isCancelled = isCancelled
        base = source.subpath.isRoot ? [] : source.subpath.bytes + [UInt8(ascii: "/")]
        tree = RemoteTree(
            below: base, excludes: options.excludes, keepsTags: fingerprint == .etag,
            keepsVersions: options.readsContent || fingerprint == .digest)
        progress.expectedFiles = publishedFiles
    }

    func walk() throws(PerigeeError) {
        try writer.clearProblems(under: .root)
        try list()
        tree.finish()
        if tree.files == 0, let files = publishedFiles, files > 0, !options.allowsEmpty {
            throw PerigeeError(
                .originUnavailable,
                "the origin \(Printable.quoted(origin.name)) lists nothing, and \(files) files "
                    + "are published from it",
                remedy: "check the bucket, the prefix and the credentials; --allow-empty takes it "
                    + "as it is")
        }
        for problem in tree.problems { try add(problem) }
        try merge()
    }

    private func list() throws(PerigeeError) {
        var token: ListingToken?
        repeat {
            let (origin, base, now) = (origin, base, token)
            let page = try wait { () async throws(PerigeeError) in
                let page = try await origin.list(prefix: base, continuing: now)
                return (
                    objects: try await Self.completed(page.objects, origin), next: page.next,
                    problems: page.problems
                )
            }
            for problem in page.problems { try add(problem) }
            for object in page.objects { tree.add(object) }
            (progress.files, progress.bytes) = (tree.files, tree.bytes)
            tell(isDue: false)
            token = page.next
        } while token != nil
    }

    /// Objects with what their listing left out; those that are gone by now are left out.
    static func completed(
        _ objects: [OriginObject], _ origin: any RemoteOrigin
    ) async throws(PerigeeError) -> [OriginObject] {
        guard objects.contains(where: \.needsStat) else { return objects }
        var found: [OriginObject?] = objects
        do {
            try await withThrowingTaskGroup(of: (Int, OriginObject?).self) { group in
                var open = objects.indices.filter { objects[$0].needsStat }[...]
                for index in open.prefix(parallel) { ask(objects[index], index, origin, &group) }
                open = open.dropFirst(parallel)
                while let (index, object) = try await group.next() {
                    found[index] = object
                    if let next = open.popFirst() { ask(objects[next], next, origin, &group) }
                }
            }
        } catch let error as PerigeeError {
            throw error
        } catch {
            throw PerigeeError(.cancelled, "the scan was stopped", cause: error)
        }
        return found.compactMap(\.self)
    }

    private static func ask(
        _ object: OriginObject, _ index: Int, _ origin: any RemoteOrigin,
        _ group: inout ThrowingTaskGroup<(Int, OriginObject?), any Error>
    ) {
        group.addTask {
            do throws(PerigeeError) {
                return (index, try await origin.stat(object.key))
            } catch  where error.code == .notFound {
                return (index, nil)
            }
        }
    }

    private func merge() throws(PerigeeError) {
        var left = [(at: CandidateWriter.Folder.root, found: tree.root)]
        while let (at, found) = left.popLast() {
            if isCancelled() { throw stopped }
            if at.isNew { found.listing.makeVersions() }
            progress.folders += 1
            for child in try writer.merge(found.listing, into: at) {
                let slash = child.path.lastIndex(of: UInt8(ascii: "/"))
                let name = slash.map { Array(child.path[($0 + 1)...]) } ?? child.path
                if let below = found.children[name] { left.append((child, below)) }
            }
            tell(isDue: false)
        }
    }

    func hash() throws(PerigeeError) {
        for given in tree.digests {
            guard let digest = ContentDigest(.sha256, given.sha256) else { continue }
            try take(digest, at: given.path)
        }
        let totals = try writer.digestJobTotals()
        if totals.files > 0 { try hashFiles(totals.files, totals.bytes) }
        for given in options.givenDigests { try take(given.digest, at: given.path) }
    }

    private func take(_ digest: ContentDigest, at path: EntryPath) throws(PerigeeError) {
        switch try writer.take(digest, at: path) {
        case .taken, .newVersion: break
        case .noFile: try add(ScanProblem(.digestForNothing, path.bytes, digest.description))
        case .mismatch: try add(ScanProblem(.digestMismatch, path.bytes, digest.description))
        }
    }

    private func hashFiles(_ files: Int, _ bytes: Int64) throws(PerigeeError) {
        progress.phase = .hashing
        (progress.files, progress.bytes) = (0, 0)
        (progress.expectedFiles, progress.expectedBytes) = (files, bytes)
        var last: Int64 = 0
        while true {
            let jobs = try writer.digestJobs(after: last, limit: Self.parallel)
            guard let end = jobs.last?.number else { return }
            last = end
            let (origin, base, versions) = (origin, base, tree.versions)
            let hashed = try wait { () async in
                await withTaskGroup(
                    of: (Int, Result<CandidateWriter.Hashes, PerigeeError>).self,
                    returning: [Int: Result<CandidateWriter.Hashes, PerigeeError>].self
                ) { group in
                    for (index, job) in jobs.enumerated() {
                        let version = versions[job.path]
                        group.addTask {
                            (index, await Self.hashes(of: job, version, base, origin))
                        }
                    }
                    return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
            }
            for (index, job) in jobs.enumerated() {
                progress.files += 1
                progress.bytes.add(bytes: job.size)
                switch hashed[index] {
                case .success(let hashes):
                    if let known = try writer.record(hashes, for: job) {
                        try add(ScanProblem(.digestMismatch, job.path, known.description))
                    }
                case .failure(let error) where error.code == .stale:
                    try add(ScanProblem(.changedWhileScanned, job.path))
                case .failure(let error) where error.code == .originDenied:
                    try add(ScanProblem(.unreadableFile, job.path, error.description))
                case .failure(let error): throw error
                case nil: throw stopped
                }
            }
            tell(isDue: false)
        }
    }

    /// Reads an object through once, as the version that was listed.
    private static func hashes(
        of job: CandidateWriter.DigestJob, _ version: ObjectVersion?, _ base: [UInt8],
        _ origin: any RemoteOrigin
    ) async -> Result<CandidateWriter.Hashes, PerigeeError> {
        do throws(PerigeeError) {
            guard let version, version.size == job.size else {
                throw PerigeeError(.stale, "\(Printable.quoted(job.path)) was not listed so")
            }
            let hasher = Mutex(ContentHasher(job))
            try await origin.read(
                base + job.realPath, version: version, range: 0..<version.size
            ) { bytes in
                hasher.withLock { $0.update(bytes) }
            }
            return .success(CandidateWriter.Hashes(hasher.withLock { $0.finalize() }))
        } catch {
            return .failure(error)
        }
    }

    private var stopped: PerigeeError {
        PerigeeError(
            .cancelled, "the scan was stopped", remedy: "nothing was changed; run it again")
    }

    private func wait<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(PerigeeError) -> Value
    ) throws(PerigeeError) -> Value {
        let value = try Waiting.run(isCancelled: isCancelled, body)
        if isCancelled() { throw stopped }
        return value
    }

    private func add(_ problem: ScanProblem) throws(PerigeeError) {
        progress.problems += 1
        try writer.add(problem)
    }

    func tell(isDue: Bool) {
        let now = monotonicNanoseconds()
        if isDue || now - lastReport > 100_000_000 {
            lastReport = now
            report(progress)
        }
    }
}
