internal import Dispatch
internal import Synchronization
internal import VolumeModel

/// Threads for calls on the cache's own disk: they stay off the cooperative pool.
///
/// Whoever waits for an outcome has a deadline of its own: a disk that never answers keeps these
/// threads, and nobody else.
final class DiskThreads: Sendable {
    private let limit: Int
    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    private struct State {
        /// What no thread has taken yet; the first `taken` are gone.
        var queue: [@Sendable () -> Void] = []
        var taken = 0
        var threads = 0
        var idle = 0

        var isEmpty: Bool { taken == queue.count }

        mutating func next() -> (@Sendable () -> Void)? {
            guard taken < queue.count else { return nil }
            let next = queue[taken]
            queue[taken] = {}
            taken += 1
            if taken == queue.count || taken > 1_024 {
                queue.removeFirst(taken)
                taken = 0
            }
            return next
        }
    }

    /// - Parameter limit: how many calls can be under way at once.
    init(limit: Int) { self.limit = max(1, limit) }

    /// Runs `body` when a thread comes free.
    func add(_ body: @escaping @Sendable () -> Void) {
        let startsThread = state.withLock { state in
            state.queue.append(body)
            guard state.idle < state.queue.count - state.taken, state.threads < limit else {
                return false
            }
            state.threads += 1
            return true
        }
        if startsThread { Thread.start(name: "cache-disk") { self.serve() } }
        work.signal()
    }

    /// A thread's life: until nothing has come for 30 s.
    private func serve() {
        while true {
            state.withLock { $0.idle += 1 }
            let outcome = work.wait(timeout: .now() + 30)
            let (body, isOver) = state.withLock { state -> ((@Sendable () -> Void)?, Bool) in
                state.idle -= 1
                // A call that came in this very instant counted on this thread.
                if outcome == .success || !state.isEmpty { return (state.next(), false) }
                state.threads -= 1
                return (nil, true)
            }
            if isOver { return }
            body?()
        }
    }
}
