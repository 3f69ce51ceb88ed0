internal import Dispatch
package import VolumeModel

/// Who opened what: lines of JSON in the state folder's `audit`, in segments of this process's own.
///
/// Off the hot path: an open puts its record into memory, and a thread of the log's own writes what
/// has come together ten times a second. Safe from any number of threads.
package final class DataAuditLog: Sendable {
    /// How much is kept, in memory and on the disk.
    package struct Limits: Hashable, Sendable {
        /// Records in memory; what comes above is lost, and counted.
        package var queue = 8_192
        /// Bytes of a segment.
        package var segmentBytes = 16 << 20
        /// How long a segment is written, in whole seconds.
        package var segmentAge = Duration.seconds(86_400)
        /// Bytes of all segments; the oldest go.
        package var bytes = 64 * 16 << 20
        /// Number of all segments; the oldest go. Far above `bytes / segmentBytes`, since each
        /// command has one of its own: many short commands must not drive out what a mount wrote.
        package var files = 4_096
        /// The longest that `recordDurably` waits for the disk.
        package var deadline = Duration.seconds(2)

        /// The limits of a site that says nothing.
        package init() {}
    }

    private let queue: AuditQueue
    private let limits: Limits
    private let folder: String
    private let onLoss: @Sendable (Int) -> Void
    /// Signalled once, when the thread has written the last.
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the log's thread. Nothing is written, and no file made, before the first record.
    ///
    /// - Parameters:
    ///   - now: the clock that records take their times from.
    ///   - onLoss: told on any thread, at once, of so many records that were lost: for a metric.
    package convenience init(
        _ state: StateFolder, limits: Limits = Limits(),
        now: @escaping @Sendable () -> Timestamp = { .now },
        onLoss: @escaping @Sendable (Int) -> Void
    ) {
        self.init(state, limits: limits, now: now, onLoss: onLoss, beforeBatch: {})
    }

    /// - Parameter beforeBatch: runs on the log's thread before it takes a batch, where a test can
    ///   let it hang as a disk does.
    init(
        _ state: StateFolder, limits: Limits = Limits(),
        now: @escaping @Sendable () -> Timestamp = { .now },
        onLoss: @escaping @Sendable (Int) -> Void, beforeBatch: @escaping @Sendable () -> Void
    ) {
        let queue = AuditQueue(capacity: max(1, limits.queue), now: now)
        self.queue = queue
        self.limits = limits
        self.onLoss = onLoss
        folder = state.auditFolder
        let (folder, ended) = (folder, ended)
        Thread.start(name: "audit") {
            var writer = AuditWriter(folder: folder, limits: limits)
            while true {
                beforeBatch()
                let batch = queue.take(within: .milliseconds(100))
                if !Self.write(batch, with: &writer, now: now) {
                    // Whoever waited knows, and opens nothing.
                    let unwritten = batch.items.count { $0.receipt == nil }
                    queue.lose(unwritten + batch.lost)
                    if unwritten > 0 { onLoss(unwritten) }
                }
                if batch.isLast { break }
            }
            ended.signal()
        }
    }

    deinit { queue.close() }

    /// Puts an access into the log, without waiting for a disk.
    ///
    /// - Returns: whether it found room; else it is lost, and counted.
    @discardableResult
    package func record(_ access: DataAccess) -> Bool {
        if queue.put(access) { return true }
        onLoss(1)
        return false
    }

    /// Puts an access into the log, and returns when it is on the disk.
    ///
    /// Blocks for up to the deadline: keep it off event loops and the cooperative pool.
    ///
    /// - Throws: `.storageFailed` where it could not be written, or not within the deadline: then it
    ///   may still come to stand there, and what it is about must not happen.
    package func recordDurably(_ access: DataAccess) throws(PerigeeError) {
        let receipt = AuditReceipt()
        guard queue.put(access, receipt: receipt) else {
            throw unwritten("the audit log in \(Printable.quoted(folder)) was closed")
        }
        let milliseconds = Int(limits.deadline / .milliseconds(1))
        guard let answer = receipt.wait(within: .milliseconds(milliseconds)) else {
            queue.withdraw(receipt)
            throw unwritten(
                "the disk of the audit log in \(Printable.quoted(folder)) has not answered for"
                    + " \(milliseconds) ms")
        }
        try answer.get()
    }

    /// Writes what is in memory, for as long as `recordDurably` would wait; nothing is taken any
    /// more. A second call does nothing.
    package func stop() {
        queue.close()
        let milliseconds = Int(limits.deadline / .milliseconds(1))
        guard ended.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else { return }
        ended.signal()
    }

    private func unwritten(_ what: String) -> PerigeeError {
        PerigeeError(
            .storageFailed, what,
            remedy: "nothing is opened that has to be audited; see to the disk of the state folder")
    }
}

extension DataAuditLog {
    /// - Returns: whether it could be written.
    private static func write(
        _ batch: AuditQueue.Batch, with writer: inout AuditWriter, now: () -> Timestamp
    ) -> Bool {
        var records = batch.items.map(\.record)
        if batch.lost > 0 {
            records.append(TimedAuditRecord(time: now(), record: .lost(batch.lost)))
        }
        guard let first = records.first else { return true }
        var lines = AuditLineWriter()
        lines.reserve(lines: records.count)
        for record in records { lines.append(record) }
        let receipts = batch.items.compactMap(\.receipt)
        do throws(PerigeeError) {
            try writer.append(lines.bytes, at: first.time, isDurable: !receipts.isEmpty)
            for receipt in receipts { receipt.set(.success(())) }
            return true
        } catch {
            for receipt in receipts { receipt.set(.failure(error)) }
            return false
        }
    }
}
