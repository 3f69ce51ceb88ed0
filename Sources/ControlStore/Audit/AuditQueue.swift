internal import Dispatch
internal import Synchronization
internal import VolumeModel

/// What is on its way to the log's thread: bounded, so that a disk that does not keep up costs
/// records and not memory.
final class AuditQueue: Sendable {
    /// A record on its way.
    struct Item: Sendable {
        let record: TimedAuditRecord
        /// Not nil where somebody waits until it is on the disk.
        let receipt: AuditReceipt?
    }

    /// What the thread takes at once.
    struct Batch: Sendable {
        var items: [Item]
        /// Records that found no room, since the last batch.
        var lost: Int
        /// Whether nothing will come any more.
        var isLast: Bool
    }

    private struct State {
        var items: [Item] = []
        var lost = 0
        var isClosed = false
    }

    private let capacity: Int
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())
    /// Signalled when the queue ceases to be empty, and when it is closed.
    private let filled = DispatchSemaphore(value: 0)
    /// Signalled when the thread should not wait for more.
    private let hurry = DispatchSemaphore(value: 0)

    init(capacity: Int, now: @escaping @Sendable () -> Timestamp) {
        self.capacity = capacity
        self.now = now
        state.withLock { $0.items.reserveCapacity(capacity) }
    }

    /// Puts an access in, with the present instant; false where there is no room.
    ///
    /// - Parameter receipt: whoever holds one waits, so there are as many as threads: they find room
    ///   in any case.
    func put(_ access: DataAccess, receipt: AuditReceipt? = nil) -> Bool {
        let (isIn, count) = state.withLock { state in
            guard !state.isClosed, receipt != nil || state.items.count < capacity else {
                if receipt == nil { state.lost += 1 }
                return (false, 0)
            }
            // The clock is read with the lock held, so that the lines' order is that of time.
            state.items.append(
                Item(
                    record: TimedAuditRecord(time: now(), record: .access(access)),
                    receipt: receipt))
            return (true, state.items.count)
        }
        if count == 1 { filled.signal() }
        if receipt != nil || count == capacity / 2 { hurry.signal() }
        return isIn
    }

    /// Takes back what was put in with `receipt`, where it is still there.
    func withdraw(_ receipt: AuditReceipt) {
        state.withLock { state in state.items.removeAll { $0.receipt === receipt } }
    }

    /// Enters records that were taken and could not be written as lost.
    func lose(_ count: Int) {
        state.withLock { $0.lost += count }
    }

    /// Waits for something to write, then up to `interval` for more of it.
    func take(within interval: DispatchTimeInterval) -> Batch {
        filled.wait()
        _ = hurry.wait(timeout: .now() + interval)
        return state.withLock { state in
            defer {
                state.items = []
                state.items.reserveCapacity(capacity)
                state.lost = 0
            }
            return Batch(items: state.items, lost: state.lost, isLast: state.isClosed)
        }
    }

    /// Takes nothing any more.
    func close() {
        let wasOpen = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard wasOpen else { return }
        filled.signal()
        hurry.signal()
    }
}

/// The answer that one waits for who has to have his record on the disk.
final class AuditReceipt: Sendable {
    private let answer = Mutex<Result<Void, PerigeeError>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ result: Result<Void, PerigeeError>) {
        answer.withLock { $0 = result }
        isThere.signal()
    }

    /// The answer, or nil where it took longer.
    func wait(within limit: DispatchTimeInterval) -> Result<Void, PerigeeError>? {
        guard isThere.wait(timeout: .now() + limit) == .success else { return nil }
        return answer.withLock(\.self)
    }
}
