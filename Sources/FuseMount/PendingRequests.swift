internal import FuseKernel
internal import Synchronization

/// The requests that wait for an origin: each is answered once, by its work, at its deadline, or
/// when its caller is interrupted, whichever comes first.
final class PendingRequests: Sendable {
    /// A request that is answered later.
    struct Waiting: Sendable {
        let reply: FuseReply
        let deadline: ContinuousClock.Instant
        /// Finished when nobody waits for the work any more.
        let withdrawal: AsyncStream<Never>.Continuation
    }

    private struct State: Sendable {
        var waiting: [UInt64: Waiting] = [:]
        /// Interrupts of requests that did not wait (yet): the notice can overtake its request.
        /// The newest last, few of them.
        var early: [UInt64] = []
        var isClosed = false
    }

    private static let keptInterrupts = 64
    private let state = Mutex(State())

    /// Registers a request.
    ///
    /// - Returns: false, with the request answered, where it was interrupted already or the mount
    ///   has ended.
    func begin(_ waiting: Waiting) -> Bool {
        let error = state.withLock { state -> UnfinishedRequest? in
            if state.isClosed { return .ended }
            if let index = state.early.firstIndex(of: waiting.reply.unique) {
                state.early.remove(at: index)
                return .interrupted
            }
            state.waiting[waiting.reply.unique] = waiting
            return nil
        }
        guard let error else { return true }
        waiting.reply.error(error.errno)
        return false
    }

    /// True for the one who is to answer the request; nobody else will then.
    func claim(_ unique: UInt64) -> Bool {
        state.withLock { $0.waiting.removeValue(forKey: unique) != nil }
    }

    /// The caller of a request was interrupted.
    func interrupt(_ unique: UInt64) {
        let found = state.withLock { state -> Waiting? in
            if let known = state.waiting.removeValue(forKey: unique) { return known }
            state.early.append(unique)
            if state.early.count > Self.keptInterrupts { state.early.removeFirst() }
            return nil
        }
        found?.reply.error(UnfinishedRequest.interrupted.errno)
        found?.withdrawal.finish()
    }

    /// Answers the requests whose deadline has passed; how many there were.
    func expire(_ now: ContinuousClock.Instant) -> Int {
        let late = state.withLock { state in
            let late = state.waiting.values.filter { $0.deadline <= now }
            for waiting in late { state.waiting[waiting.reply.unique] = nil }
            return late
        }
        for waiting in late {
            waiting.reply.error(UnfinishedRequest.timedOut.errno)
            waiting.withdrawal.finish()
        }
        return late.count
    }

    /// Ends every wait; no request is taken any more.
    func close() {
        let left = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for waiting in left {
            waiting.reply.error(UnfinishedRequest.ended.errno)
            waiting.withdrawal.finish()
        }
    }

    /// How many requests wait.
    var count: Int { state.withLock { $0.waiting.count } }
}
