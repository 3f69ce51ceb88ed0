internal import Catalogue
internal import ControlStore
internal import Origins
internal import Synchronization
internal import VolumeModel

/// The scan's second part: reading content.
extension Scanner {
    private enum Hashed: Sendable {
        case digest(CandidateWriter.DigestJob, CandidateWriter.Hashes)
        case changed(CandidateWriter.DigestJob)
        case unreadable(CandidateWriter.DigestJob, String)
        case failure(PerigeeError)
    }

    /// Hashes the files that want it, and takes the digests that were given.
    ///
    /// - Throws: as `walk()`.
    func hash() throws(PerigeeError) {
        let totals = try writer.digestJobTotals()
        if totals.files > 0 { try hashFiles(totals.files, totals.bytes) }
        for given in options.givenDigests {
            switch try writer.take(given.digest, at: given.path) {
            case .taken, .newVersion: break
            case .noFile:
                try add(
                    ScanProblem(.digestForNothing, given.path.bytes, given.digest.description))
            case .mismatch:
                try add(
                    ScanProblem(.digestMismatch, given.path.bytes, given.digest.description))
            }
        }
    }

    private func hashFiles(_ files: Int, _ bytes: Int64) throws(PerigeeError) {
        progress.phase = .hashing
        progress.files = 0
        progress.bytes = 0
        progress.expectedFiles = files
        progress.expectedBytes = bytes
        let root = root
        let subpath = source.subpath
        let isCancelled = isCancelled
        // Bytes that the threads have read since this thread last looked: also the sign of life.
        let read = Tally()
        let queue = WorkQueue<CandidateWriter.DigestJob, Hashed>(
            name: "hash", threads: options.threads, ahead: 256
        ) {
            let hasher = FileHasher(root: root)
            return { job in
                let path =
                    job.isBelowRoot || subpath.isRoot
                    ? job.realPath : subpath.bytes + [UInt8(ascii: "/")] + job.realPath
                do throws(PerigeeError) {
                    let digests = try hasher.hash(
                        path,
                        expecting: POSIXRoot.Expected(
                            size: job.size, modified: Timestamp(nanoseconds: job.modified)),
                        by: ContentHasher(job)
                    ) { count in
                        read.add(count)
                        return !isCancelled()
                    }
                    return .digest(job, CandidateWriter.Hashes(digests))
                } catch {
                    switch error.code {
                    case .stale: return .changed(job)
                    case .originDenied: return .unreadable(job, error.description)
                    default: return .failure(error)
                    }
                }
            }
        }
        defer { queue.close() }
        var last: Int64 = 0
        var isMore = true
        var silence = monotonicNanoseconds()
        while isMore || queue.outstanding > 0 {
            try checkCancelled()
            if isMore, queue.outstanding < 256 {
                let jobs = try writer.digestJobs(after: last, limit: 512)
                isMore = !jobs.isEmpty
                last = jobs.last?.number ?? last
                queue.add(jobs)
            }
            let result = queue.outstanding > 0 ? queue.next(within: 100) : nil
            let count = read.take()
            progress.bytes += Int64(count)
            if result != nil || count > 0 { silence = monotonicNanoseconds() }
            if Double(monotonicNanoseconds() - silence) * 1e-9 > options.stallLimit.inSeconds {
                throw stalled()
            }
            if let result { try take(result) }
            tell(isDue: false)
        }
    }

    private func take(_ result: Hashed) throws(PerigeeError) {
        progress.files += 1
        switch result {
        case .digest(let job, let hashes):
            if let known = try writer.record(hashes, for: job) {
                try add(ScanProblem(.digestMismatch, job.path, known.description))
            }
        case .changed(let job): try add(ScanProblem(.changedWhileScanned, job.path))
        case .unreadable(let job, let detail):
            try add(ScanProblem(.unreadableFile, job.path, detail))
        case .failure(let error): throw error
        }
    }
}

extension ContentHasher {
    /// For what a job wants of its file.
    init(_ job: CandidateWriter.DigestJob) {
        self.init(job.needsSHA256 ? [.sha256] : [], leafSize: job.leafSize)
    }
}

extension CandidateWriter.Hashes {
    /// Of what was made of a job's file.
    init(_ digests: ContentHasher.Digests) {
        self.init(sha256: digests.sha256, tree: digests.tree)
    }
}

/// A count that several threads add to.
final class Tally: Sendable {
    private let count = Atomic(0)

    func add(_ value: Int) { count.add(value, ordering: .relaxed) }

    func take() -> Int { count.exchange(0, ordering: .relaxed) }
}
