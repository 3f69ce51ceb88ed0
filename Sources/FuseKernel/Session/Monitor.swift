internal import CKernel
internal import Glibc

/// State behind a lock, with waiting for a change of it under a deadline.
///
/// For threads of our own only: `wait` blocks, so nothing on the cooperative pool may call it.
/// `Synchronization.Mutex` has no condition to wait for, hence the POSIX pair.
// @unchecked Sendable: `state` is read and written with `mutex` held only, and the two pointers never
// change.
final class Monitor<State: Sendable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    init(_ state: State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        // Deadlines are of the monotonic clock: setting the wall clock moves none.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` with the lock held, then lets every waiter look at the state again.
    func update<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state)
    }

    /// A copy of the state.
    func read() -> State {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return state
    }

    /// Waits until `body` returns a value, and returns that.
    ///
    /// - Parameters:
    ///   - timeout: nil waits for ever.
    ///   - body: called with the lock held, at once and after each change; it may change the state.
    /// - Returns: nil if the time ran out.
    func wait<Result>(timeout: Duration?, for body: (inout State) -> Result?) -> Result? {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) {
                pthread_cond_broadcast(changed)
                return result
            }
            if let deadline {
                let left = (deadline - .now).components
                // A year at most, so that nothing overflows.
                let nanoseconds =
                    min(left.seconds, 31_536_000) * 1_000_000_000 + left.attoseconds / 1_000_000_000
                guard nanoseconds > 0 else { return nil }
                _ = perigee_fuse_wait(changed, mutex, nanoseconds)
            } else {
                pthread_cond_wait(changed, mutex)
            }
        }
    }
}
