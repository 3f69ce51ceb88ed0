internal import Origins
internal import VolumeModel

/// Compares files of an origin with what is known of them: threads read, since an origin may never
/// answer, and this thread collects.
final class Verifier {
    /// A file to be compared.
    struct Job: Sendable {
        /// Where it stands in the volume.
        var shown: [UInt8]
        /// Where it is below the origin root.
        var path: [UInt8]
        var expected: POSIXRoot.Expected
        var digests: [ContentDigest]
        /// Bytes of a leaf of its tree digest, where it has one.
        var leafSize: Int?
    }

    private enum Outcome: Sendable {
        case compared(hasDigests: Bool, faults: [Publisher.Fault])
        case failure(PerigeeError)
    }

    var result = Publisher.Verification()
    private let queue: WorkQueue<Job, Outcome>
    /// Bytes that the threads have read since this thread last looked: also the sign of life.
    private let read = Tally()
    private let stallLimit: Duration
    private let report: (Publisher.Verification) -> Void
    private let isCancelled: @Sendable () -> Bool
    private var silence = monotonicNanoseconds()
    private var lastReport: UInt64 = 0

    init(
        root: POSIXRoot, stallLimit: Duration, report: @escaping (Publisher.Verification) -> Void,
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.stallLimit = stallLimit
        self.report = report
        self.isCancelled = isCancelled
        let read = read
        queue = WorkQueue(name: "verify", threads: 4, ahead: 256) {
            { job in Self.compare(job, root, read, isCancelled) }
        }
    }

    /// Adds a file; waits while many are under way.
    ///
    /// - Throws: `.cancelled`, `.originUnavailable`.
    func add(_ job: Job) throws(PerigeeError) {
        queue.add([job])
        silence = queue.outstanding == 1 ? monotonicNanoseconds() : silence
        while queue.outstanding > 128 { try collect() }
    }

    /// Waits for all that were added.
    ///
    /// - Throws: as `add`.
    func finish() throws(PerigeeError) {
        while queue.outstanding > 0 { try collect() }
    }

    /// Ends the threads.
    func close() { queue.close() }

    private func collect() throws(PerigeeError) {
        if isCancelled() {
            throw PerigeeError(
                .cancelled, "the verification was stopped", remedy: "nothing was changed")
        }
        let outcome = queue.next(within: 100)
        let count = read.take()
        result.bytes += Int64(count)
        let now = monotonicNanoseconds()
        if outcome != nil || count > 0 { silence = now }
        if Double(now - silence) * 1e-9 > stallLimit.inSeconds {
            throw PerigeeError(
                .originUnavailable,
                "the origin has not answered for \(Int(stallLimit.inSeconds)) s",
                remedy: "check the file system it lies on")
        }
        switch outcome {
        case .compared(let hasDigests, let faults):
            result.files += 1
            result.digested += hasDigests ? 1 : 0
            result.faults += faults
        case .failure(let error): throw error
        case nil: break
        }
        if now - lastReport > 100_000_000 {
            lastReport = now
            report(result)
        }
    }

    private static func compare(
        _ job: Job, _ root: POSIXRoot, _ read: Tally, _ isCancelled: @Sendable () -> Bool
    ) -> Outcome {
        let hasher = ContentHasher(Set(job.digests.map(\.algorithm)), leafSize: job.leafSize)
        do throws(PerigeeError) {
            let found = try FileHasher(root: root).hash(
                job.path, expecting: job.expected, by: hasher
            ) { count in
                read.add(count)
                return !isCancelled()
            }
            let wrong = job.digests.filter { found[$0.algorithm] != $0.bytes }
            return .compared(
                hasDigests: !job.digests.isEmpty,
                faults: wrong.map {
                    Publisher.Fault(path: job.shown, detail: "its content is not that of \($0)")
                })
        } catch  where error.code == .stale || error.code == .originDenied {
            return .compared(
                hasDigests: false,
                faults: [Publisher.Fault(path: job.shown, detail: detail(of: error))])
        } catch {
            return .failure(error)
        }
    }

    /// A fault stands behind its path, so it neither names that again nor says for each file what to
    /// do about all of them.
    private static func detail(of error: PerigeeError) -> String {
        let cause = error.cause.map { ": \($0)" } ?? ""
        if error.code == .originDenied { return "cannot be read at its origin" + cause }
        return error.cause == nil
            ? "is not what was published" : "is no longer at its origin" + cause
    }
}
